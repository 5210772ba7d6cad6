"""The capabilities of platforms: how much of a manifest each can express, as data.

A platform declares it; planning, migration and the manual read it, and know no platform by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.model.counterpart import Counterpart
from assistctl.model.kind import Kind
from assistctl.model.model_catalog import Vendor
from assistctl.model.serving import Serving
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS, ToolNames


class Level(StrEnum):
    """The degree to which a platform expresses a field."""

    NATIVE = "native"
    MAPPED = "mapped"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Support:
    """A platform's support of one field; ``note`` says how it is mapped, or the nearest way on."""

    level: Level = Level.NATIVE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a manifest's values that a platform does not express as it stands there.

    ``path`` is where in the manifest (``tools[0].function.description``), ``summary`` what is the matter, and
    ``note`` how it is mapped or, where it is unsupported, the nearest way on. ``lost``: it is mapped to nothing,
    while what is around it is expressed.
    """

    path: str
    summary: str
    note: str
    level: Level = Level.UNSUPPORTED
    lost: bool = False


NOTHING_BESIDE: Mapping[str, Support] = {
    "environment": Support(Level.UNSUPPORTED, "Leave it out: code runs in whatever the platform gives it."),
    "memory_stores": Support(Level.UNSUPPORTED, "Keep what is to be remembered in your application."),
    "skills": Support(Level.UNSUPPORTED, "Say in the instructions what the skill says, or give it as files."),
}
"""The rows of a platform that keeps nothing beside its assistants that those could use."""

Fields: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class FieldDefaults:
    """A platform's reading of a manifest: its defaults for silent fields, and the names of tools.

    ``values`` are those of a manifest's fields that were never set, or set to null; a field that is not among them
    has none. ``rankers`` are the names that stand for the platform's own choice of a ranker in a file search, and
    ``max_num_results`` is how many results such a search gives. The Assistants API's, unless it is said otherwise
    (CreateAssistantRequest and FileSearchRankingOptions in OpenAI's API description). ``tool_names`` are what
    paths in plans and ``ignore_changes`` call its tools, and what a baseline knows them by.
    """

    values: Mapping[str, Json] = field(
        default_factory=lambda: {
            "temperature": 1,
            "top_p": 1,
            "response_format": "auto",
            "reasoning_effort": "medium",
        }
    )
    rankers: tuple[str, ...] = ("auto", "default_2024_08_21")
    max_num_results: int = 20
    tool_names: ToolNames = ASSISTANTS_API_TOOLS

    def shared_with(self, other: FieldDefaults) -> FieldDefaults:
        """These, but for the values that ``other`` does not have as well."""
        return replace(
            self, values={name: value for name, value in self.values.items() if other.values.get(name) == value}
        )


ASSISTANTS_API = FieldDefaults()
"""The Assistants API's own defaults."""

EMPTY_TEXTS = replace(ASSISTANTS_API, values={**ASSISTANTS_API.values, "description": "", "instructions": ""})
"""Those of a platform that may answer an empty text where there is none."""


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """The entry for an assistant or another thing in a platform's lists: the fields of its id and version.

    Where ``revision`` is empty no version is pinned. ``fixed`` are the other fields, the same for each.
    """

    id: str = "id"
    revision: str = ""
    fixed: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetadataLimits:
    """The metadata that a platform keeps with an assistant, ours included; ``None`` means no limit.

    ``reserved`` are pairs among them that the platform's own module takes, beside those of every project. The
    Assistants API's, unless it is said otherwise (Metadata in OpenAI's API description). ``file_pairs`` are those
    that say which files an assistant has: where it is one, because the module takes the other, the paths of the
    files have what is left of it.
    """

    pairs: int | None = 16
    key_characters: int | None = 64
    value_characters: int | None = 512
    reserved: int = 0
    file_pairs: int = 2

    @property
    def open_pairs(self) -> int | None:
        """The number of pairs, without the reserved ones."""
        return None if self.pairs is None else self.pairs - self.reserved


@dataclass(frozen=True, slots=True)
class FolderLimits:
    """The limits of a thing that is made of files; ``None`` means no limit.

    ``size`` is in bytes, ``file_size`` that of one of the files. ``reserved`` are the paths of files that the
    platform's own module adds.
    """

    size: int | None = None
    files: int | None = None
    file_size: int | None = None
    reserved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities of a platform.

    ``fields`` is the support of each manifest field (``temperature``) or tool (``tools.file_search``), or of one
    kind of an object's values by their type (``response_format.json_object``); one that is not listed is
    unsupported. ``platform_fields`` are the names allowed under ``platforms.<name>``; ``tools`` among them are
    appended to the manifest's. ``write_only`` fields may be missing from answers, so a missing one cannot be
    compared; so are the names ``write_only_in_tools``, in the platform's own tools. A part of a field that is
    never answered (``network.blocked_domains``) is a field of that name in what ``to_platform`` gives.
    ``computed`` fields are answered with what the platform chose where null was sent.
    ``replaced_together`` are fields that an update replaces as one, the platform's own as ``platforms.<name>``:
    all are sent when one is. ``archives``: a delete only archives. ``field_defaults`` are what it uses for fields
    of a manifest that are left out, and the names of its tools; ``defaults`` are those of its own fields, as it
    answers them but for what is null: a manifest need not say them. ``vendor`` is whose models it takes, where
    those are one vendor's alone. ``address_variable`` is the environment variable with its address where a target
    names none, and ``credential_variables`` are those that hold what lets one in. ``extra`` is the extra of this
    package that has its SDK. ``embedded``: it is the platform inside this package, which refuses the parameters
    that a model is known to refuse, and runs no model that could be shut down. ``converses`` is whether its
    assistants can be talked to, which ``ask`` and ``check`` do. ``tells_account`` says where the id of the account
    comes from that it answers as: its ``answers``, or its ``address``; empty where it cannot say. Where it
    ``lists_every_model``, one that it does not list is told of.
    ``roster_entry`` is how it lists assistants that another one may use; ``None`` where those are ids alone.
    ``metadata_limits`` is how much metadata it keeps.
    ``code_tools`` are the types of its own tools that a code interpreter becomes: they read the files that are for
    it, and one that is declared takes its place, for an assistant has one of each.
    ``serving_after`` tells how an assistant is served (``Observed.serving``) once it is sent fields that are the
    platform's own, where that changes it; ``serving_fields`` are those that decide it.

    ``counterpart`` gives what it has in the place of a tool of another platform, from that tool and all of its
    assistant's ``tool_resources``; ``None`` where it does not know the tool. In a connected agent's ``id`` stands
    ``{"assistant": KEY}`` where that one is moved along.
    ``resource_entries`` is the same for things of other kinds that an assistant, or one of them, may use.
    ``resources`` are the kinds of things that it keeps beside its assistants, each with a table like this one, of
    which ``fields``, ``platform_fields``, ``write_only``, ``archives``, ``computed``, ``replaced_together``,
    ``defaults``, ``field_defaults``, ``resource_entries``, ``findings`` and ``to_platform`` count. ``loses`` says
    of them what goes for good when one is deleted. ``folder_limits`` is how much it takes of what is made of
    files, ``names_nothing`` whether none of them can name anything else by its id, and ``keeps_contents`` whether
    it goes back to files that such a thing had before, by their digest.
    ``uses_in`` are the platform's own fields in which it has an assistant's ``environment``, ``memory_stores`` and
    ``skills``; what is not among them is for its conversations.

    ``findings`` tells from a manifest's fields, and its fields for this platform, which values are not
    expressed. ``to_platform`` gives the fields as the platform has them, without what it told of: what is left
    is compared with what it answers. Both are pure. Without ``findings`` all values are expressed, without
    ``to_platform`` as they are.
    """

    fields: Mapping[str, Support]
    platform_fields: frozenset[str] = frozenset()
    write_only: frozenset[str] = frozenset()
    write_only_in_tools: frozenset[str] = frozenset()
    archives: bool = False
    computed: frozenset[str] = frozenset()
    replaced_together: tuple[tuple[str, ...], ...] = ()
    defaults: Mapping[str, Json] = field(default_factory=dict)
    field_defaults: FieldDefaults = ASSISTANTS_API
    vendor: Vendor | None = None
    address_variable: str = ""
    extra: str = ""
    credential_variables: tuple[str, ...] = ()
    embedded: bool = False
    converses: Support = Support(Level.UNSUPPORTED)
    roster_entry: RosterEntry | None = None
    metadata_limits: MetadataLimits = MetadataLimits()
    code_tools: frozenset[str] = frozenset()
    resource_entries: Mapping[Kind, RosterEntry] = field(default_factory=dict)
    resources: Mapping[Kind, Capabilities] = field(default_factory=dict)
    uses_in: Mapping[Kind, str] = field(default_factory=dict)
    loses: str = ""
    folder_limits: FolderLimits = FolderLimits()
    keeps_contents: bool = False
    names_nothing: bool = False
    tells_account: str = ""
    lists_every_model: bool = True
    serving_fields: frozenset[str] = frozenset()
    serving_after: Callable[[Serving, Fields], Serving] | None = None
    counterpart: Callable[[Fields, Fields], Counterpart | None] | None = None
    findings: Callable[[Fields, Fields], Iterable[Finding]] | None = None
    to_platform: Callable[[Fields], Fields] | None = None

    @property
    def entries(self) -> Mapping[Kind, RosterEntry]:
        """The entries of each kind in the platform's lists, for kinds that are more than ids there."""
        if self.roster_entry is None:
            return self.resource_entries
        return {Kind.ASSISTANT: self.roster_entry, **self.resource_entries}
