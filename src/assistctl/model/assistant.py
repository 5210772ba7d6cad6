"""One assistant: as a manifest declares it, and as a platform returned it.

Field names and shapes are those of the Assistants API
(https://platform.openai.com/docs/api-reference/assistants), on every platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistctl.diagnostics import Placed, Position
from assistctl.json_value import Json
from assistctl.model.kind import Kind
from assistctl.model.serving import Serving

if TYPE_CHECKING:
    from assistctl.model.checks import Check
    from assistctl.model.source_file import SourceFile
    from assistctl.secrets.template import Template


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The rules a manifest sets for its own assistant. ``None`` means the manifest does not say."""

    prevent_destroy: bool | None = None
    ignore_changes: tuple[str, ...] = ()


USE_FIELDS: Mapping[str, Kind] = {
    "environment": Kind.ENVIRONMENT,
    "memory_stores": Kind.MEMORY_STORE,
    "skills": Kind.SKILL,
}
"""The fields of an assistant that name things of other kinds by their keys."""


@dataclass(frozen=True, slots=True)
class Use:
    """Something that an assistant's ``environment``, ``memory_stores`` or ``skills`` names by its key.

    ``version`` is the one that it pins; ``settings`` are those of this use alone (``access``, ``instructions``).
    ``path`` is where it stands.
    """

    kind: Kind
    key: str
    path: str
    version: str | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desired(Placed):
    """One assistant as declared: variables filled, files read.

    ``fields`` holds only what the manifest declares (and ``name``, which defaults to the key), in the
    Assistants API's shapes; a declared ``null`` is kept. ``secret_paths`` are the paths (``instructions``,
    ``tools[0].function.description``) of the strings that contain an ``${env:}`` value, ``templates`` what those
    are made of. ``platform_fields`` is the manifest's ``platforms`` mapping. ``interpreter_files`` are those of
    ``files`` that are for the code interpreter; ``store`` is the key of the vector store it searches: its own key
    when ``files`` has any for file search, or that of a shared one. ``import_id`` is the id of an existing
    assistant to take over, and ``moved_from`` the key this one had before. ``positions`` maps a path to where it
    stands. ``file_places`` are the paths of the first of ``files`` for each tool that reads any, which are known
    before the files are read. ``checks`` are what it is asked once it is deployed; they are no part of it.
    ``uses`` are the things that it names in fields of their own, whatever the platform makes of that.
    """

    key: str
    fields: Mapping[str, Json]
    position: Position
    lifecycle: Lifecycle = Lifecycle()
    secret_paths: frozenset[str] = frozenset()
    platform_fields: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    import_id: str | None = None
    moved_from: str | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)
    interpreter_files: tuple[SourceFile, ...] = ()
    store: str | None = None
    templates: Mapping[str, Template] = field(default_factory=dict, repr=False)
    file_places: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    uses: tuple[Use, ...] = ()

    @property
    def name(self) -> str | None:
        """The display name, when it declares one."""
        return _name_in(self.fields)


@dataclass(frozen=True, slots=True)
class Observed:
    """One thing as the platform returned it; an assistant in the Assistants API's field names and shapes.

    Of other kinds that platforms keep (``model.resource``) the names and shapes are those of their documents.
    ``fields`` holds what the answer contained, and nothing it did not: a field that is absent was not answered,
    and null is the answer's own word for nothing. Defaults that the platform fills in stay as they are; which of
    them count as none is for ``FieldDefaults`` and ``Capabilities.defaults`` to say. ``metadata`` is all of its
    pairs, ours too. ``revision`` is the platform's version token, where it has one. What only the platform has is
    under ``platforms`` and its name, as in a manifest:
    ``{"platforms": {"openai-agents": {"service_tier": "auto"}}}``; its own tools stand among ``tools``, in its own
    shapes. ``serving`` says which versions answer, where the newest one need not be it. ``unread`` says why the
    contents of one that is made of files could not be read; without them ``metadata`` may not say whose it is.
    """

    id: str
    fields: Mapping[str, Json]
    metadata: Mapping[str, str]
    revision: str | None = None
    serving: Serving | None = None
    unread: str = ""

    @property
    def name(self) -> str | None:
        """The display name, when there is one."""
        return _name_in(self.fields)


def _name_in(fields: Mapping[str, Json]) -> str | None:
    name = fields.get("name")
    return name if isinstance(name, str) else None
