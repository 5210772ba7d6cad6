"""YAML text -> values, bare and with the places where they stand.

PyYAML composes its own nodes here, which takes half the time that composing ours from its events does. What would
need a word, or a rule that its nodes have no room for, is left to ``yaml_parser``: tags, anchors, merge keys, keys
that are no text or are there twice, numbers that no API takes, and all that is no YAML.

Plain scalars mean what YAML 1.2's core schema says (https://yaml.org/spec/1.2.2/#103-core-schema), here and in
``yaml_parser``. Only ``true`` and ``false`` are booleans there: ``on``, ``yes``, dates and ``12:30`` are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import yaml
from yaml.nodes import MappingNode, ScalarNode

from assistctl.checkout.untrusted_files import BYTE_ORDER_MARK, UnusableFileError, as_text, line_and_column
from assistctl.diagnostics import Position
from assistctl.json_value import Json

MAX_BYTES = 64 * 1024
"""How long a text may be. A value takes a byte at least, so without aliases no document is too large for us."""
MAX_DEPTH = 100
"""How deep collections may be nested."""

_MAX_DOCUMENTS = 100
# libyaml before 0.2.6 lets collections be nested without end, and the parser composes them recursively, each with
# 300 bytes of the stack: so many bytes, or so many that may open one, it can take on every system.
_MAX_NESTED_BYTES = 4096
_MAX_OPENING = 512
_OPENING = (b"[", b"{", b"-", b"?")
_BEFORE_MARKS = frozenset(b"\t\n\r []{},:-?\"'%@`")
_REFERENCE = "${"

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAY_BE_NUMBER = frozenset("0123456789+-.")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")
_MAX_NUMBER_LENGTH = 400
# What YAML calls printable (https://yaml.org/spec/1.2.2/#51-character-set), less the three that only YAML 1.1
# takes for line breaks: parsers and editors would not agree on what line something is on.
# Compiled by ``re`` when it is needed, which is hardly ever: it takes as long as reading a hundred manifests.
_NOT_PRINTABLE = r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_PRINTABLE_ASCII = bytes((*b"\t\n\r", *range(0x20, 0x7F)))


class Mark(Protocol):
    """A place as the parser has it; both numbers count from 0."""

    line: int
    column: int


Place: TypeAlias = "Position | tuple[str, Mark | None]"
"""Where something stands: as a position, or as the parser has it, with the file's name."""
Scalar: TypeAlias = "bool | int | float | str | None"
Path: TypeAlias = "tuple[str | int, ...]"


class Text(NamedTuple):
    """A text in which something may be to fill in: where it stands, and whether it has no quotes."""

    path: Path
    text: str
    plain: bool


class Values(NamedTuple):
    """One document: a mapping, the ``texts`` in it with ``${``, and where it and its ``key`` start."""

    value: dict[str, Json]
    texts: tuple[Text, ...]
    place: Mark
    key_place: Mark


def read_values(data: bytes) -> list[Values] | None:
    """The documents in ``data``, which is UTF-8; ``None`` where ``yaml_parser.compose`` has to read them."""
    if len(data) > MAX_BYTES or _may_mark(data, b"!") or _may_mark(data, b"&"):
        return None
    if len(data) > _MAX_NESTED_BYTES and sum(map(data.count, _OPENING)) > _MAX_OPENING:
        return None
    # Single bytes are looked for much faster than two.
    has_escapes, has_references = b"\\" in data, b"$" in data
    try:
        found = [_document(root, has_references=has_references) for root in _roots(data)]
        if has_escapes:
            _refuse_unusable([document.value for document in found])
    except (_UnusualError, NumberRefusedError, yaml.YAMLError, ValueError):
        return None
    return found if len(found) <= _MAX_DOCUMENTS else None


def usual_bytes(data: bytes) -> bytes:
    """``data`` of a YAML file, as ``read_values`` takes it. Raises ``UnusableFileError`` for what is no text."""
    # What of ASCII is not allowed the parser refuses as well.
    return data if data.isascii() else as_yaml_text(data).encode()


def as_yaml_text(data: bytes) -> str:
    """The text of a YAML file that was read, without a byte order mark. Raises ``UnusableFileError``."""
    return require_printable(as_text(data).removeprefix(BYTE_ORDER_MARK))


def require_printable(text: str) -> str:
    """``text``, which YAML can hold. Raises ``UnusableFileError`` for a character that it cannot."""
    unprintable = unprintable_in(text)
    if unprintable:
        raise UnusableFileError(
            f"the character U+{ord(unprintable[0]):04X} is not allowed in YAML",
            f'Write it as an escape in double quotes: "\\u{ord(unprintable[0]):04x}".',
            line_and_column(text, unprintable.start()),
        )
    return text


