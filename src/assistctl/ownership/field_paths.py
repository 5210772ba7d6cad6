"""Field paths: the dotted text people read and write, and the tokens code walks.

``tools[order_status].function.description`` is ``("tools", "order_status", "function", "description")``: a tool
is named by its identity and not by its place in the list. Metadata keys may contain dots and are one token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

Token: TypeAlias = str | int
Path: TypeAlias = tuple[Token, ...]

_PLAIN = re.compile(r"[^\s.\[\]\"]+")
_STEP = re.compile(r"\.?(?P<name>[^.\[\]]+)|\[(?P<item>[^\]]*)\]")


def dotted(path: Path) -> str:
    """The text of a path, as diffs and ``ignore_changes`` have it."""
    head, *rest = path
    if not rest:
        return str(head)
    if head == "metadata":
        return ".".join(map(str, path))
    text = str(head)
    for place, token in enumerate(rest):
        text += _step(token, in_brackets=head == "tools" and place == 0)
    return text


def parse(text: str) -> Path:
    """The tokens of a dotted path. A number in brackets counts as a list index, except for a tool."""
    if text.startswith("metadata."):
        return ("metadata", text.removeprefix("metadata."))
    tokens: list[Token] = []
    for step in _STEP.finditer(text):
        item = step["item"]
        is_index = item is not None and item.isdecimal() and tokens != ["tools"]
        tokens.append(int(item) if is_index else (item if item is not None else step["name"]))
    return tuple(tokens)


def covers(paths: Iterable[Path], unit: Path) -> bool:
    """Whether a whole unit is meant by one of ``paths``: its own, or one above it."""
    return any(unit[: len(path)] == path for path in paths)


def _step(token: Token, *, in_brackets: bool) -> str:
    if isinstance(token, int) or in_brackets:
        return f"[{token}]"
    return f".{token}" if _PLAIN.fullmatch(token) else f"[{token}]"
