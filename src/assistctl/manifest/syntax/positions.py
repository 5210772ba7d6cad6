"""Where each value of a document stands, by its path: worked out when somebody asks, which is hardly ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from assistctl.manifest.syntax.node import Node, Path, dotted
from assistctl.model.diagnostics import Position


class Positions(Mapping[str, Position]):
    """The position of each value below what ``root`` returns, by path: ``tools[0].function.name``."""

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