def unprintable_in(text: str) -> re.Match[str] | None:
    """The first character that a YAML file can only hold as an escape, or ``None``."""
    if text.isascii() and not text.encode("ascii").translate(None, _PRINTABLE_ASCII):
        return None
    return re.search(_NOT_PRINTABLE, text)


class Nodes:
    """The nodes of documents that ``read_values`` has read, from the same ``data`` once somebody asks for any.

    To keep what the parser composed would cost more than to have it composed again for the few that are asked for.
    """

    __slots__ = ("_data", "_file", "_roots")

    def __init__(self, data: bytes, file: str) -> None:
        self._data, self._file = data, file
        self._roots: list[yaml.Node] = []

    def root(self, place: int) -> Node:
        """That of the document at ``place``."""
        self._roots = self._roots or list(_roots(self._data))
        return _as_node(self._roots[place], self._file)


@dataclass(slots=True)
class Node:
    """One value of a document.

    ``place`` is where it stands, and ``keys`` where a mapping's keys do: ``position`` and ``key_position`` are
    made when somebody asks, which is hardly ever. ``written`` is a scalar's text before it was taken for a
    number or a boolean, and ``plain`` whether it stood without quotes. ``weight`` counts the values in it,
    long texts as several, ``height`` the levels of collections; aliased values count each time.
    ``broken`` values were reported already and are not to be checked further.
    """

    value: Scalar | list[Node] | dict[str, Node]
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    written: str = ""
    plain: bool = False
    broken: bool = False
    weight: int = 1
    height: int = 0

    @property
    def position(self) -> Position:
        """The position of the node."""
        return _position(self.place)

    def key_position(self, key: str) -> Position:
        """The position of ``key`` in a mapping; that of the mapping when it has no such key."""
        return _position(self.keys.get(key, self.place))

    def child(self, step: str | int) -> Node | None:
        """The value under a key or an index, if there is one."""
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None


class Positions(Mapping[str, Position]):
    """The position of each value in what ``root`` returns, by path: ``tools[0].function.name``.

    It is worked out when somebody asks, which is hardly ever.
    """

    __slots__ = ("_known", "_waiting")

    def __init__(self, root: Callable[[], Node]) -> None:
        self._waiting: list[tuple[Callable[[], Node], Path]] = [(root, ())]
        self._known: dict[str, Position] = {}

    def add(self, root: Node, path: Path) -> None:
        """Let ``root``, of another file, stand at ``path``."""
        self._waiting.append((lambda: root, path))

    def __getitem__(self, path: str) -> Position:
        return self._all()[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Position]:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for root, path in waiting:
                self._add(root(), path)
        return self._known

    def _add(self, node: Node, path: Path) -> None:
        self._known[dotted(path)] = node.position
        if isinstance(node.value, dict):
            for key, child in node.value.items():
                self._add(child, (*path, key))
        elif isinstance(node.value, list):
            for place, child in enumerate(node.value):
                self._add(child, (*path, place))


def merged(base: Node, over: Node) -> Node:
    """``base`` with ``over`` on top: mappings are merged at every level, anything else is replaced."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    both = {
        key: merged(base.value[key], child) if key in base.value else child for key, child in over.value.items()
    }
    return replace(
        base,
        value={**base.value, **both},
        keys={**base.keys, **over.keys},
        weight=base.weight + over.weight,
        height=max(base.height, over.height),
    )


def plain_value(node: Node) -> Json:
    """The bare value, without positions."""
    if isinstance(node.value, dict):
        return {key: plain_value(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain_value(child) for child in node.value]
    return node.value


def value_at(value: Json, path: Path) -> Json:
    """The part of a bare value at ``path``; ``None`` where there is nothing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def put(value: Any, path: Path, part: Json) -> None:  # noqa: ANN401 - walks through whatever JSON is there
    """Put ``part`` into ``value`` at ``path``."""
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = part


def dotted(path: Iterable[str | int]) -> str:
    """A path as messages and ``Desired.positions`` have it: ``tools[0].function.name``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


class NumberRefusedError(ValueError):
    """A number that JSON has no word for, or one longer than any API takes."""


def read_plain(text: str) -> Scalar:
    """The value of a plain scalar. Raises ``NumberRefusedError`` for ``.nan``, ``.inf`` and endless numbers."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER:
        return text
    return _read_number(text)


def unusable_text(text: str) -> str | None:
    """The reason why no API takes a text, as the end of a sentence; ``None`` for a usable one."""
    if "\0" in text:
        return "contains a NUL character"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "contains half of a surrogate pair, which is not a character"
    return None


def _may_mark(data: bytes, indicator: bytes) -> bool:
    """Whether there may be a tag (``!``), which the parser's nodes do not always tell, or an anchor (``&``)."""
    place = data.find(indicator)
    while place >= 0:
        if place == 0 or data[place - 1] in _BEFORE_MARKS:
            return True
        place = data.find(indicator, place + 1)
    return False


