"""The text of HTML pages."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from assistctl.local.vector_stores.plain_text import text_at

_NO_TEXT = frozenset({"script", "style", "template", "head"})
_INLINE = """a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q s samp small span strong sub
    sup time tt u var wbr"""


def read_html(path: Path) -> Iterator[str]:
    """The visible text of a page; the title too."""
    reader = _HtmlReader()
    reader.feed(text_at(path))
    reader.close()
    yield reader.text


class _HtmlReader(HTMLParser):
    """Collects text; the end of what is no inline element ends a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inline = frozenset(_INLINE.split())
        self._parts: list[str] = []
        self._hidden: list[str] = []
        self._in_title = False

    @property
    def text(self) -> str:
        """The lines that have text."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).splitlines())
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """See ``HTMLParser``."""
        self._in_title = tag == "title"
        if tag in _NO_TEXT:
            self._hidden.append(tag)
        elif tag == "body":
            # Ends a <head> whose end tag was left out.
            self._hidden.clear()
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        """See ``HTMLParser``."""
        self._break(tag)
        self._in_title = False
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]

    def handle_data(self, data: str) -> None:
        """See ``HTMLParser``."""
        if self._in_title or not self._hidden:
            # Line ends in the source are spaces on the page.
            self._parts.append(data.replace("\n", " ").replace("\r", " "))

    def _break(self, tag: str) -> None:
        if tag not in self._inline:
            self._parts.append("\n")
