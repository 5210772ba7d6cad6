"""The difference of two long texts as rows to show: changed words in their line, with a sign for the line.

A row holds one line of the old text, one of the new, or one of each, so that rows with their signs are a diff that
holds: the old sides are lines of the old text, and the new sides lines of the new one. A row never holds a hidden
character and, unless asked to, never more than a bounded number of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count

from assistctl.rendering.diff.line_pairs import Lines, Step, pair_lines
from assistctl.rendering.diff.look_alikes import with_code_points
from assistctl.rendering.diff.outline import Outline, counted_sentences
from assistctl.rendering.diff.word_diff import LINE, Segment, Side, joined, one_side, words_of
from assistctl.secrets.escaping import visible

CONTEXT = 48
"""How many characters of unchanged text, at most, are kept on either side of a change in a long line."""
WHOLE = 160
"""A line with no more characters than this is shown whole."""
LONGEST = 320
"""How many characters of one changed stretch are shown before its middle is left out."""
_REWRITTEN = 0.35
"""Where two texts have no more of their words in common than this share, one is told as rewritten."""


class Sign(StrEnum):
    """Which text the line of a row is in; a changed one is in both."""

    CHANGED = "~"
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True)
class Row:
    """One line to show.

    ``number`` is its line in the new text, ``None`` for one that only the old text has; ``old_number`` the other
    way round. Unchanged words are ``SAME`` in removed and added lines, too, where a paragraph was re-wrapped.
    ``skipped`` is how many unchanged lines, or ``skipped_characters`` of the same line, stand between this row and
    the one before it. ``heading`` is the nearest one above, where that is another than the row before had;
    ``shortened`` says that characters of the line were left out of the row.
    """

    number: int | None
    segments: tuple[Segment, ...]
    sign: Sign = Sign.CHANGED
    old_number: int | None = None
    skipped: int = 0
    skipped_characters: int = 0
    heading: str = ""
    shortened: bool = False


@dataclass(frozen=True, slots=True)
class TextDiff:
    """All rows with a change; ``changed`` of ``total`` lines (of both texts together) have one.

    ``places`` counts the stretches of changed words, ``sentences`` the sentences they stand in. ``rewritten``: the
    texts have so little in common that each is shown whole. ``rewrapped``: line breaks moved in a paragraph; then
    there may be no place at all.
    """

    rows: tuple[Row, ...]
    changed: int
    total: int
    places: int = 0
    sentences: int = 0
    rewritten: bool = False
    rewrapped: bool = False


def diff_rows(old: str, new: str, *, longest: int | None = LONGEST) -> TextDiff:
    """The rows in which ``old`` and ``new`` differ. ``longest=None`` shows lines and changed stretches whole."""
    steps = list(pair_lines(old, new))
    rewritten = _is_rewritten(steps)
    if rewritten:
        steps = [*_one_by_one(Step.REMOVED, Side.OLD, old), *_one_by_one(Step.ADDED, Side.NEW, new)]
    rows = list(_with_headings(_rows(steps), Outline(old), Outline(new)))
    changed = sum(_line_count(step) for step in steps if step.step is not Step.SAME)
    return TextDiff(
        tuple(part for row in rows for part in _shown(row, longest)),
        changed,
        changed + sum(step.step is Step.SAME for step in steps),
        sum(_places(step) for step in steps),
        sum(counted_sentences(step.segments) for step in steps),
        rewritten,
        any(step.step is Step.REWRAPPED for step in steps),
    )


def preview_rows(text: str, side: Side, limit: int | None, *, longest: int | None = LONGEST) -> tuple[Row, ...]:
    """The first ``limit`` lines (all with ``None``) of a text that only one side has."""
    lines = text.removesuffix("\n").split("\n")
    sign = Sign.ADDED if side is Side.NEW else Sign.REMOVED
    return tuple(
        _readable(Row(number, (Segment(side, line),), sign, number), longest)
        for number, line in enumerate(lines[:limit], start=1)
    )


def marked(segment: Segment) -> str:
    """``[-old-]`` or ``{+new+}``, for where there is no colour; marks in the text itself get a backslash more."""
    opening, closing = _MARKS[segment.side]
    return f"{opening}{escaped_marks(segment.text)}{closing}"


def escaped_marks(text: str) -> str:
    """``text`` with a backslash more in what looks like one of our marks; so the marks can be told for sure."""
    return _CLOSING.sub(r"\1\2\\\3", _OPENING.sub(r"\1\2\\\3", text))


_MARKS = {Side.SAME: ("", ""), Side.OLD: ("[-", "-]"), Side.NEW: ("{+", "+}")}
_OPENING = re.compile(r"(\[(?=\\*-)|\{(?=\\*\+))(\\*)([-+])")
_CLOSING = re.compile(r"(-(?=\\*\])|\+(?=\\*\}))(\\*)([\]}])")


def _is_change(segment: Segment) -> bool:
    return segment.side is not Side.SAME


def _is_rewritten(steps: Sequence[Lines]) -> bool:
    changed = same = 0
    for step in steps:
        segments = step.segments or (Segment(Side.SAME, step.old),)
        for segment in segments:
            words = len(words_of(segment.text))
            changed, same = (changed + words, same) if _is_change(segment) else (changed, same + 2 * words)
    both = any(step.old for step in steps) and any(step.new for step in steps)
    return both and changed > _FEW_WORDS and same <= _REWRITTEN * (same + changed)


_FEW_WORDS = 16
"""With fewer changed words than this, two texts are not worth to be shown apart."""


def _one_by_one(step: Step, side: Side, text: str) -> Iterator[Lines]:
    for line in LINE.findall(text):
        segments = (Segment(side, line),)
        yield Lines(step, line, "", segments) if side is Side.OLD else Lines(step, "", line, segments)


def _line_count(step: Lines) -> int:
    return max(step.old.count("\n"), step.new.count("\n")) if step.step is Step.REWRAPPED else 1


def _places(step: Lines) -> int:
    changed = [_is_change(segment) for segment in step.segments]
    return sum(now and not before for before, now in zip([False, *changed], changed, strict=False))


def _rows(steps: Iterable[Lines]) -> Iterator[Row]:
    old_numbers, new_numbers = count(1), count(1)
    skipped = 0
    for step in steps:
        if step.step is Step.SAME:
            next(old_numbers), next(new_numbers)
            skipped += 1
            continue
        for row in _rows_of(step):
            old_number = None if row.sign is Sign.ADDED else next(old_numbers)
            number = None if row.sign is Sign.REMOVED else next(new_numbers)
            yield replace(row, number=number, old_number=old_number, skipped=skipped)
            skipped = 0


_SIGN = {Step.CHANGED: Sign.CHANGED, Step.REMOVED: Sign.REMOVED, Step.ADDED: Sign.ADDED}


def _rows_of(step: Lines) -> Iterator[Row]:
    if step.step is not Step.REWRAPPED:
        yield Row(None, _without_end(step.segments), _SIGN[step.step])
        return
    for sign, side, text in ((Sign.REMOVED, Side.OLD, step.old), (Sign.ADDED, Side.NEW, step.new)):
        flowing = one_side(step.segments, side)
        for segments in _cut_at_breaks(flowing, text):
            yield Row(None, _without_end(segments), sign)


def _cut_at_breaks(flowing: Sequence[Segment], text: str) -> Iterator[tuple[Segment, ...]]:
    """The segments of a paragraph line by line, its own line breaks back in their places."""
    sides = [segment.side for segment in flowing for _ in segment.text]
    start = 0
    for line in LINE.findall(text):
        here = sides[start : start + len(line)]
        yield tuple(joined(Segment(side, char) for side, char in zip(here, line, strict=True)))
        start += len(line)


def _without_end(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """A line without its newline; where just the newline was added or removed, a sign stands for it."""
    ends = [i for i, segment in enumerate(segments) if segment.text.endswith("\n")]
    in_both = len(ends) > 1 or (ends and not _is_change(segments[ends[0]]))
    alone = len(segments) == 1 and segments[0].text != "\n"
    end = "" if in_both or alone else "↵"
    bare = [replace(s, text=s.text[:-1] + end) if i in ends else s for i, s in enumerate(segments)]
    return tuple(segment for segment in bare if segment.text)


def _with_headings(rows: Iterable[Row], old: Outline, new: Outline) -> Iterator[Row]:
    previous = ""
    for row in rows:
        at_new = row.number is not None
        heading = new.heading_above(row.number or 1) if at_new else old.heading_above(row.old_number or 1)
        yield replace(row, heading=heading if heading != previous else "")
        previous = heading


def _shown(row: Row, longest: int | None) -> Iterator[Row]:
    whole = longest is None or sum(len(segment.text) for segment in row.segments) <= WHOLE
    for part in [row] if whole else _split_far_apart(row):
        yield _readable(part, longest)


def _split_far_apart(row: Row) -> Iterator[Row]:
    """One row for each group of changes that stand near each other, with its context."""
    if not any(map(_is_change, row.segments)):
        yield row
        return
    collected: list[Segment] = []
    skipped = 0
    part = replace(row, shortened=True)
    for position, segment in enumerate(row.segments):
        if _is_change(segment):
            collected.append(segment)
            continue
        head, tail = _around(segment.text)
        first, last = position == 0, position == len(row.segments) - 1
        if not first:
            collected.append(Segment(Side.SAME, segment.text if not tail else f"{head} …"))
        if not (first or last) and tail:
            yield replace(part, segments=tuple(collected), skipped_characters=skipped)
            part = replace(part, skipped=0, heading="")
            skipped, collected = len(segment.text) - len(head) - len(tail), []
        if not last and (first or tail):
            collected = [Segment(Side.SAME, f"… {tail}" if tail else segment.text)]
    yield replace(part, segments=tuple(collected), skipped_characters=skipped)


def _around(unchanged: str) -> tuple[str, str]:
    """The words to keep behind a change and before the next; the second is empty where nothing is left out."""
    if len(unchanged) <= 2 * CONTEXT:
        return unchanged, ""
    head, tail = unchanged[:CONTEXT], unchanged[-CONTEXT:]
    head = head[: head.rstrip().rfind(" ") + 1].rstrip() or head
    tail = tail[tail.lstrip().find(" ") + len(tail) - len(tail.lstrip()) :].lstrip() or tail
    return head, tail


def _readable(row: Row, longest: int | None) -> Row:
    last = len(row.segments) - 1
    segments = tuple(
        Segment(s.side, _readable_text(s, longest, ends_row=i == last) if _is_long(row, s) else visible(s.text))
        for i, s in enumerate(with_code_points(row.segments))
    )
    cut = longest is not None and any(_is_long(row, s) and len(s.text) > longest for s in row.segments)
    return replace(row, segments=segments, shortened=row.shortened or cut)


def _is_long(row: Row, segment: Segment) -> bool:
    """Whether the segment may be cut: one that changed, or an unchanged line of a re-wrapped paragraph."""
    return _is_change(segment) or len(row.segments) == 1


def _readable_text(segment: Segment, longest: int | None, *, ends_row: bool) -> str:
    text = segment.text
    if longest is not None and len(text) > longest:
        half = longest // 2
        text = f"{text[:half]} … {len(text) - 2 * half:,} more characters … {text[-half:]}"
    blank = r"^\s+$|\s+$" if ends_row else r"^\s+$"
    return visible(re.sub(blank, lambda match: _signs(match.group()), text))


def _signs(blank: str) -> str:
    """White space that can be seen: where it is all that changed, or ends a line."""
    return "".join("·" if char == " " else char.encode("unicode_escape").decode("ascii") for char in blank)
