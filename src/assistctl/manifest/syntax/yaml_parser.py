"""YAML text -> nodes with positions.

PyYAML reads the text into events; what they mean is decided here, because its own loaders follow YAML 1.1
(``on`` is true there), keep the last of two equal keys, and expand aliases without bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

import yaml

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.manifest.syntax.yaml_errors import syntax_error
from assistctl.manifest.syntax.yaml_values import MAX_DEPTH, Node, NumberRefusedError, dotted, read_plain

MAX_WEIGHT = 100_000
"""How many values one document may come to once its aliases are expanded; long texts count for more than one."""

_CHARACTERS_PER_WEIGHT = 64
_MAX_PROBLEMS = 100
_MAX_DOCUMENTS = 1000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REFUSED_BY_LIBYAML = "found invalid Unicode character escape code"
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_CORE_TAG = "tag:yaml.org,2002:"
_COLLECTION_TAGS = {
    yaml.MappingStartEvent: (None, "!", f"{_CORE_TAG}map"),
    yaml.SequenceStartEvent: (None, "!", f"{_CORE_TAG}seq"),
}
_SCALAR_TAGS: dict[str, type | tuple[type, ...]] = {
    f"{_CORE_TAG}null": type(None),
    f"{_CORE_TAG}bool": bool,
    f"{_CORE_TAG}int": int,
    f"{_CORE_TAG}float": (int, float),
}
_TEXT_TAGS = ("!", f"{_CORE_TAG}str")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file. ``root`` is ``None`` when it holds nothing but comments."""

    root: Node | None
    position: Position
    problems: tuple[Diagnostic, ...] = ()


def compose(text: str, file: str) -> tuple[list[Document], list[Diagnostic]]:
    """The documents in ``text`` that could be read to their end, and what stopped the reading, if anything.

    ``file`` is the name positions carry. Never raises for what the text contains.
    """
    try:
        return _composed(text, file, _LOADER)
    except _HalvesRefusedError:
        return _composed(text, file, yaml.SafeLoader)


def _composed(text: str, file: str, loader: type[yaml.SafeLoader]) -> tuple[list[Document], list[Diagnostic]]:
    """The result of ``compose``. Raises ``_HalvesRefusedError`` where only PyYAML's own scanner can read on."""
    composer = _Composer(file, joins_halves=loader is yaml.SafeLoader)
    try:
        composer.read(loader(text))
    except _Stop as stop:
        return composer.documents, [*composer.problems, stop.problem]
    except (yaml.YAMLError, ValueError) as error:  # PyYAML's own scanner lets ValueErrors of escapes through
        if loader is not yaml.SafeLoader and _REFUSED_BY_LIBYAML in str(error):
            raise _HalvesRefusedError from error
        return composer.documents, [*composer.problems, syntax_error(error, text, file)]
    return composer.documents, []


class _HalvesRefusedError(Exception):
    """Libyaml met ``"\\ud83d\\ude00"``: JSON for one character in two halves, and JSON is YAML (YAML 1.2, 1.2)."""


