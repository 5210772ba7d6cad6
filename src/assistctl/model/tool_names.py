"""The names that tell an assistant's tools apart: their type, or a name inside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from assistctl.json_value import Json

NamePath: TypeAlias = tuple[str, ...]
"""Where in a tool its name stands: ``("function", "name")``."""

_UNNAMED = "?"


@dataclass(frozen=True)
class ToolNames:
    """The places of the names in a platform's tools.

    ``paths`` are, by the type of a tool, the places of the name that is its identity; the first of them counts
    whose surroundings are there. Every other tool is called by its type, and behind it, where several tools of one
    type can be told apart, by the first of its ``labels`` that is there: ``mcp:stripe``. Those of the Assistants
    API, and of the vendors whose tools are declared beside its own, unless it is said otherwise.

    What was applied is remembered by these identities: other ones make every tool look changed.
    """

    paths: Mapping[str, tuple[NamePath, ...]] = field(
        default_factory=lambda: {"function": (("function", "name"), ("name",))}
    )
    labels: tuple[NamePath, ...] = (("server_label",), ("mcp_server_name",))

    def identities(self, tools: Iterable[Json]) -> list[str]:
        """A name for each tool in a list, which no other in it has: repeated ones are numbered ``#2``.

        A function may be named like a type; the type then goes first, whatever the order in the list.
        """
        names = [(self._name(tool), _type_of(tool) in self.paths) for tool in tools]
        counts: dict[str, int] = {}
        identities = [""] * len(names)
        for place, (name, _) in sorted(enumerate(names), key=lambda item: item[1][1]):
            counts[name] = counts.get(name, 0) + 1
            identities[place] = name if counts[name] == 1 else f"{name}#{counts[name]}"
        return identities

    @cached_property
    def parts(self) -> frozenset[NamePath]:
        """The places in a tool that its identity may be made from, with all that is around them."""
        paths = [("type",), *self.labels, *(path for paths in self.paths.values() for path in paths)]
        return frozenset(path[:length] for path in paths for length in range(1, len(path) + 1))

    def _name(self, tool: Json) -> str:
        if not isinstance(tool, dict):
            return _UNNAMED
        for path in self.paths.get(_type_of(tool), ()):
            if isinstance(_at(tool, path[:-1]), dict):
                return str(_at(tool, path))
        label = next((label for path in self.labels if (label := _at(tool, path))), None)
        return f"{tool.get('type')}:{label}" if label else str(tool.get("type"))


ASSISTANTS_API_TOOLS = ToolNames()
"""How the tools of the Assistants API are told apart."""


def _type_of(tool: Json) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return kind if isinstance(kind, str) else ""


def _at(tool: Json, path: NamePath) -> Json:
    found = tool
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found
