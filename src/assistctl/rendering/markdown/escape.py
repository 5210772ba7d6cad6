"""Text put into GitHub Flavored Markdown so that it is shown as it is and does nothing.

Rules: CommonMark 0.31 (backslash escapes 2.4, entities 2.5, code spans 6.1, fences 4.5) and the GFM spec
(tables 4.10, autolinks 6.9). Mentions, references and emoji codes are found by the hosts after rendering, where an
escape no longer shows; a zero-width space, written as an entity, keeps them apart.
"""

from __future__ import annotations

import re

from assistctl.secrets.escaping import visible

_GAP = "&#8203;"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_PUNCTUATION = re.compile(r"[&<>|\\`*_{}\[\]#~$^]")
_STARTS = re.compile(r"([@#!~%$:])(?=[^\s])")
_WEB = re.compile(r"(www|ftp|mailto|xmpp)(?=[.:])", re.IGNORECASE)


def plain(text: str) -> str:
    """``text`` for anywhere in a line but its start, table cells too."""
    kept_apart = _WEB.sub(r"\1\0", _STARTS.sub(r"\1\0", visible(text)))
    return _PUNCTUATION.sub(_escape, kept_apart).replace("\0", _GAP)


def code(text: str) -> str:
    """``text`` as a code span, for anywhere in a line but a table cell."""
    shown = visible(text)
    fence = "`" * (_longest_run(shown) + 1)
    padding = " " if shown[:1] in {"`", " ", ""} or shown[-1:] in {"`", " "} else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def code_cell(text: str) -> str:
    """``text`` as a code span in a table cell, where a pipe needs an escape even in code."""
    return code(text).replace("|", "\\|")


def html_code(text: str) -> str:
    """``text`` as code inside an HTML block, where Markdown is not read."""
    return f"<code>{''.join(_ENTITIES.get(char, char) for char in visible(text))}</code>"


def fence_for(lines: list[str]) -> str:
    """A code fence that nothing in ``lines`` closes."""
    return "`" * max(3, *(_longest_run(line) + 1 for line in lines))


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return _ENTITIES.get(char, f"\\{char}")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
