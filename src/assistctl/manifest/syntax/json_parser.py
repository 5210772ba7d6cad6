"""JSON text -> nodes with positions.

``json`` decides what is valid and what each value is; only where the values stand is worked out here, since no
parser in the standard library tells. (YAML's would, but it refuses valid JSON such as ``"\\ud83d\\ude00"``.)
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.manifest.syntax.yaml_values import MAX_DEPTH, Node, unusable_text

_SPACE = re.compile(r"[ \t\n\r]*")
_MAX_DIGITS = 400


def compose_json(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """The value in ``text`` (``None`` if it is no JSON) and what is wrong with it, each with its position."""
    composer = _Composer(text, file)
    try:
        json.loads(text, parse_int=float)
        root, _ = composer.value(composer.after_space(0), 0)
    except json.JSONDecodeError as error:
        message = f"this is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return None, [Diagnostic(Severity.ERROR, message, position=composer.position(error.pos))]
    except RecursionError:
        too_deep = f"the nesting is deeper than {MAX_DEPTH} levels"
        return None, [Diagnostic(Severity.ERROR, too_deep, "Flatten it.", position=composer.position(0))]
    return root, composer.problems


class _Composer:
    """Walks over text that is known to be valid JSON."""

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[Diagnostic] = []
        self._text = text
        self._file = file
        self._line_starts = [0, *(end.end() for end in re.finditer(r"\r\n|\r|\n", text))]
        self._decode = json.JSONDecoder(parse_int=_read_int).raw_decode

    def value(self, start: int, depth: int) -> tuple[Node, int]:
        """The value that starts at ``start``, and where it ends. Raises ``RecursionError`` beyond the bound."""
        if depth > MAX_DEPTH:
            raise RecursionError
        if self._text[start] == "{":
            return self._object(start, depth)
        if self._text[start] == "[":
            return self._array(start, depth)
        value, end = self._decode(self._text, start)
        node = Node(value, self.position(start), written=self._text[start:end])
        if isinstance(value, float) and not math.isfinite(value):
            self._report(node.position, f"{node.written[:40]} is not a number that JSON can carry", "")
        elif isinstance(value, str) and (reason := unusable_text(value)):
            self._report(node.position, f"this text {reason}", "")
        return node, end

    def position(self, offset: int) -> Position:
        """The line and column of an offset."""
        line = bisect_right(self._line_starts, offset)
        return Position(self._file, line, offset - self._line_starts[line - 1] + 1)

    def after_space(self, offset: int) -> int:
        """The first offset from ``offset`` on that is no white space."""
        found = _SPACE.match(self._text, offset)
        return found.end() if found else offset

    def _object(self, start: int, depth: int) -> tuple[Node, int]:
        pairs: dict[str, Node] = {}
        node = Node(pairs, self.position(start))
        at = self.after_space(start + 1)
        while self._text[at] != "}":
            key, end = self._decode(self._text, at)
            colon = self.after_space(end)
            child, end = self.value(self.after_space(colon + 1), depth + 1)
            self._add_pair(node, pairs, key, at, child)
            at = self._after_comma(end)
        return node, at + 1

    def _array(self, start: int, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        node = Node(items, self.position(start))
        at = self.after_space(start + 1)
        while self._text[at] != "]":
            child, end = self.value(at, depth + 1)
            items.append(child)
            at = self._after_comma(end)
        return node, at + 1

    def _after_comma(self, end: int) -> int:
        at = self.after_space(end)
        return self.after_space(at + 1) if self._text[at] == "," else at

    def _add_pair(self, node: Node, pairs: dict[str, Node], key: str, at: int, child: Node) -> None:
        if key in pairs:
            first = node.key_position(key)
            self._report(
                self.position(at), f"the key {key[:60]!r} is there twice: first at {first}", "Keep one of the two."
            )
            return
        pairs[key] = child
        node.keys[key] = self.position(at)

    def _report(self, position: Position, summary: str, detail: str) -> None:
        self.problems.append(Diagnostic(Severity.ERROR, summary, detail, position=position))


def _read_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf
