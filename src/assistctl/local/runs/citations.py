"""Annotations of an answer: where it cites a search result, or names a file that was made, as it is written.

A search result is cited by its mark (``【4:0†name.md】``), a file by its path (``sandbox:/mnt/data/a.csv``). Both
stay in the text; an annotation's ``text`` is the slice of it between its indices, which count code points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from assistctl.json_value import Json

Fields = dict[str, Json]

_MARK = re.compile(r"【(\d+:\d+)†[^【】]*】")
_SANDBOX = "sandbox:"


def mark(position: str, filename: str) -> str:
    """The mark by which a result is cited; ``position`` is its two numbers."""
    return f"【{position}†{re.sub('[【】†]', '_', filename)}】"


class Annotator:
    """Finds the annotations of a text that grows. ``citations`` and ``paths`` are those of ``ToolResult``."""

    def __init__(self, citations: Mapping[str, str], paths: Mapping[str, str]) -> None:
        self._citations = citations
        self._paths = paths
        # A path that begins like another one, "a.c" and "a.csv", must not be found in its place.
        names = sorted(map(re.escape, paths), key=len, reverse=True)
        path = f"|{_SANDBOX}(?:{'|'.join(names)})" if names else ""
        self._pattern = re.compile(f"{_MARK.pattern}{path}")
        self._longest = len(_SANDBOX) + max(map(len, paths), default=0)
        self._looked = 0

    def found(self, text: str, *, is_whole: bool) -> list[Fields]:
        """The annotations that were not found before. A path waits as long as it may become a longer one, unless
        the text ``is_whole``."""
        annotations: list[Fields] = []
        for match in self._pattern.finditer(text, self._looked):
            if match[1] is None and not is_whole and match.start() + self._longest > len(text):
                break
            self._looked = match.end()
            annotation = self._annotation(match)
            if annotation is not None:
                annotations.append(annotation)
        self._looked = max(self._looked, self._undecided(text))
        return annotations

    def _undecided(self, text: str) -> int:
        """The earliest place where something begins that more text may complete; all before it is decided."""
        mark = text.rfind("【", self._looked)
        path = len(text) - self._longest
        return path if mark < 0 else min(mark, path)

    def _annotation(self, match: re.Match[str]) -> Fields | None:
        """The annotation for a mark; ``None`` for one that the model made up."""
        kind, file_id = "file_citation", self._citations.get(match[1] or "")
        if match[1] is None:
            kind, file_id = "file_path", self._paths.get(match[0].removeprefix(_SANDBOX))
        if file_id is None:
            return None
        return {
            "type": kind,
            "text": match[0],
            "start_index": match.start(),
            "end_index": match.end(),
            kind: {"file_id": file_id},
        }
