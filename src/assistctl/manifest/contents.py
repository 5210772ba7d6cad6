"""What a document holds, with the references in every text filled and what is known of each place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.manifest.project.variables import Variables
from assistctl.manifest.syntax.node import Node, Path, dotted
from assistctl.manifest.syntax.references import MAX_FILLED, Filled, FilledTooLongError, is_reference
from assistctl.manifest.syntax.scalars import NumberRefusedError, read_plain, unusable_text
from assistctl.manifest.syntax.yaml_values import Text
from assistctl.secrets.template import Template

_NOT_FILLED: tuple[Path, ...] = (("kind",), ("key",))


class Positions(Mapping[str, Position]):
    """Where each value below what ``root`` returns stands, by path: ``tools[0].function.name``.

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


@dataclass(slots=True)
class Contents:
    """A document's ``value`` and, by path, what is known of its parts.

    ``position`` is where it starts, ``key_position`` where its ``key`` stands, if it declares any, and ``nodes``
    what its other positions are read from.
    ``secret``: texts with an ``${env:}`` value, and what they are made of. ``unjudged``: values that are not
    known, or were reported already. ``references``: texts as written, where something was filled in.
    ``readings``: the other way to read a lone reference whose text means a number or a boolean.
    """

    nodes: Callable[[], Node]
    position: Position
    key_position: Position
    value: Json = None
    positions: Positions = field(init=False)
    secret: dict[Path, Template] = field(default_factory=dict)
    unjudged: set[Path] = field(default_factory=set)
    references: dict[Path, str] = field(default_factory=dict)
    readings: dict[Path, Json] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.positions = Positions(self.nodes)

    def report(self, path: Path, summary: str, detail: str = "", *, severity: Severity = Severity.ERROR) -> None:
        """Add a problem with the value at ``path``."""
        text = dotted(path)
        self.problems.append(Diagnostic(severity, summary, detail, path=text, position=self.positions.get(text)))


def fill(root: Node, variables: Variables) -> Contents:
    """The value of ``root``. References are filled in every text but ``kind``, ``key`` and the names of fields.

    Values of variables are text. A lone reference (``temperature: ${var:temperature}``) to a text that means a
    number or a boolean counts as one where the schema wants one, and as text where it wants text. Where it does
    not say, as inside ``parameters``, it counts as what YAML would make of it: text if it is quoted.
    """
    contents = Contents(lambda: root, root.position, (root.child("key") or root).position)
    contents.value = _Filling(contents, variables).value(root, ())
    return contents


def fill_texts(contents: Contents, texts: tuple[Text, ...], variables: Variables) -> None:
    """Fill the references in ``texts``, which are all that ``contents`` has, as ``fill`` does."""
    filling = _Filling(contents, variables)
    for path, text, plain in texts:
        put(contents.value, path, filling.text(text, path, plain=plain))


def put(value: Any, path: Path, part: Json) -> None:  # noqa: ANN401 - walks through whatever JSON is there
    """Put ``part`` into ``value`` at ``path``."""
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = part


class _Filling:
    def __init__(self, contents: Contents, variables: Variables) -> None:
        self.contents = contents
        self._variables = variables
        self._room = MAX_FILLED

    def value(self, node: Node, path: Path) -> Json:
        if node.broken:
            self.contents.unjudged.add(path)
        value = node.value
        if isinstance(value, str):
            return self.text(value, path, plain=node.plain)
        if isinstance(value, dict):
            return {self._key(key, path): self.value(child, (*path, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [self.value(child, (*path, place)) for place, child in enumerate(value)]
        return value

    def _key(self, key: str, path: Path) -> str:
        reason = unusable_text(key)
        if reason:
            self.contents.report(path, f"a key {reason}")
        return key

    def text(self, text: str, path: Path, *, plain: bool) -> Json:
        """What ``text`` at ``path`` means; ``plain`` says that it stands without quotes."""
        if "${" not in text or path in _NOT_FILLED:
            return self._usable(text, path)
        try:
            filled = self._variables.scope.fill(text, self._room)
        except FilledTooLongError:
            self._refuse(path, f"{dotted(path)} is too long when its references are filled")
            return text
        self._room -= max(0, len(filled.text) - len(text))
        self._note(filled, text, path)
        if filled.unset:
            return text
        if is_reference(text):
            return self._lone(filled.text, path, plain=plain)
        return self._usable(filled.text, path)

    def _note(self, filled: Filled, written: str, path: Path) -> None:
        contents = self.contents
        contents.references[path] = written
        if filled.secret:
            contents.secret[path] = filled.template
        for unset in filled.unset:
            contents.unjudged.add(path)
            said = self._variables.about(unset)
            if said:
                contents.report(path, said.summary, said.detail, severity=said.severity)
        for piece in filled.doubtful:
            contents.report(
                path,
                f"{piece} is no reference and is left as it is",
                "References are ${var:NAME} and ${env:NAME}, without spaces. For the text itself write "
                f"${piece}.",
                severity=Severity.WARNING,
            )

    def _lone(self, text: str, path: Path, *, plain: bool) -> Json:
        try:
            meant = read_plain(text)
        except NumberRefusedError:
            meant = text
        if not isinstance(meant, bool | int | float):
            return self._usable(text, path)
        self.contents.readings[path] = text if plain else meant
        return meant if plain else text

    def _usable(self, text: str, path: Path) -> str:
        reason = unusable_text(text)
        if reason:
            self._refuse(path, f"{dotted(path)} {reason}")
        return text

    def _refuse(self, path: Path, summary: str) -> None:
        self.contents.unjudged.add(path)
        self.contents.report(path, summary)