class _UnusualError(Exception):
    """There is something that only nodes of ours have room for."""


def _document(root: yaml.Node, *, has_references: bool) -> Values:
    if type(root) is not MappingNode:
        raise _UnusualError
    value = _mapping(root, 1)
    texts = tuple(_texts(root, ())) if has_references else ()
    key = next(child for key, child in root.value if key.value == "key") if "key" in value else root
    return Values(value, texts, root.start_mark, key.start_mark)


def _mapping(node: MappingNode, depth: int) -> dict[str, Json]:
    if depth > MAX_DEPTH or _is_tagged(node):
        raise _UnusualError
    pairs: dict[str, Json] = {}
    for key_node, child in node.value:
        key = _scalar(key_node) if type(key_node) is ScalarNode else None
        if type(key) is not str or key in pairs or key == "<<":
            raise _UnusualError
        pairs[key] = _scalar(child) if type(child) is ScalarNode else _collection(child, depth + 1)
    return pairs


def _collection(node: yaml.Node, depth: int) -> Json:
    if type(node) is MappingNode:
        return _mapping(node, depth)
    if depth > MAX_DEPTH or _is_tagged(node):
        raise _UnusualError
    return [_scalar(item) if type(item) is ScalarNode else _collection(item, depth + 1) for item in node.value]


def _scalar(node: ScalarNode) -> Scalar:
    text: str = node.value
    return _meant(text) if _is_plain(node) else text


_meant = lru_cache(4096)(read_plain)


def _is_plain(node: ScalarNode) -> bool:
    """Whether a scalar stands without quotes. Raises ``_UnusualError`` for one with a tag."""
    # The tag is what ``_Parser.resolve`` made of it, unless one is written.
    implicit: object = node.tag
    if type(implicit) is not tuple:
        raise _UnusualError
    return implicit[0] is True


def _is_tagged(node: yaml.Node) -> bool:
    implicit: object = node.tag
    return implicit is not True


def _read_number(text: str) -> Scalar:
    if _NOT_FINITE.fullmatch(text):
        raise NumberRefusedError("is not a finite number")
    if not any(form.fullmatch(text) for form in (_DECIMAL, _OCTAL, _HEXADECIMAL, _FLOAT)):
        return text
    if len(text) > _MAX_NUMBER_LENGTH:
        raise NumberRefusedError("has too many digits")
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return int(text, 0)
    number = float(text)
    if not math.isfinite(number):
        raise NumberRefusedError("is too large")
    return number


def _texts(node: yaml.Node, path: Path) -> Iterator[Text]:
    if type(node) is ScalarNode:
        if _REFERENCE in node.value:
            yield Text(path, node.value, _is_plain(node))
    elif type(node) is MappingNode:
        for key, child in node.value:
            yield from _texts(child, (*path, key.value))
    else:
        for place, child in enumerate(node.value):
            yield from _texts(child, (*path, place))


def _refuse_unusable(value: Json) -> None:
    """Raise ``_UnusualError`` for a text that escapes let hold what no API takes."""
    if isinstance(value, str):
        if unusable_text(value):
            raise _UnusualError
    elif isinstance(value, dict):
        for key, child in value.items():
            _refuse_unusable(key)
            _refuse_unusable(child)
    elif isinstance(value, list):
        for child in value:
            _refuse_unusable(child)


def _as_node(node: yaml.Node, file: str) -> Node:
    place = (file, node.start_mark)
    if type(node) is ScalarNode:
        return Node(_scalar(node), place, written=node.value, plain=_is_plain(node))
    if type(node) is MappingNode:
        keys = {key.value: (file, key.start_mark) for key, _ in node.value}
        return Node({key.value: _as_node(child, file) for key, child in node.value}, place, {**keys})
    return Node([_as_node(item, file) for item in node.value], place)


def _position(place: Place) -> Position:
    if isinstance(place, Position):
        return place
    file, mark = place
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)


if TYPE_CHECKING or not yaml.__with_libyaml__:

    def _roots(_data: bytes) -> Iterator[yaml.Node]:
        """The root of each document. Raises ``yaml.YAMLError`` and, without libyaml, ``_UnusualError``."""
        raise _UnusualError

else:

    class _Parser(yaml.cyaml.CParser):
        def resolve(self, _kind: type[yaml.Node], _value: str | None, implicit: object) -> object:
            """For a tag, whether it is left to the schema: for a scalar, without and with quotes."""
            return implicit

        def descend_resolver(self, _parent: yaml.Node | None, _index: object) -> None:
            """Needed by the parser."""

        def ascend_resolver(self) -> None:
            """Needed by the parser."""

    def _roots(data: bytes) -> Iterator[yaml.Node]:
        """The root of each document. Raises ``yaml.YAMLError``."""
        parser = _Parser(data)
        while parser.check_node():
            yield parser.get_node()
