"""The beginning of a page: whose report it is, what it comes to, and what somebody who signs it has to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from assistctl.model.provenance import Provenance
from assistctl.rendering.html.page import as_text, isolated, joined
from assistctl.rendering.values import label

_LONG = 30
"""Characters from which on a value gets a line for itself."""


class Count(NamedTuple):
    """A number with its words, in a tone of the style sheet."""

    tone: str
    number: int
    words: str


class Fact(NamedTuple):
    """A name and its value, both text."""

    name: str
    value: str
    is_code: bool = False


def header(about: str, project: str, target: str, conclusion: str, counts: Sequence[Count] = ()) -> str:
    """The title of a report ``about`` something, and its conclusion in a line."""
    return f"""<header>
<p>{as_text(about)}</p>
<h1>{isolated(label(project))} <span class="arrow" aria-hidden="true">→</span>
<span class="for-readers">to</span> {isolated(label(target))}</h1>
<p class="conclusion">{as_text(conclusion)}</p>
{_counts(counts)}
</header>"""


def _counts(counts: Sequence[Count]) -> str:
    items = (
        f'<li class="{count.tone if count.number else "none"}"><strong>{count.number:,}</strong> '
        f"<span>{as_text(count.words)}</span></li>"
        for count in counts
    )
    return f'<ul class="counts">{joined(items)}</ul>' if counts else ""


def facts(entries: Iterable[Fact]) -> str:
    """Names and values, those without a value left out."""
    rows = [_fact(entry) for entry in entries if entry.value]
    return f'<dl class="facts">{joined(rows)}</dl>' if rows else ""


def _fact(entry: Fact) -> str:
    value = as_text(entry.value)
    shown = f"<code>{value}</code>" if entry.is_code else f"<bdi>{value}</bdi>"
    # A digest or a commit is compared by eye, which a line break makes harder.
    tone = ' class="long"' if entry.is_code and len(entry.value) > _LONG else ""
    return f"<div{tone}><dt>{as_text(entry.name)}</dt><dd>{shown}</dd></div>"


def provenance_facts(made: Provenance | None) -> list[Fact]:
    """Where from, by whom and when, as far as it is known."""
    if made is None:
        return []
    changed = ", with uncommitted changes" if made.dirty else ""
    return [
        Fact("Address", made.address),
        Fact("Commit", f"{made.commit or ''}{changed if made.commit else ''}", is_code=True),
        Fact("Branch", made.branch or "", is_code=True),
        Fact("Planned by", made.by),
        Fact("Run", made.run or "", is_code=True),
        Fact("Time", f"{made.at:%Y-%m-%d %H:%M:%S} UTC"),
    ]


def command_to_copy(title: str, command: str) -> str:
    """A command that one click selects whole."""
    if not command:
        return ""
    return (
        f'<div class="command"><span>{as_text(title)}</span> '
        f'<code tabindex="0" role="group" aria-label="{as_text(title)}">{as_text(command)}</code></div>'
    )