class _Stop(Exception):  # noqa: N818 - control flow inside this module, no error a caller meets
    def __init__(self, problem: Diagnostic) -> None:
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A collection whose end was not met yet. ``key`` is the mapping key that waits for its value."""

    node: Node
    anchor: str | None
    key: Node | None = None
    merged: list[Node] = field(default_factory=list)

    def step(self) -> tuple[str | int, ...]:
        """The key or the index of the value that comes next."""
        if isinstance(self.node.value, list):
            return (len(self.node.value),)
        return (self.key.written,) if self.key and self.key.written else ()


class _Composer:
    def __init__(self, file: str, *, joins_halves: bool) -> None:
        self.documents: list[Document] = []
        self.problems: list[Diagnostic] = []
        self._file = file
        self._joins_halves = joins_halves
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._root: Node | None = None
        self._start = Position(file)
        self._handlers: dict[type[yaml.Event], Callable[..., None]] = {
            yaml.DocumentStartEvent: self._start_document,
            yaml.DocumentEndEvent: self._end_document,
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.SequenceStartEvent: self._start_collection,
            yaml.MappingStartEvent: self._start_collection,
            yaml.SequenceEndEvent: self._end_collection,
            yaml.MappingEndEvent: self._end_collection,
        }

    def read(self, loader: yaml.SafeLoader) -> None:
        """Take what is in the text, to its end. Raises ``yaml.YAMLError``, ``ValueError`` and ``_Stop``."""
        find_handler = self._handlers.get
        get_event: Callable[[], yaml.Event] = loader.get_event
        event = get_event()
        while type(event) is not yaml.StreamEndEvent:
            handler = find_handler(type(event))
            if handler:
                handler(event)
            event = get_event()

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        self._anchors, self._root = {}, None
        self._start = self._position(event)
        if len(self.documents) >= _MAX_DOCUMENTS:
            self._stop(event, f"there are more than {_MAX_DOCUMENTS} documents in this file", "Split it.")

    def _end_document(self, _event: yaml.DocumentEndEvent) -> None:
        root = self._root
        if root is not None and root.plain and root.written == "":
            root = None
        self.documents.append(Document(root, self._start, tuple(self.problems)))
        self.problems = []

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        tag, text = event.tag, event.value
        if self._joins_halves:
            text = _joined(text)
        plain = tag is None and event.implicit[0]
        weight = 1 + len(text) // _CHARACTERS_PER_WEIGHT
        node = Node(text, (self._file, event.start_mark), {}, text, plain, weight=weight)
        if plain or (tag is not None and tag not in _TEXT_TAGS):
            self._interpret(node, tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._add(node)

    def _interpret(self, node: Node, tag: str | None) -> None:
        if tag is not None and tag not in _SCALAR_TAGS:
            self._refuse_tag(node, tag)
            return
        try:
            node.value = read_plain(node.written)
        except NumberRefusedError as refused:
            self._problem(
                node.position, f"{node.written[:40]} {refused}", "Quote it if it is meant as text.", broken=node
            )
            return
        if tag is not None and not _is_tagged_right(node.value, tag):
            name = tag.removeprefix(_CORE_TAG)
            self._problem(
                node.position, f"{node.written[:40]!r} is not a !!{name}", "Remove the tag.", broken=node
            )

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = event.anchor
        if name not in self._anchors:
            self._stop(
                event, f"there is no anchor &{name} before this alias", "Define it further up in the document."
            )
        node = self._anchors[name]
        if node is None:
            self._stop(
                event, f"the alias *{name} stands inside what &{name} names", "A value cannot contain itself."
            )
        self._add(node)

    def _start_collection(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._stop(event, f"the nesting is deeper than {MAX_DEPTH} levels", "Flatten it.")
        node = Node({} if isinstance(event, yaml.MappingStartEvent) else [], (self._file, event.start_mark))
        if event.tag not in _COLLECTION_TAGS[type(event)]:
            self._refuse_tag(node, event.tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open(node, event.anchor))

    def _end_collection(self, _event: yaml.CollectionEndEvent) -> None:
        closed = self._open.pop()
        if isinstance(closed.node.value, dict):
            _merge(closed.node, closed.node.value, closed.merged)
        closed.node.height += 1
        if closed.anchor is not None:
            self._anchors[closed.anchor] = closed.node
        self._add(closed.node)

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        self._count(parent.node, node)
        siblings = parent.node.value
        if isinstance(siblings, list):
            siblings.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            self._add_pair(parent, parent.key, node)
            parent.key = None

    def _count(self, parent: Node, child: Node) -> None:
        parent.weight += child.weight
        if parent.weight > MAX_WEIGHT:
            self._stop_at(parent.position, "this document is too large, with its aliases expanded", "Split it.")
        if not child.height:
            return
        parent.height = max(parent.height, child.height)
        if len(self._open) + child.height > MAX_DEPTH:
            self._stop_at(child.position, f"the nesting is deeper than {MAX_DEPTH} levels", "Flatten it.")

    def _add_pair(self, parent: _Open, key: Node, value: Node) -> None:
        pairs = parent.node.value
        if not isinstance(pairs, dict):
            return
        if key.plain and key.written == "<<":
            self._add_merge(parent, key, value)
        elif not isinstance(key.value, str):
            if not key.broken:
                self._problem(key.position, *_no_key(key))
        elif key.value in pairs:
            first = parent.node.key_position(key.value)
            self._problem(
                key.position,
                f"the key {key.value[:60]!r} is there twice: first at {first}",
                "Keep one of the two.",
            )
        else:
            pairs[key.value] = value
            parent.node.keys[key.value] = key.place

    def _add_merge(self, parent: _Open, key: Node, value: Node) -> None:
        sources = value.value if isinstance(value.value, list) else [value]
        if parent.merged:
            self._problem(
                key.position, "there are two merge keys << here", "Give one a list: <<: [*first, *second]."
            )
        elif all(isinstance(source.value, dict) for source in sources):
            parent.merged = sources
        else:
            self._problem(
                value.position, "<< merges mappings, and this is not one", "Write <<: *anchor, or a list of them."
            )

    def _refuse_tag(self, node: Node, tag: str) -> None:
        shown = f"!!{tag.removeprefix(_CORE_TAG)}" if tag.startswith(_CORE_TAG) else tag
        self._problem(
            node.position,
            f"the tag {shown[:60]} is not allowed",
            "Manifests are plain data. Of the tags only !!str, !!int, !!float, !!bool, !!null, !!map, !!seq are.",
            broken=node,
        )

    def _problem(self, position: Position, summary: str, detail: str, *, broken: Node | None = None) -> None:
        if broken is not None:
            broken.broken = True
        if len(self.problems) >= _MAX_PROBLEMS:
            self._stop_at(position, "there are too many errors in this document", "Mend the first ones.")
        self.problems.append(Diagnostic(Severity.ERROR, summary, detail, path=self._path(), position=position))

    def _stop(self, event: yaml.Event, summary: str, detail: str) -> NoReturn:
        self._stop_at(self._position(event), summary, detail)

    def _stop_at(self, position: Position, summary: str, detail: str) -> NoReturn:
        raise _Stop(Diagnostic(Severity.ERROR, summary, detail, path=self._path(), position=position))

    def _path(self) -> str:
        """The path in the document of the value being read."""
        return dotted(step for place in self._open for step in place.step())

    def _position(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        return Position(self._file, mark.line + 1, mark.column + 1) if mark else Position(self._file)


def _joined(text: str) -> str:
    """``text`` with each pair of surrogates as the character it stands for; a half by itself stays."""
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def _is_tagged_right(value: object, tag: str) -> bool:
    wanted = _SCALAR_TAGS[tag]
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def _merge(node: Node, pairs: dict[str, Node], sources: list[Node]) -> None:
    """Add the pairs that are not there yet: a mapping's own win, then those of the sources in their order."""
    for source in sources:
        for key, value in source.value.items() if isinstance(source.value, dict) else ():
            if key not in pairs:
                pairs[key] = value
                node.keys[key] = source.keys[key]


def _no_key(key: Node) -> tuple[str, str]:
    if isinstance(key.value, dict | list):
        return "a key must be text", 'To start a text with { or [, quote it: "{{name}}".'
    return f"the key {key.written[:60]} is not text", f'Quote it: "{key.written[:60]}".'
