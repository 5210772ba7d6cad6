"""Markdown with front matter: YAML between two lines ``---`` at the top of the file, and prose below it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"---[ \t]*")
_TOP_LEVEL_KEY = re.compile(r"([\"']?)([A-Za-z_][\w-]*)\1[ \t]*:(?:\s|$)")
_EMPTY_LINES = re.compile(r"(?:[ \t]*\n)*")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The two parts of a Markdown file.

    ``yaml`` begins with the file's first line, so that its lines are those of the file. ``body`` is what stands
    below, without the empty lines around it, its line breaks as YAML reads them; it starts on ``body_line``.
    Without a closing line (``closed``) all that follows the first is in ``yaml``.
    """

    yaml: str
    body: str = ""
    body_line: int = 1
    closed: bool = True

    @property
    def keys(self) -> frozenset[str]:
        """The keys on the top level of the front matter, also where it is not valid YAML.

        Where nothing closes it they are looked for up to the first empty line: what follows may be prose.
        """
        lines = self.yaml.splitlines()[1:]
        if not self.closed:
            end = next((place for place, line in enumerate(lines) if not line.strip()), len(lines))
            lines = lines[:end]
        return frozenset(found[2] for line in lines if (found := _TOP_LEVEL_KEY.match(line)))


def front_matter(text: str) -> FrontMatter | None:
    """The parts of ``text``, which has no byte order mark; ``None`` when its first line is not ``---``."""
    lines = re.split(r"\r\n|\r|\n", text)
    if not _FENCE.fullmatch(lines[0]):
        return None
    end = next((place for place, line in enumerate(lines) if place and _FENCE.fullmatch(line)), None)
    if end is None:
        return FrontMatter("\n".join(lines), closed=False)
    below = "\n".join(lines[end + 1 :])
    empty = _EMPTY_LINES.match(below)
    start = empty.end() if empty else 0
    return FrontMatter("\n".join((*lines[:end], "")), below[start:].rstrip(), end + 2 + below[:start].count("\n"))
