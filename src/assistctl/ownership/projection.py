"""The observed fields, as far as the manifest covers them.

The Assistants API's own defaults are known, and ``canonical`` takes them out. Those of other platforms' fields and
tools are not: an answer fills in what nobody asked for (the mode of a web search, the permissions of a tool set).
There only what is declared is compared; the rest is the platform's affair.

So is what a platform answers on a tool of the Assistants API beside what that API has. APIs grow: ``async`` came
to functions within weeks, and a container to the code interpreter. What that API has of a tool is compared whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain, combinations, product
from math import prod

from assistctl.json_value import Json
from assistctl.ownership.canonical import PLATFORMS, TOOLS, Path

PARTLY_DECLARED = ("tools", PLATFORMS)
"""The fields of which a unit may hold more than is declared."""

# Of ten settings there are a thousand parts to digest.
_MOST_TRIED = 10
_MOST_PARTS = 2**_MOST_TRIED
# No set: what a server calls a type may be no text.
_KNOWN_TYPES = ("code_interpreter", "file_search")
# FunctionObject, AssistantToolsFileSearch and AssistantToolsCode in OpenAI's API description.
# What others changed in an environment that we made is told as ``environment`` (``platforms.openai.agent_link``).
_TOOL_NAMES = frozenset({"type", "function", "file_search", "environment"})
_NAMES_INSIDE: Mapping[str, frozenset[str]] = {
    "function": frozenset({"name", "description", "parameters", "strict"}),
    "file_search": frozenset({"max_num_results", "ranking_options"}),
}


def is_own_tool(tool: Json) -> bool:
    """Whether a tool is none of the Assistants API's."""
    if not isinstance(tool, dict):
        return False
    is_function = tool.get("type") == "function" and isinstance(tool.get("function"), dict)
    return not is_function and str(tool.get("type")) not in _KNOWN_TYPES


def declared_part(unit: Path, observed: Json, want: Json, write_only: Collection[str] = ()) -> Json:
    """``observed``, the canonical value of ``unit``, without what ``want`` does not mention.

    What is ``write_only`` in the platform's own tools is missing from answers: it counts as being there.
    """
    if unit[0] == PLATFORMS:
        return mentioned(observed, want)
    if unit != TOOLS or not isinstance(observed, dict) or not isinstance(want, dict):
        return observed
    return {
        name: _declared_of_tool(tool, want[name], write_only) if name in want else tool
        for name, tool in observed.items()
    }


def settings_before(observed: Json, want: Json, was_applied: Callable[[Json], bool]) -> Mapping[str, Json] | None:
    """Those of the settings ``observed`` that were declared when they were applied; ``None`` if none were.

    What is remembered of them is a digest of them together, and not which they were: so all that could have been
    declared are tried, first with all that is declared inside of them now. ``None`` then means that somebody
    changed one of them, or that they are too many to try.
    """
    if not isinstance(observed, dict) or len(observed) > _MOST_TRIED:
        return None
    wanted = want if isinstance(want, dict) else {}
    settings = {
        name: mentioned(value, wanted[name]) if name in wanted else value for name, value in observed.items()
    }
    for count in range(len(settings), 0, -1):
        for names in combinations(settings, count):
            tried = {name: settings[name] for name in names}
            if was_applied(tried):
                return tried
    if _number_of_parts(observed) > _MOST_PARTS:
        return None
    return next((tried for tried in _parts_of_object(observed) if was_applied(tried)), None)


def is_comparable(unit: Path, value: Json) -> bool:
    """Whether the value of a unit, or a tool, can be held against a digest whatever was declared of it."""
    if unit[0] == "tools" and isinstance(value, dict):
        return not (is_own_tool(value) if len(unit) > 1 else any(is_own_tool(tool) for tool in value.values()))
    return unit[0] != PLATFORMS or not isinstance(value, dict | list)


def whole_setting(unit: Path, observed: Mapping[Path, Json]) -> Json:
    """The value of a unit, put together again if it is one of several settings."""
    parts = {str(path[-1]): value for path, value in observed.items() if path[:-1] == unit}
    return parts or observed.get(unit)


def mentioned(observed: Json, want: Json) -> Json:
    """``observed`` with only those names of its objects that ``want`` has; lists as long as its item by item."""
    if isinstance(observed, dict) and isinstance(want, dict):
        return {name: mentioned(observed[name], inner) for name, inner in want.items() if name in observed}
    if isinstance(observed, list) and isinstance(want, list) and len(observed) == len(want):
        return [mentioned(item, inner) for item, inner in zip(observed, want, strict=True)]
    return observed


def without_extras_in(part: Path, value: Json) -> Json:
    """The value of a unit, or of a single tool, without what the Assistants API has no name for in its tools."""
    if part[:1] != TOOLS or not isinstance(value, dict):
        return value
    if part != TOOLS:
        return value if is_own_tool(value) else without_extras(value)
    return {name: tool if is_own_tool(tool) else without_extras(tool) for name, tool in value.items()}


def without_extras(tool: Json, want: Json = None) -> Json:
    """``tool`` (canonical) without what the Assistants API has no name for and ``want`` does not mention."""
    if not isinstance(tool, dict):
        return tool
    wanted = want if isinstance(want, dict) else {}
    kept: dict[str, Json] = {}
    for name, part in tool.items():
        if name in _NAMES_INSIDE and isinstance(part, dict):
            inner = _picked(part, _NAMES_INSIDE[name], wanted.get(name))
            if inner:
                kept[name] = inner
        elif name in _TOOL_NAMES or name in wanted:
            kept[name] = part
    return kept


def _number_of_parts(value: Json) -> int:
    """How many values are left of one when any names of its objects are left out."""
    if isinstance(value, dict):
        return prod(1 + _number_of_parts(inner) for inner in value.values())
    return prod(map(_number_of_parts, value)) if isinstance(value, list) else 1


def _parts_of_object(value: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    choices = ([[(name, part)] for part in _parts(inner)] + [[]] for name, inner in value.items())
    return (dict(chain.from_iterable(chosen)) for chosen in product(*choices))


def _parts(value: Json) -> Iterator[Json]:
    """All of them, the whole value first."""
    if isinstance(value, dict):
        yield from _parts_of_object(value)
    elif isinstance(value, list):
        yield from map(list, product(*map(_parts, value)))
    else:
        yield value


def _declared_of_tool(observed: Json, want: Json, write_only: Collection[str]) -> Json:
    if not is_own_tool(want):
        return _with_extras_as_declared(observed, want)
    declared = mentioned(observed, want)
    if not isinstance(declared, dict) or not isinstance(want, dict):
        return declared
    return {**declared, **{name: want[name] for name in write_only if name in want and name not in declared}}


def _with_extras_as_declared(observed: Json, want: Json) -> Json:
    kept, plain = without_extras(observed, want), without_extras(observed)
    if not isinstance(kept, dict) or not isinstance(plain, dict) or not isinstance(want, dict):
        return kept
    return {name: part if name in plain else mentioned(part, want[name]) for name, part in kept.items()}


def _picked(part: Mapping[str, Json], known: frozenset[str], want: Json) -> dict[str, Json]:
    wanted = want if isinstance(want, dict) else {}
    return {name: value for name, value in part.items() if name in known or name in wanted}
