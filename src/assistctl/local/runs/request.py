"""The request to the model for a run's next turn, within what the run may still spend."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from typing import Any, cast

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored
from assistctl.local.runs import prompt, record
from assistctl.local.runs.tools import BuiltInTool

Fields = dict[str, Json]


def spent_limit(run: Stored) -> str | None:
    """The limit of tokens that a run has reached over all its turns: the reason it is incomplete for."""
    usage = cast("dict[str, int]", record.private(run)["usage"])
    for kind in ("prompt_tokens", "completion_tokens"):
        limit = run.body[f"max_{kind}"]
        if isinstance(limit, int) and usage[kind] >= limit:
            return f"max_{kind}"
    return None


def request(
    connection: sqlite3.Connection, run: Stored, tools: Sequence[BuiltInTool], room: int
) -> dict[str, Any] | None:
    """The request, of at most ``room`` estimated tokens; ``prompt.show_pictures`` completes its messages.

    ``None`` when what the model must be told is more than that, or than the run may still spend.
    """
    told = prompt.progress(connection, run)
    fixed = prompt.tokens_of(told) + prompt.tokens_of([{"content": run.body["instructions"]}])
    most = _left_to_spend(run) - fixed
    budget = int(min(most, prompt.CONTEXT_TOKENS - fixed, room - fixed))
    said = prompt.history(connection, run, budget, most) if budget > 0 else None
    if said is None:
        return None
    instructions = run.body["instructions"]
    system: list[Fields] = [{"role": "system", "content": instructions}] if instructions else []
    sampling = {key: run.body[key] for key in ("temperature", "top_p")}
    settings = {**sampling, "reasoning_effort": record.private(run)["reasoning_effort"]}
    return {
        "model": run.body["model"],
        "messages": [*system, *said, *told],
        **{key: value for key, value in settings.items() if value is not None},
        **_format(run),
        **_completion_limit(run),
        **_tools(run, tools, is_first=not any("tool_calls" in message for message in told)),
    }


def _left_to_spend(run: Stored) -> float:
    """How many tokens the prompts of a run may still have."""
    limit = run.body["max_prompt_tokens"]
    usage = cast("dict[str, int]", record.private(run)["usage"])
    return limit - usage["prompt_tokens"] if isinstance(limit, int) else math.inf


def _format(run: Stored) -> dict[str, Any]:
    wanted = run.body["response_format"]
    return {} if wanted in ("auto", None) else {"response_format": wanted}


def _completion_limit(run: Stored) -> dict[str, Any]:
    limit = run.body["max_completion_tokens"]
    if not isinstance(limit, int):
        return {}
    usage = cast("dict[str, int]", record.private(run)["usage"])
    return {"max_completion_tokens": limit - usage["completion_tokens"]}


def _tools(run: Stored, built_in: Sequence[BuiltInTool], *, is_first: bool) -> dict[str, Any]:
    functions = [tool for tool in cast("list[Fields]", run.body["tools"]) if tool["type"] == "function"]
    declared = [*(_function(function) for function in functions), *(tool.declaration() for tool in built_in)]
    if not declared:
        return {}
    # A tool that must be called has been called then: forced for ever, the model could never answer.
    choice = run.body["tool_choice"] if is_first or run.body["tool_choice"] == "none" else "auto"
    if isinstance(choice, dict):
        name = cast("Fields", choice["function"])["name"] if choice["type"] == "function" else choice["type"]
        choice = {"type": "function", "function": {"name": name}}
    parallel = {} if run.body["parallel_tool_calls"] else {"parallel_tool_calls": False}
    return {"tools": declared, "tool_choice": choice, **parallel}


def _function(tool: Fields) -> Fields:
    """A function as Chat Completions declares it: not every server knows ``strict``, which is false by default."""
    function = cast("Fields", tool["function"])
    kept = {key: value for key, value in function.items() if key != "strict" or value}
    return {"type": "function", "function": kept}
