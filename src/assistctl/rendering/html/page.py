"""The frame and the head of an HTML page: no script, nothing loaded from anywhere, light and dark.

The page forbids itself everything but its own style sheet, by that sheet's digest (Content Security Policy
Level 3, https://www.w3.org/TR/CSP3/).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from assistctl.rendering.values import label
from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import Masked, mask_markup

if TYPE_CHECKING:
    from assistctl.model.provenance import Provenance

_LONG = 30
"""Characters from which on a value gets a line for itself."""


def html_page(title: str, sections: Iterable[str]) -> Masked:
    """The whole page; ``title`` is text, ``sections`` are markup."""
    style, policy = _style_and_policy()
    return mask_markup(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{as_text(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
{joined(sections)}
</main>
</body>
</html>
""")


@cache
def _style_and_policy() -> tuple[str, str]:
    style = files("assistctl.rendering.html").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return style, f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def section(title: str, cards: Sequence[str]) -> str:
    """A section with a title, which is text; none without ``cards``, which are markup."""
    return f"<section><h2>{as_text(title)}</h2>\n{joined(cards)}</section>" if cards else ""


def isolated(text: str) -> str:
    """Text whose writing direction stays its own matter."""
    return f"<bdi>{as_text(text)}</bdi>"


def as_text(text: str) -> str:
    """Text from outside, made harmless."""
    return escape(visible(text))


def joined(parts: Iterable[str]) -> str:
    """Pieces of markup, one a line."""
    return "\n".join(part for part in parts if part)


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
    """The origin, author and time of a plan, as far as they are known."""
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
