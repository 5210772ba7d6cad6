"""The difference of two long texts as rows to show: changed words in their line, with a sign for the line.

A row holds one line of the old text, one of the new, or one of each, so that rows with their signs are a diff that
holds: the old sides are lines of the old text, and the new sides lines of the new one. A row never holds a hidden
character and, unless asked to, never more than a bounded number of characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from assistctl.model.counting import counted
from assistctl.rendering.diff.line_pairs import Lines, Step, pair_lines
from assistctl.rendering.diff.outline import Outline, counted_sentences
from assistctl.rendering.diff.row import LONGEST, Row, Sign, excerpts, is_change, readable
from assistctl.rendering.diff.word_diff import LINE, Segment, Side, joined, one_side, words_of

_REWRITTEN = 0.35
"""Where two texts have no more of their words in common than this share, one is told as rewritten."""


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

    def first_rows(self, most: int | None) -> tuple[Row, ...]:
        """The first rows; where those would all be of the old text, half of them are of the text in its place."""
        rows, shown = self.rows, self.rows[:most]
        if most is None or len(rows) <= most or any(row.sign is not Sign.REMOVED for row in shown):
            return shown
        added = next((place for place, row in enumerate(rows) if row.sign is not Sign.REMOVED), len(rows))
        in_its_place = rows[added : added + most // 2]
        return (*rows[: most - len(in_its_place)], *in_its_place)

    def amount(self, old: str, new: str) -> str:
        """The amount of a text that differs, in sentences where it has any, else in places."""
        if self.rewritten:
            return f"rewritten, {counted(lines_in(old), 'line')} before and {lines_in(new):,} now"
        said = counted(self.sentences, "sentence") if self.sentences else counted(self.places, "place")
        several = f", {self.changed:,} of {self.total:,} lines"
        where = several if self.total > 1 else f" in {len(new):,} characters"
        if not self.rewrapped:
            return said + where
        return f"{said if self.places else 'no word changed'}, re-wrapped{where}"


def lines_in(text: str) -> int:
    """The number of lines in ``text``, whether or not the last one is ended."""
    return text.removesuffix("\n").count("\n") + 1


def diff_rows(old: str, new: str, *, longest: int | None = LONGEST) -> TextDiff:
    """The rows in which ``old`` and ``new`` differ. ``longest=None`` shows lines and changed stretches whole."""
    steps = list(pair_lines(old, new))
    rewritten = _is_rewritten(steps)
    if rewritten:
        steps = [*_one_by_one(Step.REMOVED, Side.OLD, old), *_one_by_one(Step.ADDED, Side.NEW, new)]
    rows = list(_with_headings(_rows(steps), Outline(old), Outline(new)))
    changed = sum(_line_count(step) for step in steps if step.step is not Step.SAME)
    return TextDiff(
        tuple(part for row in rows for part in excerpts(row, longest)),
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
        readable(Row(number, (Segment(side, line),), sign, number), longest)
        for number, line in enumerate(lines[:limit], start=1)
    )


def _is_rewritten(steps: Sequence[Lines]) -> bool:
    changed = same = 0
    for step in steps:
        segments = step.segments or (Segment(Side.SAME, step.old),)
        for segment in segments:
            words = len(words_of(segment.text))
            changed, same = (changed + words, same) if is_change(segment) else (changed, same + 2 * words)
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
    changed = [is_change(segment) for segment in step.segments]
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
    in_both = len(ends) > 1 or (ends and not is_change(segments[ends[0]]))
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
