"""The things on a platform, sorted by their relation to this project, with their marks read once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeAlias, TypeVar

from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import FieldDefaults
from assistctl.model.knowledge import DesiredStore, ObservedStore, StoreFile
from assistctl.model.plan import PlanOptions
from assistctl.model.source_file import Identity
from assistctl.ownership.canonical import Path, canonical_units, sha256
from assistctl.ownership.file_marks import HeldFile, file_token, held_in_store
from assistctl.ownership.mark import BASELINE, Baseline, Mark, is_marked, read_baseline, read_mark, users_pairs
from assistctl.ownership.placeholders import replaced_ids

Listed: TypeAlias = Observed | ObservedStore
"""A thing of any kind as the platform listed it."""

ListedT = TypeVar("ListedT", bound=Listed)


@dataclass(frozen=True, slots=True)
class ObservedKnowledge:
    """The known vector stores of the platform; ``files`` has the contents of those that were looked into.

    ``recorded`` are the uploads this checkout wrote down and does not know to be in use. ``gone`` are the ids of
    uploads that something of ours refers to and that are not there. ``unread`` are uploads of ours that an apply
    under way has replaced and not deleted yet. ``elsewhere`` maps uploads that the plan would delete to
    sentences on a vector store that holds them and that it leaves alone.
    """

    stores: Sequence[ObservedStore] = ()
    files: Mapping[str, Sequence[StoreFile]] = field(default_factory=dict)
    recorded: Mapping[Identity, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    unread: Sequence[HeldFile] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def held(self) -> frozenset[str]:
        """The ids of the uploads of ours in the vector stores that were looked into."""
        files = (file for contents in self.files.values() for file in contents)
        return frozenset(file.id for file in files if held_in_store(file) is not None)

    def recorded_tokens(self) -> dict[str, str]:
        """The recorded uploads by their tokens."""
        return {file_token(identity): file_id for identity, file_id in self.recorded.items()}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All there is to plan about files: the declared vector stores, and what is known of the platform's."""

    desired: Sequence[DesiredStore] = ()
    observed: ObservedKnowledge = field(default_factory=ObservedKnowledge)

    def without(self, gone: Collection[str]) -> Knowledge:
        """The same, with more uploads that are known to be gone."""
        return replace(self, observed=replace(self.observed, gone=self.observed.gone.union(gone)))


@dataclass(frozen=True, slots=True)
class Inventory(Generic[ListedT]):
    """The things of a kind that the project owns on the target by key, and those nobody owns by name and by id.

    ``others`` has everything that is owned, whoever owns it, by id; ``marks`` are the marks that can be read, by
    the id of what carries them.
    """

    owned: Mapping[str, Sequence[ListedT]]
    free: Mapping[str, Sequence[ListedT]] = field(default_factory=dict)
    free_by_id: Mapping[str, ListedT] = field(default_factory=dict)
    others: Mapping[str, ListedT] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Owned:
    """A thing that the project owns, or takes over, with all that is written on it taken in.

    ``observed`` is how it was listed. ``fields`` are its fields with tokens in place of those ids that ``tokens``
    has, and ``units`` the canonical ones of these and of the pairs that are not ours. ``held`` are the uploads of
    ours that it reads itself, ``lost`` those among them that are gone.
    """

    observed: Observed
    mark: Mark | None
    baseline: Baseline
    fields: Mapping[str, Json]
    units: Mapping[Path, Json]
    is_marked: bool
    tokens: Mapping[str, str] = field(default_factory=dict)
    held: tuple[HeldFile, ...] = ()
    lost: tuple[HeldFile, ...] = ()

    @property
    def id(self) -> str:
        """The id that the platform gave it."""
        return self.observed.id


def classify(observed: Iterable[ListedT], project: str, target: str) -> Inventory[ListedT]:
    """The things of a kind as one project's target sees them, whatever the order they were listed in."""
    owned: dict[str, list[ListedT]] = {}
    named: dict[str, list[ListedT]] = {}
    free: dict[str, ListedT] = {}
    others: dict[str, ListedT] = {}
    marks: dict[str, Mark] = {}
    for thing in sorted(observed, key=lambda thing: thing.id):
        mark = read_mark(thing.metadata)
        if mark:
            marks[thing.id] = mark
        if mark and mark.owned_by(project, target):
            owned.setdefault(mark.key, []).append(thing)
        if is_marked(thing.metadata):
            others[thing.id] = thing
            continue
        free[thing.id] = thing
        name = thing.fields.get("name")
        if name and isinstance(name, str):
            named.setdefault(name, []).append(thing)
    return Inventory(owned, named, free, others, marks)


def interpret(
    observed: Observed,
    mark: Mark | None,
    defaults: FieldDefaults,
    tokens: Mapping[str, str] | None = None,
    fields: Mapping[str, Json] | None = None,
) -> Owned:
    """A thing with what is written on it, and with ``tokens`` in place of ids.

    ``fields`` are its fields where they have other tokens already.
    """
    tokens = tokens or {}
    fields = observed.fields if fields is None else fields
    fields = replaced_ids(fields, lambda text: tokens.get(text, text)) if tokens else fields
    units = canonical_units(fields, users_pairs(observed.metadata), defaults)
    baseline = read_baseline(observed.metadata.get(BASELINE))
    return Owned(observed, mark, baseline, fields, units, is_marked(observed.metadata), tokens)


def fingerprint(plan_options: PlanOptions, seen: Mapping[str, str]) -> str:
    """``sha256:`` and a digest of everything that was observed for a plan."""
    scope = [plan_options.project, plan_options.target.name, plan_options.target.platform, plan_options.address]
    return f"sha256:{sha256([*scope, dict(seen)])}"


def read_owned(
    read: Callable[[ListedT, Mark | None], Owned], inventory: Inventory[ListedT]
) -> dict[str, list[Owned]]:
    """The owned things of a kind, each with what ``read`` finds written on it."""
    return {
        key: [read(listed, inventory.marks.get(listed.id)) for listed in same_key]
        for key, same_key in inventory.owned.items()
    }
