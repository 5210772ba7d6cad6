"""One vector store: the files it is to hold against those it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.model.counting import counted
from assistctl.model.file_operations import PlannedAttachment, StoreOperations
from assistctl.model.knowledge import DesiredStore, StoreEntry, StoreFile
from assistctl.ownership.file_marks import (
    HeldFile,
    attributes_of,
    held_in_store,
    same_attributes,
    same_chunking,
    sync_marker,
    tokens_of,
)
from assistctl.planning.vector_stores.file_changes import FileChange

_BEING_INDEXED = "in_progress"
_HEALTHY = ("completed", _BEING_INDEXED)


@dataclass(slots=True)
class StoreContents:
    """The steps that make a vector store hold what is declared.

    ``held`` maps the tokens of what is in place to the uploads. ``removed`` are uploads of ours that go without a
    successor, ``spare`` ones second copies of what is in place, ``lost`` ones that are deleted and named all the
    same; ``foreign`` counts the files that others put there, which stay.
    """

    held: dict[str, str] = field(default_factory=dict)
    changes: list[FileChange] = field(default_factory=list)
    removed: list[HeldFile] = field(default_factory=list)
    spare: list[HeldFile] = field(default_factory=list)
    lost: list[HeldFile] = field(default_factory=list)
    foreign: int = 0
    work: StoreOperations = field(default_factory=StoreOperations)

    def reasons(self) -> Iterable[str]:
        """The reasons for the steps, in words."""
        work = self.work
        replaced = sum(1 for attached in work.attach if attached.replaces)
        again = sum(1 for attached in work.attach if attached.renew)
        new = len(work.attach) - replaced - again
        for count, what in (
            (new, "to add"),
            (replaced, "to replace"),
            (again, "to index again"),
            (len(work.retag), "to relabel"),
            (len(work.detach), "to remove"),
            (len(work.pending), "being indexed"),
        ):
            if count:
                yield f"{counted(count, 'file')} {what}"


def compared(store: DesiredStore, named: Sequence[StoreFile], gone: Collection[str] = ()) -> StoreContents:
    """The contents of a vector store against its declaration; ``gone`` are uploads that it may only name."""
    contents = StoreContents()
    present = [file for file in named if file.id not in gone]
    contents.lost = [held for file in named if file.id in gone and (held := held_in_store(file)) is not None]
    ours, contents.spare = _ours(present)
    contents.foreign = len(present) - len(ours) - len(contents.spare)
    wanted = tokens_of(store)
    stale = {token: upload for token, upload in ours.items() if token not in wanted}
    successors = _by_path(held for held, _ in stale.values())
    attach, pending, retag = [], {}, {}
    for token, entry in wanted.items():
        if token not in ours:
            replaced = tuple(successors.pop(entry.source.path, ()))
            reason = "changed" if replaced else "new"
            contents.changes.append(FileChange(entry.source, token, reason, not replaced, replaced))
            attach.append(_attachment(store, entry, token, [held.file_id for held in replaced]))
            continue
        held, file = ours[token]
        contents.held[token] = held.file_id
        renewed = _why_renewed(file, store.chunking)
        if renewed:
            contents.changes.append(FileChange(entry.source, token, renewed))
            attach.append(_attachment(store, entry, token, renew=True))
            continue
        if file.status == _BEING_INDEXED:
            pending[held.file_id] = entry.source.path
        if not same_attributes(file.attributes, attributes_of(entry)):
            moved = held.path != entry.source.path
            reason = f"moved from {held.path}" if moved else "its attributes changed"
            contents.changes.append(FileChange(entry.source, token, reason))
            retag[held.file_id] = attributes_of(entry)
    contents.removed = [held for group in successors.values() for held in group]
    detach = tuple(held.file_id for held in (*contents.removed, *contents.spare, *contents.lost))
    contents.work = StoreOperations(tuple(attach), pending, retag, detach, sync_marker(store, contents.foreign))
    return contents


def everything(store: DesiredStore) -> StoreContents:
    """The contents of a vector store yet to be created."""
    return compared(store, ())


def _ours(files: Sequence[StoreFile]) -> tuple[dict[str, tuple[HeldFile, StoreFile]], list[HeldFile]]:
    """The files that we put there, the best of each; and its copies."""
    ours: dict[str, tuple[HeldFile, StoreFile]] = {}
    spare = []
    for file in sorted(files, key=lambda file: (_rank(file), file.id)):
        held = held_in_store(file)
        if held is None:
            continue
        if held.token in ours:
            spare.append(held)
        else:
            ours[held.token] = held, file
    return ours, spare


def _rank(file: StoreFile) -> int:
    return _HEALTHY.index(file.status) if file.status in _HEALTHY else len(_HEALTHY)


def _by_path(uploads: Iterable[HeldFile]) -> dict[str, list[HeldFile]]:
    found: dict[str, list[HeldFile]] = {}
    for held in uploads:
        found.setdefault(held.path, []).append(held)
    return found


def _why_renewed(file: StoreFile, chunking: Mapping[str, Json] | None) -> str:
    """The reason why a file in the store must be put there again; empty when it need not."""
    if file.status not in _HEALTHY:
        return "was not indexed"
    return "" if same_chunking(file.chunking, chunking) else "its chunking changed"


def _attachment(
    store: DesiredStore, entry: StoreEntry, token: str, replaces: Iterable[str] = (), *, renew: bool = False
) -> PlannedAttachment:
    path = entry.source.path
    return PlannedAttachment(token, path, attributes_of(entry), store.chunking, tuple(replaces), renew)
