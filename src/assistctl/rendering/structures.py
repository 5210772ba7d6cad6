"""Tools and lists in words: the signature of a function, the items that a list gains and loses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from assistctl.json_value import Json
from assistctl.rendering.values import value_text

_ITEM = re.compile(r".*\[\d+\]")
_LONGEST = 100


def tool_in_words(tool: Json) -> tuple[str, ...]:
    """A tool as people call it: ``order_status(order_id: string, limit?: integer)`` and its description.

    Nothing for what is no tool.
    """
    if not isinstance(tool, Mapping):
        return ()
    function = tool.get("function", tool)
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        kind = tool.get("type")
        return (kind,) if isinstance(kind, str) else ()
    description = function.get("description")
    signature = f"{function['name']}({', '.join(_parameters(function.get('parameters')))})"
    return (signature, *(description.splitlines() if isinstance(description, str) else ()))


def _parameters(schema: Json) -> Iterator[str]:
    """The parameters that a JSON Schema of an object declares; those that may be left out with a question mark."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    required = schema.get("required") if isinstance(schema, Mapping) else None
    must = [str(name) for name in required] if isinstance(required, Sequence) else []
    for name, part in properties.items() if isinstance(properties, Mapping) else ():
        kind = part.get("type") if isinstance(part, Mapping) else None
        shown = " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "any")
        yield f"{name}{'' if name in must else '?'}: {shown}"


def list_changes(path: str, old: Json, new: Json, *, most: int | None) -> str:
    """The items that a list gained and lost; empty where that would not tell all.

    ``most`` items are named of each (``None``: all).
    """
    before: list[Json]
    after: list[Json]
    if _ITEM.fullmatch(path) and (old is None) is not (new is None):
        before, after = [] if old is None else [old], [] if new is None else [new]
    elif isinstance(old, list) and isinstance(new, list):
        before, after = old, new
    else:
        return ""
    if not (_are_short(before) and _are_short(after)):
        return ""
    return _gained_and_lost([value_text(item) for item in before], [value_text(item) for item in after], most)


def _gained_and_lost(before: Sequence[str], after: Sequence[str], most: int | None) -> str:
    added = [item for item in after if item not in before]
    removed = [item for item in before if item not in after]
    if [item for item in after if item not in added] != [item for item in before if item not in removed]:
        return ""
    told = (("added", added), ("removed", removed))
    return ", ".join(f"{word} {named(items, most)}" for word, items in told if items)


def short_items(value: Json) -> list[str]:
    """The items of a list of short values, as they are shown; none of anything else."""
    return [value_text(item) for item in value] if isinstance(value, list) and _are_short(value) else []


def named(items: Sequence[str], most: int | None) -> str:
    """The items one after the other, and how many are left out after ``most`` of them."""
    hidden = 0 if most is None else max(len(items) - most, 0)
    more = f" and {hidden:,} more" if hidden else ""
    return ", ".join(items[: len(items) - hidden]) + more


def _are_short(items: Sequence[Json]) -> bool:
    return not any(isinstance(item, list | dict) or len(str(item)) > _LONGEST for item in items)
