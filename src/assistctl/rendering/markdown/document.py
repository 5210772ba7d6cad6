"""Markdown documents that fit into a comment: what matters most comes first and stays, the rest gives way.

GitHub refuses comments of more than 65,536 characters ("body is too long (maximum is 65536 characters)") and step
summaries of more than 1 MiB (https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands).
Sizes are in bytes of UTF-8, which are never fewer than characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from assistctl.rendering.markdown.escape import plain
from assistctl.secrets.redaction import mask

COMMENT = 65_536
SIZES = {"comment": COMMENT, "step-summary": 1_048_576}
"""The sizes that are known by a name, in bytes."""
# Room for what is put before it: the mark of its kind, or where a pipeline has it from.
LIMIT = COMMENT - 536
"""Bytes that a document may have."""
ELSEWHERE = "--format html and --format json have all of it"
"""Where to find what had to be left out."""
_NOTE = f"*Shortened to fit: {ELSEWHERE}.*"
_DROPPED = "*Not shown: {} more of these.*"
_LONGEST_LINE = 6_000
_SPARE = 40
_COUNTED = 60
"""The bytes of the sentence that counts the lines left out."""


@dataclass(frozen=True, slots=True)
class Part:
    """Lines between a head and a tail; lines may be left out, but for the first ``kept``. ``cut`` counts those."""

    head: str
    lines: tuple[str, ...]
    tail: str = ""
    left_out: str = "… {} more lines"
    kept: int = 0
    cut: int = 0

    def __str__(self) -> str:
        note = (self.left_out.format(f"{self.cut:,}"),) if self.cut else ()
        return "\n".join([*filter(None, [self.head]), *self.lines, *note, *filter(None, [self.tail])])

    def shortened(self, size: int) -> Part:
        """The part with as many whole lines as ``size`` bytes hold, and always those that have to stay."""
        number = 0
        for line in self.lines:
            size -= _size(line) + 1
            if size < 0 and number >= self.kept:
                break
            number += 1
        return replace(self, lines=self.lines[:number], cut=self.cut + len(self.lines) - number)


def document(first: str, parts: Iterable[Part], *, limit: int = LIMIT) -> str:
    """``first`` and the parts in at most ``limit`` bytes, with a count wherever something had to be left out."""
    return _within(limit - 1, first, [*parts], _NOTE, _DROPPED) + "\n"


def table_head(headings: Sequence[str]) -> str:
    """The first two lines of a table."""
    return f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}"


def paragraph(text: str | None) -> str:
    """Text of several lines for a place where only one can stand."""
    return "<br>".join(plain(shortened(line)) for line in (text or "").splitlines() if line.strip())


def shortened(line: str) -> str:
    """The line without secrets, its end left out where it is very long."""
    line = mask(line)
    rest = len(line) - _LONGEST_LINE
    return line if rest <= 0 else f"{line[:_LONGEST_LINE]} … {rest:,} more characters"


def marker(command: str, project: str, target: str) -> str:
    """``<!-- assistctl:plan project/target -->``, a hidden first line by which a bot finds its comment again.

    It is the same each time; nothing in it can end the comment.
    """
    return f"<!-- assistctl:{command} {quote(project, safe='')}/{quote(target, safe='')} -->\n"


def _within(size: int, first: str, parts: Sequence[Part], note: str, dropped: str) -> str:
    """``first`` and the parts, in at most ``size`` bytes, with ``note`` where something had to be left out.

    Parts come in the order of their importance. A part is left out altogether only from the end, and ``dropped``
    says how many were.
    """
    whole = "\n\n".join([first, *map(str, parts)])
    if _size(whole) < size:
        return whole
    room = size - _size(first) - _size(note) - _size(dropped) - _SPARE
    bare = _bare_fitting(parts, room)
    shortened = _fitted(bare, room - sum(_bare_size(part) for part in bare))
    end = [dropped.format(f"{len(parts) - len(bare):,}")] if len(bare) < len(parts) else []
    return "\n\n".join([first, note, *map(str, shortened), *end])


def _bare_fitting(parts: Sequence[Part], room: int) -> list[Part]:
    """The first parts whose heads, tails and lines that have to stay leave a third of the room to other lines."""
    fitting: list[Part] = []
    left = room - room // 3
    for part in parts:
        choices = (part, replace(part, kept=0))
        chosen = next((choice for choice in choices if _bare_size(choice) <= left), None)
        if chosen is None:
            break
        left -= _bare_size(chosen)
        fitting.append(chosen)
    return fitting


def _fitted(parts: Sequence[Part], room: int) -> list[Part]:
    """The parts with the lines that ``room`` has space for.

    Half of it is shared out evenly, so that a small difference is never lost to a large one; the other half goes
    to the first that need it.
    """
    wanted = [_size(str(part)) - _bare_size(part) for part in parts]
    share = max(room, 0) // (2 * max(len(parts), 1))
    given = [min(want, share) for want in wanted]
    spare = max(room, 0) - sum(given)
    for position, want in enumerate(wanted):
        lacking = want - given[position]
        extra = min(lacking, spare if lacking <= spare // 2 else spare // 2)
        given[position] += extra
        spare -= extra
    return [
        part if size >= want else part.shortened(_kept_size(part) + size)
        for part, size, want in zip(parts, given, wanted, strict=True)
    ]


def _bare_size(part: Part) -> int:
    return _size(str(part.shortened(0))) + 2 + _COUNTED


def _kept_size(part: Part) -> int:
    return sum(_size(line) + 1 for line in part.lines[: part.kept])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
