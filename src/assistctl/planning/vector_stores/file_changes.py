"""What changes file by file, put together from everything that reads the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assistctl.model.file_operations import Discard, FileTotals, FileUse
from assistctl.model.plan import Action, Change, Kind
from assistctl.model.source_file import SourceFile
from assistctl.ownership.file_marks import HeldFile

Holder = tuple[str, str]


@dataclass(slots=True)
class _OneFile:
    """What happens to the file at one path, whoever reads it."""

    source: SourceFile | None = None
    token: str | None = None
    is_new: bool = True
    reasons: list[str] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)
    discards: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FileChanges:
    """The changes of files, gathered holder by holder (kind and key of what reads the file).

    ``in_place`` maps tokens to uploads that are there and of use; ``uploads`` tokens to what is not there yet.
    ``named`` are the ids that assistants name, of uploads among others: those are deleted by nothing.
    """

    in_place: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, SourceFile] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    named: frozenset[str] = frozenset()
    _by_path: dict[str, _OneFile] = field(default_factory=dict)
    _gone: dict[str, tuple[HeldFile, set[Holder]]] = field(default_factory=dict)

    def found(self, token: str, file_id: str) -> None:
        """Note an upload of ours, of use or not."""
        known = self.in_place.setdefault(token, file_id)
        self.in_place[token] = min(known, file_id)

    def wanted(self, token: str, source: SourceFile) -> None:
        """Note that something is to read a file; without a ``found`` upload it must be uploaded."""
        self.uploads.setdefault(token, source)

    def stays(self, file_id: str) -> None:
        """Note that an upload is read where it is, and goes on being read there."""
        self.kept.add(file_id)

    def changes(
        self, holder: Holder, source: SourceFile, token: str, reason: str, replaces: Iterable[HeldFile] = ()
    ) -> None:
        """Note that a holder gets a file that it does not have like this."""
        one = self._by_path.setdefault(source.path, _OneFile())
        one.source, one.token = source, token
        one.is_new = one.is_new and reason == "new"
        one.reasons.append(reason)
        one.holders.append(holder)
        for held in replaces:
            one.discards.append(held.file_id)
            self._goes(holder, held)

    def goes(self, holder: Holder, held: HeldFile, reason: str) -> None:
        """Note that a holder has a file no longer."""
        one = self._by_path.setdefault(held.path or held.file_id, _OneFile())
        one.is_new = False
        one.reasons.append(reason)
        one.holders.append(holder)
        one.discards.append(held.file_id)
        self._goes(holder, held)

    def spare(self, holder: Holder, held: HeldFile) -> None:
        """Note a second copy, which nobody is told about."""
        self._goes(holder, held)

    def needed(self) -> dict[str, SourceFile]:
        """What must be uploaded."""
        return {token: source for token, source in self.uploads.items() if token not in self.in_place}

    def discards(self) -> tuple[Discard, ...]:
        """The uploads that nothing of ours reads any more once the plan is carried out."""
        used = {file_id for token, file_id in self.in_place.items() if token in self.uploads} | self.kept
        return tuple(
            Discard(file_id, held.path, frozenset(holders))
            for file_id, (held, holders) in sorted(self._gone.items())
            if file_id not in used and file_id not in self.named
        )

    def planned(self) -> list[Change]:
        """A change for each path, in their order; for an upload whose path nobody knows, for its id.

        What one thing reads no longer and another still does is no change of the file.
        """
        needed, going = self.needed(), {one.file_id for one in self.discards()}
        return [
            self._change(path, one, needed, going)
            for path, one in sorted(self._by_path.items())
            if one.token is not None or not going.isdisjoint(one.discards)
        ]

    def _change(self, path: str, one: _OneFile, needed: Mapping[str, SourceFile], going: set[str]) -> Change:
        upload = one.token is not None and one.token in needed
        use = FileUse(
            one.source.size if one.source else None,
            tuple(dict.fromkeys(one.holders)),
            one.token,
            upload,
            tuple(file_id for file_id in dict.fromkeys(one.discards) if file_id in going),
            None if one.token is None else self.in_place.get(one.token),
        )
        old = one.discards[0] if one.discards else use.upload_id
        return Change(Kind.FILE, path, old, _action(one, upload=upload), _reason(one, upload=upload), file=use)

    def _goes(self, holder: Holder, held: HeldFile) -> None:
        self._gone.setdefault(held.file_id, (held, set()))[1].add(holder)


def totals(changes: Iterable[Change]) -> FileTotals:
    """What the changes of files come to."""
    files = [change for change in changes if change.kind is Kind.FILE and change.file]
    # The same file at two paths is one upload.
    sent = {change.file.token: change.file.size or 0 for change in files if change.file and change.file.upload}
    removed = sum(change.action is Action.DELETE for change in files)
    return FileTotals(len(sent), removed, sum(sent.values()))


def _action(one: _OneFile, *, upload: bool) -> Action:
    """An upload that is there already is put to use, and not created."""
    if one.token is None:
        return Action.DELETE
    return Action.CREATE if one.is_new and upload else Action.UPDATE


def _reason(one: _OneFile, *, upload: bool) -> str:
    reasons = ["added" if reason == "new" and not upload else reason for reason in one.reasons]
    text = "; ".join(dict.fromkeys(reasons))
    return text if upload or one.token is None else f"{text}; already uploaded"
