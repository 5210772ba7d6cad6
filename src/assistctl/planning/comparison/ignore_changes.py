"""``lifecycle.ignore_changes``: paths that are set on create and then left to whoever edits them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

from assistctl.json_value import Json
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS, ToolNames
from assistctl.ownership.canonical import Path, Token


def keep_observed(
    desired: Mapping[str, Json],
    observed: Mapping[str, Json],
    ignored: Iterable[Path],
    names: ToolNames = ASSISTANTS_API_TOOLS,
) -> dict[str, Json]:
    """``desired`` (fields in the API's shapes) with what is observed at the ignored paths inside its fields.

    A path that covers a whole field is left to ``covers``. What is missing from something that is observed is
    taken out; where the thing around it is not there either, there is nothing to keep, and it stays.
    ``names`` are those of the platform's tools.
    """
    inside = [path for path in ignored if len(path) > 1 and path[0] in desired]
    if not inside:
        return dict(desired)
    fields = copy.deepcopy(dict(desired))
    for path in inside:
        field = str(path[0])
        if field == "tools":
            fields[field] = _with_tools(fields[field], observed.get(field), path[1:], names)
        else:
            _copy_inside(fields[field], observed.get(field), path[1:])
    return fields


def _with_tools(desired: Json, observed: Json, path: Path, names: ToolNames) -> Json:
    ours, theirs = _by_identity(desired, names), _by_identity(observed, names)
    _copy_inside(ours, theirs, path)
    return list(ours.values())


def _by_identity(tools: Json, names: ToolNames) -> dict[str, Json]:
    known = tools if isinstance(tools, list) else []
    return dict(zip(names.identities(known), known, strict=True))


def _copy_inside(target: Json, source: Json, path: Path) -> None:
    *way, last = path
    for token in way:
        target, source = _child(target, token), _child(source, token)
    if not isinstance(target, dict) or not isinstance(last, str):
        return
    if not isinstance(source, dict):
        return
    if last in source:
        target[last] = copy.deepcopy(source[last])
    else:
        target.pop(last, None)


def _child(value: Json, token: Token) -> Json:
    if isinstance(value, dict) and isinstance(token, str):
        return value.get(token)
    if isinstance(value, list) and isinstance(token, int) and token < len(value):
        return value[token]
    return None
