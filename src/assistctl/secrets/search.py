"""Search for secrets in a text, in every form that they may have there.

A secret is found as it stands, by its lines, by what base64 makes of it, and by its beginning if it is cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from assistctl.secrets.readings import readings, reads_one_way

# A value of fewer characters is not looked for: it would blank out ordinary words.
_SHORTEST = 4
# A value of fewer characters is looked for as a word of its own.
_WORD_ALONE = 8
# How many characters a line of a longer value has at least, to be looked for by itself.
_SHORTEST_LINE = 8
# Of a value of so many characters, the beginning is looked for as well.
_LONG = 20
# How many characters of that beginning are enough.
_CUT = 12
_NUMBER = re.compile(r"[-+]?[0-9]{1,7}(?:\.[0-9]*)?")
_ARMOR = re.compile(r"-----[A-Z0-9 ]+-----")
_NEVER_CUT = re.compile(r"\S*://|[/~]|\.\.?/")
_STILL_A_WORD = re.compile(r"[A-Za-z0-9_-]")
_STARRED = re.compile(r"([^\s*]{4,64})\*{3,}([^\s*]{2,64})")
_STARRED_BEGINNING, _STARRED_END = 4, 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """The place of a secret in a text, and the label to show instead."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Form:
    """A text to look for. ``head`` is the beginning that is enough, all of it unless it may be cut short.

    ``alone``: only as a word of its own. ``encoded``: characters may follow a cut of it.
    """

    text: str
    label: str
    head: str
    alone: bool = False
    encoded: bool = False

    def pattern(self) -> str:
        """A regular expression of the head."""
        pattern = re.escape(self.head)
        return rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])" if self.alone else pattern

    def end_in(self, text: str, start: int) -> int | None:
        """The end in ``text`` of the secret that begins at ``start``, if it is one."""
        if text.startswith(self.text, start):
            return start + len(self.text)
        end = start + _agreeing(self.text, text[start : start + len(self.text)])
        is_cut = end - start >= len(self.head) < len(self.text)
        goes_on = not self.encoded and _STILL_A_WORD.match(text, end)
        return end if is_cut and not goes_on else None

    def begun_in(self, text: str) -> int:
        """The start of the longest end of ``text`` that begins a secret; the length of ``text`` if none does."""
        for start in range(max(0, len(text) - len(self.text) + 1), len(text)):
            if self.text.startswith(text[start:]):
                return start
        return len(text)


def forms_of(value: str, label: str, is_name: Callable[[str], bool]) -> Iterator[Form]:
    """The forms of one secret; none that ``is_name`` says is to be shown whatever it is."""
    cut = len(value) >= _LONG and not _NEVER_CUT.match(value)

    def head(text: str) -> str:
        start = text[:_CUT]
        return start if cut and len(text) >= _LONG and not re.search(r"\s", start) and not is_name(start) else text

    for text in (value, *_lines(value)):
        if len(text) >= _SHORTEST and not _NUMBER.fullmatch(text) and not is_name(text):
            yield Form(text, label, head(text), alone=len(text) < _WORD_ALONE or text.isdecimal())
    for text in _in_base64(value):
        yield Form(text, label, head(text), encoded=True)


class Search:
    """All forms at once, longest first, by one regular expression."""

    def __init__(self, forms: tuple[Form, ...]) -> None:
        self.forms = forms
        patterns = dict.fromkeys(form.pattern() for form in forms)
        self._pattern = re.compile("|".join(patterns)) if patterns else None
        self._spaces = any(" " in form.text for form in forms)

    def stretches(self, text: str) -> Iterator[Stretch]:
        """The stretches to mask, in order; overlapping ones are merged."""
        if self._pattern is None:
            return
        # Most texts hold none, and can be read in one way alone.
        if reads_one_way(text) and "***" not in text and not self._pattern.search(text):
            return
        found = [
            stretch
            for reading in readings(text, spaces=self._spaces)
            for stretch in self._in(reading.text, reading.place)
        ]
        if "***" in text:
            found += _starred(text, self.forms)
        last: Stretch | None = None
        for stretch in sorted(found, key=lambda stretch: (stretch.start, -stretch.end)):
            if last is not None and stretch.start < last.end:
                last = Stretch(last.start, max(last.end, stretch.end), last.label)
                continue
            if last is not None:
                yield last
            last = stretch
        if last is not None:
            yield last

    def whole_until(self, text: str, end: int) -> int:
        """The last place up to ``end`` where ``text`` may be parted without parting a secret, begun or whole."""
        finished = text[:end]
        # What ends with a line can only go on in the next one if it has several.
        forms = [form for form in self.forms if "\n" in form.text] if finished.endswith("\n") else self.forms
        for reading in readings(finished, spaces=self._spaces) if forms else ():
            for start in (form.begun_in(reading.text) for form in forms):
                end = min(end, reading.place(start, start)[0])
        for found in self.stretches(text):
            if found.start < end < found.end:
                end = found.start
        return end

    def _in(self, text: str, place: Callable[[int, int], tuple[int, int]]) -> Iterator[Stretch]:
        pattern = self._pattern
        hit = pattern.search(text) if pattern else None
        while pattern and hit:
            start = hit.start()
            ends = [(end, form.label) for form in self.forms if (end := form.end_in(text, start)) is not None]
            if ends:
                end, label = max(ends, key=lambda ending: ending[0])
                yield Stretch(*place(start, end), label)
            hit = pattern.search(text, start + 1)


def _starred(text: str, forms: Iterable[Form]) -> Iterator[Stretch]:
    """Secrets that a vendor masked in its own way, which leaves a beginning and an end: ``sk-pr***wxyz``."""
    for found in _STARRED.finditer(text):
        for form in forms:
            before, after = _beginning(form.text, found[1]), _ending(form.text, found[2])
            if before and after:
                yield Stretch(found.end(1) - before, found.start(2) + after, form.label)
                break


def _agreeing(text: str, other: str) -> int:
    """With how many characters both begin."""
    pairs = zip(text, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(text), len(other)))


def _beginning(secret: str, text: str) -> int:
    """The number of characters at the end of ``text`` that begin a secret; 0 if too few."""
    sizes = range(min(len(secret), len(text)), _STARRED_BEGINNING - 1, -1)
    return next((size for size in sizes if text.endswith(secret[:size])), 0)


def _ending(secret: str, text: str) -> int:
    """The number of characters at the start of ``text`` that end a secret; 0 if too few."""
    sizes = range(min(len(secret), len(text)), _STARRED_END - 1, -1)
    return next((size for size in sizes if text.startswith(secret[-size:])), 0)


def _lines(value: str) -> Iterator[str]:
    if "\n" in value:
        lines = (line.strip() for line in value.splitlines())
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE and not _ARMOR.fullmatch(line))


def _in_base64(value: str) -> Iterator[str]:
    """The forms of ``value`` within base64 (RFC 4648), by its offset in a group of three bytes."""
    from base64 import b64encode

    data = value.encode("utf-8", "surrogateescape")
    if len(data) < _WORD_ALONE:
        return
    # The first characters hold bits of what stands before, and the last ones of what follows.
    for before, mixed in ((0, 0), (1, 2), (2, 3)):
        text = b64encode(b"\0" * before + data).decode("ascii")[mixed : (before + len(data)) * 8 // 6]
        yield text
        yield text.translate(str.maketrans("+/", "-_"))
