"""Uploads and their holders that nothing refers to, and which of them are surely this project's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.model.assistant import Observed
from assistctl.model.change import QualifiedKey
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedEnvironment, ObservedStore, StoreFile, UploadedFile
from assistctl.ownership.file_marks import HeldFile, held_in_store
from assistctl.ownership.mark import BASELINE, read_baseline, read_mark
from assistctl.planning.named_ids import ids_named
from assistctl.planning.vector_stores.inventory import ranked_twins
from assistctl.secrets.redaction import SECRET


@dataclass(frozen=True, slots=True)
class Garbage:
    """One thing that nothing refers to. ``size`` is in bytes, ``None`` for what is no upload.

    ``proven``: it is this project's. What is not only looks as if it were.
    """

    kind: Kind
    id: str
    name: str
    size: int | None
    proven: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Everything:
    """All there is on the platform, whoever owns it; ``contents`` has the files of every vector store."""

    assistants: Sequence[Observed]
    stores: Sequence[ObservedStore]
    contents: Mapping[str, Sequence[StoreFile]]
    uploads: Sequence[UploadedFile]
    environments: Sequence[ObservedEnvironment] = ()
    resources: Mapping[Kind, Sequence[Observed]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ours:
    """The facts by which this project's things are known.

    ``declared`` are the keys of the vector stores with documents of their own. ``recorded`` maps the ids of
    uploads that this machine wrote down to their names and sizes, where it knew those; ``claimed`` are the ids
    that the record has without a proof of that. ``look`` are the names and sizes of files that are declared, or
    whose upload began. ``named`` are the ids that manifests name, ``kept`` the environments, memory stores and
    skills that they declare.
    """

    project: str
    target: str
    declared: frozenset[str]
    recorded: Mapping[str, tuple[str, int] | None]
    look: frozenset[tuple[str, int]]
    claimed: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    kept: frozenset[QualifiedKey] = frozenset()

    def has_recorded(self, file: UploadedFile) -> bool:
        """Whether this machine wrote down that it uploaded just this."""
        return file.id in self.recorded and self.recorded[file.id] in {None, (file.name, file.size)}

    def has_claimed(self, file: UploadedFile) -> bool:
        """Whether the record says that it is this project's, and nothing proves it."""
        return file.id in self.claimed or file.id in self.recorded


def garbage(everything: Everything, ours: Ours) -> list[Garbage]:
    """The things that nothing refers to, uploads last."""
    things_beside = [thing for things in everything.resources.values() for thing in things]
    used = ours.named.union(
        *(
            ids_named(thing.fields, thing.metadata) - {thing.id}
            for thing in (*everything.assistants, *things_beside)
        )
    )
    kept = used | _counting(everything.stores, used, ours)
    unread = [store for store in everything.stores if store.id not in kept and _is_marked(store.metadata, ours)]
    dropped = {store.id for store in unread}
    idle = [
        environment
        for environment in everything.environments
        if not environment.in_use and environment.id not in used and _is_marked(environment.metadata, ours)
    ]
    read = set(used)
    read |= {
        file.id for store in everything.stores if store.id not in dropped for file in everything.contents[store.id]
    }
    leaving = {environment.id for environment in idle}
    read |= {
        file_id
        for environment in everything.environments
        if environment.id not in leaving
        for file_id in environment.file_ids
    }
    named = {held.file_id for store in unread for held in _held(everything.contents[store.id])}
    named |= {file_id for environment in idle if environment.uploaded for file_id in environment.file_ids}
    left = _left(everything.resources, used, ours)
    return [*_stores(unread), *_environments(idle), *left, *_uploads(everything.uploads, read, named, ours)]


def _counting(stores: Iterable[ObservedStore], used: Collection[str], ours: Ours) -> set[str]:
    """Of the vector stores with documents of their own those that count; a twin of one does not."""
    declared: dict[str, list[ObservedStore]] = {}
    for store in stores:
        mark = read_mark(store.metadata)
        if mark is None or store.expired or mark.key not in ours.declared:
            continue
        if mark.owned_by(ours.project, ours.target):
            declared.setdefault(mark.key, []).append(store)
    return {ranked_twins(duplicates, used)[0].id for duplicates in declared.values()}


def _is_marked(metadata: Mapping[str, str], ours: Ours) -> bool:
    mark = read_mark(metadata)
    return mark is not None and mark.owned_by(ours.project, ours.target)


def _stores(unread: Iterable[ObservedStore]) -> Iterable[Garbage]:
    for store in unread:
        name, reason = store.fields.get("name"), "no assistant searches it"
        shown = name if isinstance(name, str) else ""
        if read_baseline(store.metadata.get(BASELINE)).is_secret(("name",)):
            # What it was given may be a value that no manifest names any more, which nothing else would mask.
            shown = SECRET
        yield Garbage(Kind.VECTOR_STORE, store.id, shown, None, proven=True, reason=reason)


def _environments(idle: Iterable[ObservedEnvironment]) -> Iterable[Garbage]:
    for environment in idle:
        reason = "no assistant refers to it"
        yield Garbage(Kind.ENVIRONMENT, environment.id, environment.name, None, proven=True, reason=reason)


def _left(resources: Mapping[Kind, Sequence[Observed]], used: Collection[str], ours: Ours) -> Iterator[Garbage]:
    """Our things beside assistants that are not declared, not named by anything and not protected."""
    for kind, things in resources.items():
        for thing in things:
            mark = read_mark(thing.metadata)
            if mark is None or not _is_marked(thing.metadata, ours) or mark.prevent_destroy or thing.id in used:
                continue
            if QualifiedKey(kind, mark.key) not in ours.kept:
                is_secret = read_baseline(thing.metadata.get(BASELINE)).is_secret(("name",))
                name, reason = SECRET if is_secret else thing.name or mark.key, "no manifest declares it"
                yield Garbage(kind, thing.id, name, None, proven=True, reason=reason)


def _uploads(
    uploads: Iterable[UploadedFile], read: Collection[object], named: Collection[str], ours: Ours
) -> Iterable[Garbage]:
    for file in uploads:
        if file.id in read:
            continue
        proven = file.id in named or ours.has_recorded(file)
        if proven:
            reason = "this project uploaded it, and nothing reads it"
        elif ours.has_claimed(file):
            reason = "nothing reads it, and a record that nobody vouches for says that this project uploaded it"
        elif (file.name, file.size) in ours.look:
            reason = "nothing reads it, and it has the name and size of a file of this project"
        else:
            continue
        yield Garbage(Kind.FILE, file.id, file.name, file.size, proven=proven, reason=reason)


def _held(files: Iterable[StoreFile]) -> Iterable[HeldFile]:
    return (held for file in files if (held := held_in_store(file)) is not None)
