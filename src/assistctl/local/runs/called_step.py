"""A step of tool calls, once they are known: as it is kept, and as its stream tells the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from assistctl.json_value import Json
from assistctl.local.runs.tools import ToolResult
from assistctl.local.runs.turn import Call, Turn

Fields = dict[str, Json]


def step_of(turn: Turn, calls: list[Call], done: Mapping[str, ToolResult]) -> Fields:
    """The changes of a step once its calls are known, and those of the platform's own tools executed."""
    shown: list[Json] = []
    told: list[Json] = []
    for call in calls:
        result = done.get(call.id)
        function: Fields = {"name": call.name, "arguments": call.arguments, "output": None}
        shown.append({"id": call.id, "type": "function", "function": function} if result is None else result.step)
        answer = None if result is None else result.for_model
        told.append({"id": call.id, "name": call.name, "arguments": call.arguments, "result": answer})
    results = done.values()
    private: Fields = {
        "usage": turn.usage,
        "calls": told,
        "citations": {key: value for it in results for key, value in it.citations.items()},
        "paths": {key: value for it in results for key, value in it.produced.items()},
        "images": [image for it in results for image in it.images],
    }
    return {"step_details": {"type": "tool_calls", "tool_calls": shown}, "private": private}


def outcome_delta(index: int, step: Fields, begun: Fields | None) -> Fields:
    """A tool's result as a delta; what ``begun`` has told is not told again."""
    kind = str(step["type"])
    details = cast("Fields", step[kind])
    outputs = details.get("outputs")
    if isinstance(outputs, list):
        numbered: list[Json] = [{"index": place, **cast("Fields", it)} for place, it in enumerate(outputs)]
        details = {**details, "outputs": numbered}
    if begun is not None:
        details = {key: value for key, value in details.items() if key != "input"}
    return {"index": index, "id": step["id"], "type": kind, kind: details}
