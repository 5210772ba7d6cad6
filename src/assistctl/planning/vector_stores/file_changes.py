"""The changes file by file, put together from everything that reads the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from assistctl.diagnostics import Diagnostic
from assistctl.model.change import Action, Change
from assistctl.model.file_operations import Discard, FileOperations, FileTotals, FileUse, StoreOperations
from assistctl.model.kind import Kind
from assistctl.model.plan import seen_as
from assistctl.model.source_file import SourceFile
from assistctl.ownership.canonical import digest
from assistctl.ownership.file_marks import HeldFile, held_in_store
from assistctl.planning import safety_rules as safety
from assistctl.planning.identity.inventory import ObservedKnowledge, Owned

Holder = tuple[str, str]

REMOVED_OUTSIDE = "removed outside"
"""The reason to attach a file again that somebody else took out; its upload may still exist."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that a holder does not have like this: why, and the uploads it replaces."""

    source: SourceFile
    token: str
    reason: str
    is_new: bool = False
    replaces: tuple[HeldFile, ...] = ()


@dataclass(frozen=True, slots=True)
class HolderFiles:
    """The files of one holder (kind and key of what reads them).

    ``wanted`` is what it is to read, by tokens; ``stays`` are the uploads that it goes on reading. ``ends`` are
    those it has no longer, each with the reason, and ``spare`` second copies, which nobody is told about.
    """

    holder: Holder = ("", "")
    wanted: Mapping[str, SourceFile] = field(default_factory=dict)
    stays: frozenset[str] = frozenset()
    changes: tuple[FileChange, ...] = ()
    ends: tuple[tuple[HeldFile, str], ...] = ()
    spare: tuple[HeldFile, ...] = ()


@dataclass(slots=True)
class _OneFile:
    """The change of the file at one path, whoever reads it."""

    source: SourceFile | None = None
    token: str | None = None
    reasons: list[str] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)
    discards: list[str] = field(default_factory=list)

    def add(self, holder: Holder, reason: str, discards: Iterable[HeldFile]) -> None:
        """Note what one holder has to do with it."""
        self.reasons.append(reason)
        self.holders.append(holder)
        self.discards += [held.file_id for held in discards]

    def action(self, *, upload: bool) -> Action:
        """An upload that is there already is put to use, and not created."""
        if self.token is None:
            return Action.DELETE
        return Action.CREATE if upload and set(self.reasons) == {"new"} else Action.UPDATE

    def reason(self, *, upload: bool) -> str:
        """All reasons in words."""
        reasons = ["added" if reason == "new" and not upload else reason for reason in self.reasons]
        text = "; ".join(dict.fromkeys(reasons))
        return text if upload or self.token is None else f"{text}; already uploaded"


