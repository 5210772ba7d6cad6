"""Reading an apply back, however its writer ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistctl.errors import JournalError
from assistctl.journal.line_format import (
    ApplyLine,
    CheckLine,
    EndLine,
    IntentLine,
    Line,
    OutcomeLine,
    decode,
    image_of,
)
from assistctl.journal.records import Apply, CheckEntry, Ending, Entry, Header, Outcome


def read_apply(data: bytes) -> Apply:
    """The apply in a log. What was cut off while it was written is left out: none of that was reported.

    Raises ``JournalError`` when it is too new, has no whole head, or is damaged or lacks something before its end.
    """
    head, *rest = data.split(b"\n")
    header = read_header(head)
    lines, truncated = _sound_lines(rest)
    ending = lines[-1].ending() if lines and isinstance(lines[-1], EndLine) else None
    if truncated and ending is None and read_ending(data) is not None:
        raise JournalError("it is damaged: a part before its end cannot be read")
    entries = tuple(_entries(lines).values())
    if ending is not None and _lacks(entries, ending):
        raise JournalError("it is damaged: a part before its end is missing")
    return Apply(header, entries, ending, truncated, tuple(_checks(lines)))


def read_header(line: bytes) -> Header:
    """The header on the first line of a log. Raises ``JournalError`` when it is too new, or not whole."""
    try:
        head = decode(line)
    except ValueError:
        head = None
    if not isinstance(head, ApplyLine):
        raise JournalError("its head cannot be read")
    return head.header


def read_ending(tail: bytes) -> Ending | None:
    """The end of an apply on the last whole line of ``tail``; ``None`` for any other line."""
    last = tail.rpartition(b"\n")[0].rpartition(b"\n")[2]
    try:
        line = decode(last)
    except (ValueError, JournalError):
        return None
    return line.ending() if isinstance(line, EndLine) else None


def _sound_lines(texts: list[bytes]) -> tuple[list[Line], bool]:
    """The lines up to the first that is not sound, and whether there is such a one.

    A power cut may leave any part of the last write out. What follows an unsound line was written with it.
    """
    *whole, cut = texts or [b""]
    lines: list[Line] = []
    for text in whole:
        try:
            line = decode(text)
        except ValueError:
            return lines, True
        if line is not None:
            lines.append(line)
    return lines, bool(cut)


def _lacks(entries: Sequence[Entry], ending: Ending) -> bool:
    """Whether there were more operations than ``entries``, or more outcomes of them, by what the end counts.

    A write that failed may be there all the same, and is then not counted.
    """
    open_entries = sum(entry.outcome is None for entry in entries)
    return sum(ending.counts.values()) > len(entries) or open_entries > ending.counts.get(Outcome.UNKNOWN, 0)


def _entries(lines: list[Line]) -> dict[int, Entry]:
    entries: dict[int, Entry] = {}
    for line in lines:
        if isinstance(line, IntentLine):
            entries[line.number] = _entry(line)
        elif isinstance(line, OutcomeLine) and line.number in entries:
            entries[line.number] = _with_outcome(entries[line.number], line)
    return entries


def _checks(lines: list[Line]) -> Iterator[CheckEntry]:
    for line in lines:
        if isinstance(line, CheckLine):
            reasons = tuple(line.reasons)
            yield CheckEntry(line.key, line.index, line.ask, line.at, line.before, line.after, line.worse, reasons)


def _entry(line: IntentLine) -> Entry:
    return Entry(
        line.number,
        line.kind,
        line.key,
        line.action,
        line.at,
        line.id,
        image_of(line.before),
        dict(line.sent),
        line.values,
    )


def _with_outcome(entry: Entry, line: OutcomeLine) -> Entry:
    return replace(entry, outcome=line.outcome, error=line.error, ended=line.at, id=line.id or entry.id)
