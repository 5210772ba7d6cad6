"""The page on the fields of the SDKs, ``assistants/docs/fields.md``: each of them, and its place in a manifest.

``PYTHONPATH=tests python -m support.field_table`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from support.field_places import Row, rows_of
from support.sdk_fields import Variant, text_of
from support.sdk_request import BELOW, How, Place, SdkRequest
from support.sdk_requests import sdk_requests

PAGE = Path(__file__).parents[2] / "assistants" / "docs" / "fields.md"

_HEAD = """\
# Fields of the SDKs

Every field that the vendors' SDKs take where something is created or changed, and its place in a manifest. The
page is made from the SDKs' own types and from the code that translates. [Platforms](platforms.md) has it the other
way round: every field of a manifest, by platform.

| word | means |
| --- | --- |
| native | the manifest has the field, under that very name |
| mapped | the manifest has it under another name, or in another shape |
| `platforms` | it stands under `platforms` and the platform's name: as it is, or where the table says |
| assistctl's | assistctl itself says what it is |
| no | it cannot be declared, for the reason that is given |

`tools[web_search].mode` is a field of a tool whose `type` is `web_search`, and `[a, b]` are several of such. Where
only a create or only an update takes a field, that is said behind it.
"""


# ``definition[prompt].tools[…]``
_DEEPEST_TOOL = 3


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the table: the steps of a path, those of several variants with all their words."""

    steps: tuple[str | tuple[str, ...], ...]
    alone: str
    place: Place | None
    more: int = 0


def page() -> str:
    """The page as it should be."""
    return "\n".join([_HEAD, *(line for request in sdk_requests() for line in _section(request))])


def unknown_fields(request: SdkRequest) -> list[str]:
    """The fields that a request of an SDK takes and nobody has said anything of."""
    return [text_of(row.path) for row in rows_of(request) if row.place is None]


def _section(request: SdkRequest) -> Iterator[str]:
    yield f"## {request.title} on `{request.platform}`"
    yield ""
    yield f"Of the Python package `{request.package}`."
    yield ""
    yield "| field | how | in a manifest |"
    yield "| --- | --- | --- |"
    for line in _merged(_lines(request)):
        place = line.place or Place(How.REFUSED, "unknown")
        yield f"| {_shown(line)} | {place.how} | {place.note} |"
    yield ""


def _lines(request: SdkRequest) -> Iterator[_Line]:
    """The rows, with those that one explanation refuses together in one."""
    whole = [said.removesuffix(BELOW) for said in request.explained if said.endswith(BELOW)]

    def together(row: Row) -> str:
        text = text_of(row.path)
        refused = row.place is not None and row.place.how is How.REFUSED
        starts = (start for start in whole if text == start or text.startswith((f"{start}.", f"{start}[")))
        return next(starts, text) if refused else text

    for name, rows in groupby(rows_of(request), together):
        first, *others = rows
        steps = tuple(_step(step) for step in first.path)
        line = _Line(steps, first.alone, first.place)
        yield replace(line, steps=(name,), more=len(others)) if others else line


def _step(step: str | Variant) -> str | tuple[str, ...]:
    return (step.word,) if isinstance(step, Variant) else step


def _merged(lines: Iterable[_Line]) -> list[_Line]:
    """Lines that differ in one variant alone, and in no tool's, put together."""
    merged = list(lines)
    deepest = max((len(line.steps) for line in merged), default=0)
    for place in range(deepest - 1, 1, -1):
        merged = _merged_at(place, merged)
    return merged


def _merged_at(place: int, lines: list[_Line]) -> list[_Line]:
    found: dict[object, _Line] = {}
    for line in lines:
        step = line.steps[place] if place < len(line.steps) else None
        if not isinstance(step, tuple) or _is_tool(line, place):
            found[line] = line
            continue
        alike = (line.steps[:place], line.steps[place + 1 :], line.alone, line.place)
        before = found.get(alike, replace(line, steps=(*line.steps[:place], (), *line.steps[place + 1 :])))
        words = before.steps[place]
        found[alike] = replace(before, steps=(*before.steps[:place], (*words, *step), *before.steps[place + 1 :]))
    return list(found.values())


def _is_tool(line: _Line, place: int) -> bool:
    return line.steps[place - 1] == "tools" and place <= _DEEPEST_TOOL


def _shown(line: _Line) -> str:
    text = ""
    for step in line.steps:
        text += f"[{', '.join(step)}]" if isinstance(step, tuple) else f".{step}" if text else step
    more = f" and {line.more} fields below it" if line.more else ""
    return f"`{text}`{more}{f' ({line.alone})' if line.alone else ''}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
