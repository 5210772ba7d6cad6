"""All differences of one change made ready to show; what belongs together is told as one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from assistctl.json_value import Json
from assistctl.model.change import Action, Change, FieldDiff
from assistctl.rendering.field_view import FieldView, Limits, Shape, view_diff
from assistctl.rendering.values import value_text
from assistctl.secrets.redaction import masked


def change_views(change: Change, limits: Limits) -> Iterator[FieldView]:
    """A view for each difference of the change; a function under another name is one renaming."""
    return (view for view, _ in viewed_diffs(change, limits))


def viewed_diffs(change: Change, limits: Limits) -> Iterator[tuple[FieldView, FieldDiff]]:
    """The views with what they show; a renaming is a difference from the old function, at the path of the new."""
    renamed = dict(_renamed(change))
    gone = {id(old) for old in renamed.values()}
    for diff in change.diffs:
        if id(diff) in gone:
            continue
        if id(diff) not in renamed:
            yield view_diff(diff, change.action, limits), diff
            continue
        both = replace(diff, old=renamed[id(diff)].old)
        old, new = (value_text(masked(_name(side))) for side in (both.old, both.new))
        yield FieldView("tools", Shape.CHANGED, size=f"function renamed: {old} → {new}"), both


def _renamed(change: Change) -> Iterator[tuple[int, FieldDiff]]:
    """The functions that come, each with one that goes and is the same in all but its name."""
    if change.action is Action.CREATE:
        return
    going = {_nameless(diff.old): diff for diff in change.diffs if _is_function(diff.old) and diff.new is None}
    for diff in change.diffs:
        if diff.old is None and _is_function(diff.new) and not diff.secret:
            old = going.pop(_nameless(diff.new), None)
            if old is not None and not old.secret and old.origin is diff.origin:
                yield id(diff), old


def _is_function(tool: Json) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("function"), dict) and bool(_name(tool))


def _name(tool: Json) -> Json:
    function = tool.get("function") if isinstance(tool, dict) else None
    return function.get("name") if isinstance(function, dict) else None


def _nameless(tool: Json) -> str:
    """A function without its name, to be held against another."""
    function = tool.get("function") if isinstance(tool, dict) else None
    rest = {key: value for key, value in function.items() if key != "name"} if isinstance(function, dict) else {}
    return json.dumps(rest, sort_keys=True)
