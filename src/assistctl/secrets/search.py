"""Where secrets stand in a text, by all the forms that they may have there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from assistctl.secrets.forms import Form, Stretch, starred
from assistctl.secrets.readings import readings, reads_one_way


class Search:
    """All forms at once, longest first, by one regular expression."""

    def __init__(self, forms: tuple[Form, ...]) -> None:
        self.forms = forms
        patterns = dict.fromkeys(form.pattern() for form in forms)
        self._pattern = re.compile("|".join(patterns)) if patterns else None
        self._spaces = any(" " in form.text for form in forms)

    def stretches(self, text: str) -> Iterator[Stretch]:
        """What is to be masked, in order; what overlaps is one."""
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
            found += starred(text, self.forms)
        last: Stretch | None = None
        for one in sorted(found, key=lambda one: (one.start, -one.end)):
            if last is not None and one.start < last.end:
                last = Stretch(last.start, max(last.end, one.end), last.label)
                continue
            if last is not None:
                yield last
            last = one
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
                end, label = max(ends, key=lambda one: one[0])
                yield Stretch(*place(start, end), label)
            hit = pattern.search(text, start + 1)