@dataclass(frozen=True)
class FileChanges:
    """The changes of files, from what each holder has to do with them.

    ``in_place`` maps tokens to uploads that are there and of use, ``recorded`` tokens to those that this checkout
    wrote down. ``named`` gives the ids that assistants name, of uploads too, each with one that names it, and
    ``elsewhere`` has the vector stores, in words, that hold uploads and stay: nobody deletes what others read.
    """

    holders: Sequence[HolderFiles]
    in_place: Mapping[str, str]
    recorded: Mapping[str, str]
    named: Callable[[], Mapping[str, str]]
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def uploads(self) -> dict[str, SourceFile]:
        """All that is to be read, by tokens."""
        found: dict[str, SourceFile] = {}
        for files in self.holders:
            for token, source in files.wanted.items():
                found.setdefault(token, source)
        return found

    @cached_property
    def kept(self) -> frozenset[str]:
        """The uploads that are read where they are, and go on being read there."""
        return frozenset(file_id for files in self.holders for file_id in files.stays)

    @cached_property
    def needed(self) -> dict[str, SourceFile]:
        """The files to be uploaded."""
        return {token: source for token, source in self.uploads.items() if token not in self.in_place}

    @cached_property
    def discards(self) -> tuple[Discard, ...]:
        """The uploads that nothing reads any more once the plan is carried out."""
        return tuple(unread for unread in self._unread if unread.file_id not in self.read_by_others)

    @cached_property
    def read_by_others(self) -> dict[str, str]:
        """The uploads that nothing of ours reads any more and somebody else does, each with who, in words."""
        ids = [unread.file_id for unread in self._unread]
        named = self.named() if ids else {}
        held = {file_id: self.elsewhere[file_id] for file_id in ids if file_id in self.elsewhere}
        return held | {file_id: f"{named[file_id]} names it by its id" for file_id in ids if file_id in named}

    def diagnostics(self) -> Iterator[Diagnostic]:
        """A warning about each upload that stays for others."""
        for unread in self._unread:
            if why := self.read_by_others.get(unread.file_id):
                yield safety.still_read(unread, why)

    def seen(self) -> dict[str, str]:
        """A digest of who reads each upload that stays for others, by what a plan calls that."""
        return {
            seen_as(Kind.FILE, unread.path, unread.file_id): digest(why)
            for unread in self._unread
            if (why := self.read_by_others.get(unread.file_id))
        }

    def planned(self) -> list[Change]:
        """A change for each path, in their order; for an upload whose path nobody knows, for its id.

        What one thing reads no longer and another still does is no change of the file.
        """
        going = {upload.file_id for upload in self.discards}
        return [
            self._change(path, file, going)
            for path, file in sorted(self._by_path().items())
            if file.token is not None or not going.isdisjoint(file.discards)
        ]

    def operations(self, stores: Mapping[str, str], inside: Mapping[str, StoreOperations]) -> FileOperations:
        """The operations: ``stores`` has the ids of vector stores by token, ``inside`` the work in each by key."""
        in_place = {token: file_id for token, file_id in self.in_place.items() if token not in self.needed}
        return FileOperations(
            uploads=self.needed,
            known={**in_place, **stores},
            recorded={token: self.recorded[token] for token in self.needed if token in self.recorded},
            stores=inside,
            discards=self.discards,
            left=frozenset(self.read_by_others),
            held=frozenset(self.read_by_others.keys() & self.elsewhere.keys()),
        )

    @cached_property
    def _unread(self) -> tuple[Discard, ...]:
        """The uploads that nothing of ours reads once the plan is carried out, whoever else does."""
        used = {file_id for token, file_id in self.in_place.items() if token in self.uploads} | self.kept
        return tuple(
            Discard(file_id, held.path, frozenset(holders))
            for file_id, (held, holders) in sorted(self._leaving().items())
            if file_id not in used
        )

    def _leaving(self) -> dict[str, tuple[HeldFile, set[Holder]]]:
        found: dict[str, tuple[HeldFile, set[Holder]]] = {}
        for files in self.holders:
            for held in _leaving(files):
                found.setdefault(held.file_id, (held, set()))[1].add(files.holder)
        return found

    def _by_path(self) -> dict[str, _OneFile]:
        found: dict[str, _OneFile] = {}
        for files in self.holders:
            for change in files.changes:
                file = found.setdefault(change.source.path, _OneFile())
                file.source, file.token = change.source, change.token
                file.add(files.holder, change.reason, change.replaces)
            for held, reason in files.ends:
                found.setdefault(held.path or held.file_id, _OneFile()).add(files.holder, reason, [held])
        return found

    def _change(self, path: str, file: _OneFile, going: set[str]) -> Change:
        upload = file.token is not None and file.token in self.needed
        use = FileUse(
            file.source.size if file.source else None,
            tuple(dict.fromkeys(file.holders)),
            file.token,
            upload,
            tuple(file_id for file_id in dict.fromkeys(file.discards) if file_id in going),
            None if file.token is None else self.in_place.get(file.token),
        )
        old = file.discards[0] if file.discards else use.upload_id
        action, reason = file.action(upload=upload), file.reason(upload=upload)
        return Change(Kind.FILE, path, old, action, reason, file=use)


def file_changes(
    holders: Sequence[HolderFiles],
    owned: Iterable[Owned],
    observed: ObservedKnowledge,
    named: Callable[[], Mapping[str, str]],
) -> FileChanges:
    """The changes file by file, with the existing uploads of ours, wherever they are read."""
    in_store = (held_in_store(file) for files in observed.files.values() for file in files)
    present = [upload for upload in in_store if upload is not None and upload.file_id not in observed.gone]
    in_place: dict[str, str] = {}
    for held in (*chain.from_iterable(holder.held for holder in owned), *present, *observed.unread):
        in_place[held.token] = min(held.file_id, in_place.get(held.token, held.file_id))
    return FileChanges(holders, in_place, observed.recorded_tokens(), named, observed.elsewhere)


def totals(changes: Iterable[Change]) -> FileTotals:
    """The totals of the changes of files."""
    files = [change for change in changes if change.kind is Kind.FILE and change.file]
    # The same file at two paths is one upload.
    sent = {change.file.token: change.file.size or 0 for change in files if change.file and change.file.upload}
    removed = sum(change.action is Action.DELETE for change in files)
    return FileTotals(len(sent), removed, sum(sent.values()))


def _leaving(files: HolderFiles) -> Iterator[HeldFile]:
    for change in files.changes:
        yield from change.replaces
    yield from (held for held, _ in files.ends)
    yield from files.spare
