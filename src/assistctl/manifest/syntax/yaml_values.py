"""YAML text -> bare values, where all in it is of the usual kind.

PyYAML composes its own nodes here, which takes half the time that composing ours from its events does. What would
need a word, or a rule that its nodes have no room for, is left to ``yaml_parser``: tags, anchors, merge keys, keys
that are no text or are there twice, numbers that no API takes, and all that is no YAML.

Plain scalars mean what YAML 1.2's core schema says (https://yaml.org/spec/1.2.2/#103-core-schema), here and in
``yaml_parser``. Only ``true`` and ``false`` are booleans there: ``on``, ``yes``, dates and ``12:30`` are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import yaml
from yaml.nodes import MappingNode, ScalarNode

from assistctl.json_value import Json
from assistctl.manifest.files.readable_file import as_yaml_text
from assistctl.manifest.syntax.node import MAX_DEPTH, Node, Path, Scalar

if TYPE_CHECKING:
    from assistctl.manifest.syntax.node import Mark

MAX_BYTES = 64 * 1024
"""How long a text may be. A value takes a byte at least, so without aliases no document is too large for us."""

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


class NumberRefusedError(ValueError):
    """A number that JSON has no word for, or one longer than any API takes."""


def read_plain(text: str) -> Scalar:
    """What a plain scalar means. Raises ``NumberRefusedError`` for ``.nan``, ``.inf`` and endless numbers."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER:
        return text
    return _read_number(text)


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


def unusable_text(text: str) -> str | None:
    """Why no API takes a text, as the end of a sentence; ``None`` for one that is well."""
    if "\0" in text:
        return "contains a NUL character"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "contains half of a surrogate pair, which is no character"
    return None


class Text(NamedTuple):
    """A text in which something may be to fill in: where it stands, and whether it has no quotes."""

    path: Path
    text: str
    plain: bool


class Values(NamedTuple):
    """What one document holds: a mapping, the ``texts`` in it with ``${``, and where it and its ``key`` start."""

    value: dict[str, Json]
    texts: tuple[Text, ...]
    place: Mark
    key_place: Mark


def read_values(data: bytes) -> list[Values] | None:
    """What the documents in ``data``, which is UTF-8, hold; ``None`` where ``yaml_parser.compose`` is to say."""
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


def _may_mark(data: bytes, indicator: bytes) -> bool:
    """Whether there may be a tag (``!``), which the parser's nodes do not always tell, or an anchor (``&``)."""
    place = data.find(indicator)
    while place >= 0:
        if place == 0 or data[place - 1] in _BEFORE_MARKS:
            return True
        place = data.find(indicator, place + 1)
    return False


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


def _as_node(node: yaml.Node, file: str) -> Node:
    place = (file, node.start_mark)
    if type(node) is ScalarNode:
        return Node(_scalar(node), place, written=node.value, plain=_is_plain(node))
    if type(node) is MappingNode:
        keys = {key.value: (file, key.start_mark) for key, _ in node.value}
        return Node({key.value: _as_node(child, file) for key, child in node.value}, place, {**keys})
    return Node([_as_node(item, file) for item in node.value], place)


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


_meant = lru_cache(4096)(read_plain)


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
