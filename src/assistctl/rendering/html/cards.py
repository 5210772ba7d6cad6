"""The cards that reports are made of, one for each thing, with a heading that a link can lead to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from assistctl.diagnostics import Diagnostic
from assistctl.model.change import Missing
from assistctl.rendering import phrases as wording
from assistctl.rendering.html.page import as_text, isolated, joined
from assistctl.rendering.values import label

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Anchors:
    """Names for links into a page: the key of a thing, where there is nothing strange in it, else its place."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def name(self, kind: str, key: str) -> str:
        """The name of the next thing of this kind and key; no other has it."""
        name = f"{kind}-{key}" if _KEY.fullmatch(key) else kind
        self._given[name] += 1
        # A dot, because no key has one.
        return name if self._given[name] == 1 and name != kind else f"{name}.{self._given[name]}"


def heading(sign: str, name: str, rest: str, anchor: str = "") -> str:
    """The line of a card: a sign for eyes, the name, and ``rest``, which is markup."""
    link = (
        f'<a class="anchor" href="#{anchor}"><span class="for-readers">Link to {as_text(name)}</span>'
        f'<span aria-hidden="true">#</span></a>'
        if anchor
        else ""
    )
    return (
        f'<div class="head"><h3><span class="sign" aria-hidden="true">{as_text(sign)}</span> '
        f'<span class="key">{isolated(name)}</span></h3> {rest}{link}</div>'
    )


def card(tones: str, head: str, body: str = "", *, anchor: str = "") -> str:
    """A card with these classes; head and body are markup."""
    identifier = f' id="{anchor}"' if anchor else ""
    return f'<article class="card {tones}"{identifier}>{head}{body}</article>'


def folded(summary: str, body: str, *, unfold: bool) -> str:
    """Markup under a line of text that unfolds it."""
    is_open = " open" if unfold else ""
    return f'<details class="more-of-it"{is_open}><summary>{as_text(summary)}</summary>{body}</details>'


def identifier(text: str | None) -> str:
    """An id of the platform."""
    return f'<code class="id">{as_text(label(text))}</code>' if text else ""


def badge(text: str) -> str:
    """A word that must not be overlooked."""
    return f'<span class="badge">{as_text(text.upper())}</span>'


def missing_card(missing: Missing) -> str:
    """Something that is declared and not there."""
    return (
        f'<div class="card drift message"><span class="key">{isolated(wording.thing(missing))}</span> '
        f'<span class="badge">{as_text(wording.absence(missing))}</span> {identifier(missing.id)}</div>'
    )


def diagnostic_card(diagnostic: Diagnostic) -> str:
    """A message with its place."""
    place = wording.place(diagnostic)
    where = f" <code>{as_text(place)}</code>" if place else ""
    details = _paragraphs(diagnostic.detail)
    return (
        f'<div class="card message {diagnostic.severity}">'
        f'<span class="severity">{diagnostic.severity}</span>{where} '
        f"{isolated(wording.message(diagnostic))}{details}</div>"
    )


def failure_text(text: str | None) -> str:
    """The reasons of a failure, in paragraphs."""
    return f'<div class="failure">{_paragraphs(text or "")}</div>' if text else ""


def _paragraphs(text: str) -> str:
    return joined(f"<p>{isolated(line)}</p>" for line in text.splitlines() if line.strip())


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """Rows of text under headings; ``caption`` is for those who do not see it."""
    head = "".join(f'<th scope="col">{as_text(name)}</th>' for name in headings)
    body = joined(f"<tr>{''.join(f'<td><bdi>{as_text(cell)}</bdi></td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table class="list"><caption class="for-readers">{as_text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
