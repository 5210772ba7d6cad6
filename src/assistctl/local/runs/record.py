"""The runs as they are kept: what becomes of a request, and the run as it is answered.

``private`` in a run's body is what no answer has: the reasoning effort, the assistant's resources as they were
when the run was made, whether results of searches come with their content, and the usage so far.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import cast

from assistctl.json_value import Json
from assistctl.local.assistants.record import filled_in
from assistctl.local.database.collection import Collection, Condition, Page, Stored, new_id
from assistctl.local.http.errors import not_found
from assistctl.local.http.paging import PageQuery
from assistctl.local.runs import open_runs
from assistctl.local.runs.open_runs import OpenRun
from assistctl.model.model_catalog import takes_sampling

Fields = dict[str, Json]

RUNS = Collection("run")

SECONDS = 600
"""A run expires so long after its creation, also while outputs of tools are waited for."""

NO_USAGE: Fields = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
_OVERRIDES = ("model", "tools", "response_format")
_SAMPLING = ("temperature", "top_p")
_DEFAULTS: Fields = {
    "max_prompt_tokens": None,
    "max_completion_tokens": None,
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}
_NOT_YET: Fields = {
    "status": "queued",
    "required_action": None,
    "last_error": None,
    "started_at": None,
    "cancelled_at": None,
    "failed_at": None,
    "completed_at": None,
    "incomplete_details": None,
    "usage": None,
}
_OF_THREAD = Condition("AND json_extract(body, '$.thread_id') = :thread")


def create(
    connection: sqlite3.Connection, thread: Stored, assistant: Stored, sent: Fields, owner: str, *, include: bool
) -> Stored:
    """Add a run that is queued at ``owner``. ``sent`` fits ``fields.CREATE`` or ``.CREATE_WITH_THREAD``."""
    expires_at = int(time.time()) + SECONDS
    body: Fields = {
        "thread_id": thread.id,
        "assistant_id": assistant.id,
        **_NOT_YET,
        "expires_at": expires_at,
        **_effective(assistant.body, sent),
        "private": {
            "reasoning_effort": _effort(assistant.body, sent),
            "tool_resources": _resources(assistant.body, sent),
            "include": include,
            "usage": NO_USAGE,
        },
    }
    run = RUNS.insert(connection, new_id("run_"), body)
    open_runs.add(connection, OpenRun(run.id, thread.id, owner, expires_at))
    return run


def get(connection: sqlite3.Connection, thread_id: str, run_id: str) -> Stored:
    """A run of a thread. Raises ``ApiError`` 404."""
    run = RUNS.get(connection, run_id)
    if run.body["thread_id"] != thread_id:
        raise not_found(RUNS.kind, run_id)
    return run


def page(connection: sqlite3.Connection, thread_id: str, query: PageQuery) -> Page:
    """One page of a thread's runs. Raises ``ApiError`` 404 for a cursor that is none of them."""
    for cursor in query.cursors:
        get(connection, thread_id, cursor)
    return RUNS.page(connection, query, replace(_OF_THREAD, parameters={"thread": thread_id}))


def view(run: Stored) -> Fields:
    """The ``RunObject``."""
    fields = {key: value for key, value in run.body.items() if key != "private"}
    return {"id": run.id, "object": "thread.run", "created_at": run.created_at, **fields}


def private(stored: Stored) -> Fields:
    """The part of a run or step that no answer has."""
    return cast("Fields", stored.body["private"])


def added(usage: Fields, more: Fields) -> Fields:
    """Two usages, summed."""
    return {key: cast("int", usage[key]) + cast("int", more[key]) for key in NO_USAGE}


def _effective(assistant: Fields, sent: Fields) -> Fields:
    """The settings that count for a run: its own, else the assistant's, else the defaults."""
    chosen: Fields = {key: assistant[key] if sent.get(key) is None else sent[key] for key in _OVERRIDES}
    chosen["tools"] = [cast("Json", filled_in(tool)) for tool in cast("list[Fields]", chosen["tools"])]
    chosen |= {key: _sampling(key, assistant, sent) for key in _SAMPLING}
    given = {key: value for key in _DEFAULTS if (value := sent.get(key)) is not None}
    truncation: Fields = {
        "type": "auto",
        "last_messages": None,
        **cast("Fields", sent.get("truncation_strategy") or {}),
    }
    return {
        **chosen,
        "instructions": _instructions(assistant, sent),
        "metadata": sent.get("metadata") or {},
        "truncation_strategy": truncation,
        **_DEFAULTS,
        **given,
    }


def _sampling(name: str, assistant: Fields, sent: Fields) -> Json:
    """``temperature`` or ``top_p``: the assistant's is not carried over to a model that does not take it."""
    if sent.get(name) is not None:
        return sent[name]
    if not takes_sampling(_model(assistant, sent), _effort(assistant, sent)):
        return None
    return 1.0 if assistant[name] is None else assistant[name]


def _effort(assistant: Fields, sent: Fields) -> Json:
    """``reasoning_effort``: the assistant's is not carried over to another model that does not reason."""
    if sent.get("reasoning_effort") is not None:
        return sent["reasoning_effort"]
    model = _model(assistant, sent)
    is_other = model != assistant["model"]
    return None if is_other and takes_sampling(model) else assistant["reasoning_effort"]


def _model(assistant: Fields, sent: Fields) -> str:
    return str(sent.get("model") or assistant["model"])


def _instructions(assistant: Fields, sent: Fields) -> str:
    own = assistant["instructions"] if sent.get("instructions") is None else sent["instructions"]
    parts = [own, sent.get("additional_instructions")]
    return "\n".join(str(part) for part in parts if part)


def _resources(assistant: Fields, sent: Fields) -> Fields:
    given = sent.get("tool_resources")
    return {**cast("Fields", assistant["tool_resources"] or {}), **cast("Fields", given or {})}
