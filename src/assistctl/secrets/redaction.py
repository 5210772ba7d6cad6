"""The secrets this process knows, by name, and every text without them.

A value that was read from the environment is registered under its name, and from then on ``(secret NAME)``
stands in its place in all that is shown or written. It is found as it stands and as others write it:
percent-encoded, with HTML entities or backslash escapes, in quoted-printable, inside base64. The limits:

- A value of fewer than 4 characters, or a number of fewer than 8 digits, is not looked for in text, which would
  blank out words, dates and counts; in a field it is hidden by its path. One of fewer than 8 characters, or of
  digits alone, is found as a word of its own only, not within another (an id, a digest).
- Of a value of several lines, each line of at least 8 characters is looked for by itself as well.
- Of a value of 20 characters or more, its first 12 or more are found where they are cut short: where no further
  letter, digit, ``-`` or ``_`` follows. Not of addresses, paths and sentences (a space among the first 12), many
  of which begin alike. A vendor's own mask (``sk-pr***wxyz``) is found by the beginning and the end it shows.
- Names win: a value that is (part of) a key, a target, the project, a manifest's path, a variable's name or a
  word of our own documents is not looked for in text either. Scripts match on those, and ``.env`` holds such words
  as ``prod`` and ``info``; whoever uses a key as a password has published it. In a field its path hides it.
- In JSON the texts are masked, and timestamps, digests and numbers are not, so it stays what its schema says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistctl.json_value import Json

if TYPE_CHECKING:
    from assistctl.secrets.search import Search

SECRET = "(secret)"  # noqa: S105  # stands in place of one

_EXACT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)|sha256:[0-9a-f]+")
_TEXT_OF_PAGE = r"<style>.*?</style>|<[^>]*>|([^<]+)"


class Masked(str):
    """A finished document whose texts were masked: it passes a sink as it is, which might break its syntax."""

    __slots__ = ()


@dataclass(slots=True)
class Secrets:
    """Secrets by value, each with what stands in its place, and the names that are shown whatever they are."""

    _labels: dict[str, str] = field(default_factory=dict, repr=False)
    _names: set[str] = field(default_factory=set, repr=False)
    _search: Search | None = field(default=None, repr=False)
    _source: Callable[[], None] | None = field(default=None, repr=False)

    def register(self, name: str, value: str) -> None:
        """Mask ``value`` from now on, as ``(secret NAME)``, or ``(secret)`` without a name."""
        value = value.strip()
        label = self._labels.get(value)
        if value and (label is None or (name and label == SECRET)):
            self._labels[value] = label_of(name)
            self._search = None

    def keep(self, names: Iterable[str]) -> None:
        """Show these names even if a secret is the same, or part of one."""
        new = {_folded(name) for name in names} - self._names
        if new:
            self._names |= new
            self._search = None

    def learn_from(self, source: Callable[[], None] | None) -> None:
        """Let ``source`` register more when something is to be masked; ``None``: all is registered."""
        self._source = source

    def mask(self, text: str) -> str:
        """``text`` with a label in place of each secret."""
        search = None if isinstance(text, Masked) else self._compiled()
        pieces: list[str] = []
        end = 0
        for found in search.stretches(text) if search else ():
            pieces += (text[end : found.start], found.label)
            end = found.end
        return "".join((*pieces, text[end:])) if pieces else text

    def whole_until(self, text: str, end: int) -> int:
        """The last place up to ``end`` where ``text`` may be parted without parting a secret, begun or whole."""
        search = self._compiled() if end else None
        return search.whole_until(text, end) if search else end

    def _compiled(self) -> Search | None:
        """The search for all secrets; ``None`` when there are none."""
        if self._source is not None:
            source, self._source = self._source, None
            source()
        if self._search is None and self._labels:
            # Most commands have no secret, and nothing to search for.
            from assistctl.secrets.plain_words import WORDS
            from assistctl.secrets.search import Search, forms_of

            names = "\n".join((*self._names, *WORDS, *map(_folded, self._labels.values())))
            forms = {
                form.text: form
                for value, label in list(self._labels.items())
                for form in forms_of(value, label, lambda text: _folded(text) in names)
            }
            self._search = Search(tuple(sorted(forms.values(), key=lambda form: len(form.text), reverse=True)))
        return self._search


_known = Secrets()


def register(name: str, value: str) -> None:
    """Mask ``value`` in everything this process shows or writes from now on, as ``(secret NAME)``."""
    _known.register(name, value)


def keep_names(names: Iterable[str]) -> None:
    """Show these names, which scripts match on, even if a secret is the same, or part of one."""
    _known.keep(names)


def learn_from(source: Callable[[], None] | None) -> None:
    """Let ``source`` register more when something is to be masked; ``None``: all is registered."""
    _known.learn_from(source)


def mask(text: str) -> str:
    """``text`` with ``(secret NAME)`` in place of each known secret."""
    return _known.mask(text)


def masked(value: Json) -> Json:
    """``value`` with each text in it masked, the names of members too."""
    if isinstance(value, str):
        return value if _EXACT.fullmatch(value) else _known.mask(value)
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {_known.mask(name): masked(item) for name, item in value.items()}
    return value


def holds_secret(value: Json) -> bool:
    """Whether a known secret is anywhere in ``value``."""
    return masked(value) != value


def mask_markup(page: str) -> Masked:
    """An HTML page with its text masked; its tags and its style sheet are ours and stay as they are."""
    return Masked(
        re.sub(
            _TEXT_OF_PAGE, lambda part: part[0] if part[1] is None else _known.mask(part[1]), page, flags=re.DOTALL
        )
    )


def whole_until(text: str, end: int) -> int:
    """The last place up to ``end`` where ``text`` may be parted without parting a secret, begun or whole."""
    return _known.whole_until(text, end)


def label_of(name: str) -> str:
    """Text that stands in place of the secret of this name."""
    return f"(secret {name})" if name else SECRET


def replace_known(secrets: Secrets) -> Secrets:
    """Know ``secrets`` and no others; those known so far."""
    global _known  # one set for the process: what masks must not depend on who asks
    before, _known = _known, secrets
    return before


def _folded(text: str) -> str:
    """Keys are written with ``-``, and in the names of variables with ``_`` and in capitals."""
    return text.casefold().replace("_", "-")
