"""A value that knows where it stands: what YAML and JSON files are read into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from assistctl.diagnostics import Position
from assistctl.json_value import Json


class Mark(Protocol):
    """A place as the parser has it; both numbers count from 0."""

    line: int
    column: int


Place: TypeAlias = "Position | tuple[str, Mark | None]"
"""Where something stands: as a position, or as the parser has it, with the file's name."""
Scalar: TypeAlias = "bool | int | float | str | None"
Path: TypeAlias = "tuple[str | int, ...]"

MAX_DEPTH = 100
"""How deep collections may be nested."""


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
        """Where it stands."""
        return _position(self.place)

    def key_position(self, key: str) -> Position:
        """Where ``key`` of a mapping stands; the mapping itself when it has none of that name."""
        return _position(self.keys.get(key, self.place))

    def child(self, step: str | int) -> Node | None:
        """The value under a key or an index, if there is one."""
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None


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


def _position(place: Place) -> Position:
    if isinstance(place, Position):
        return place
    file, mark = place
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)


def position_at(root: Node, path: Iterable[str | int]) -> Position:
    """Where the value at ``path`` stands, or the nearest one that encloses it."""
    node = root
    for step in path:
        child = node.child(step)
        if child is None:
            break
        node = child
    return node.position


def key_position_at(root: Node, path: Path, key: str) -> Position:
    """Where ``key`` of the mapping at ``path`` stands."""
    node: Node | None = root
    for step in path:
        node = node.child(step) if node else None
    return node.key_position(key) if node else position_at(root, path)


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


def dotted(path: Iterable[str | int]) -> str:
    """A path as messages and ``Desired.positions`` have it: ``tools[0].function.name``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
