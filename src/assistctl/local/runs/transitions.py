"""The changes of a run's state, each in one transaction, with the events that tell of it.

All functions take a connection inside ``Database.writing`` and return the events to publish once it is committed.
"""

from __future__ import annotations

import sqlite3
import time
from typing import cast

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored
from assistctl.local.http.errors import ApiError
from assistctl.local.runs import open_runs, record, steps
from assistctl.local.runs.events import Event, message_event, run_event, step_event
from assistctl.local.threads import messages

Fields = dict[str, Json]

_CANCELLABLE = ("queued", "in_progress", "requires_action", "cancelling")
_TIMES = {"completed": "completed_at", "failed": "failed_at", "cancelled": "cancelled_at"}
_MESSAGE_REASONS = {"failed": "run_failed", "cancelled": "run_cancelled", "expired": "run_expired"}
_STEP_ENDS = {"failed": "failed", "cancelled": "cancelled", "expired": "expired"}


def start(connection: sqlite3.Connection, run_id: str, owner: str) -> tuple[Stored, list[Event]]:
    """Have a queued run be in progress. Raises ``LostRunError``."""
    run = _owned(connection, run_id, owner)
    changes: Fields = {"status": "in_progress", "started_at": int(time.time())}
    run = record.RUNS.change(connection, run, changes)
    return run, [run_event(run)]


def wait_for_outputs(
    connection: sqlite3.Connection, run: Stored, owner: str, calls: list[Fields]
) -> tuple[Stored, list[Event]]:
    """Have a run wait until somebody submits the outputs of ``calls``. Raises ``LostRunError``."""
    _owned(connection, run.id, owner)
    required: list[Json] = [
        {
            "id": call["id"],
            "type": "function",
            "function": {key: cast("Fields", call["function"])[key] for key in ("name", "arguments")},
        }
        for call in calls
    ]
    action: Fields = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": required}}
    run = record.RUNS.change(connection, run, {"status": "requires_action", "required_action": action})
    open_runs.hand_to(connection, run.id, None)
    return run, [run_event(run)]


def submit(
    connection: sqlite3.Connection, run: Stored, owner: str, outputs: list[Fields]
) -> tuple[Stored, list[Event]]:
    """Take the outputs that a run waits for, and queue it again at ``owner``. Raises ``ApiError`` 400."""
    if run.body["status"] != "requires_action":
        raise ApiError(f'Runs in status "{run.body["status"]}" do not accept tool outputs.')
    _check_outputs(run, outputs)
    given = {str(output["tool_call_id"]): str(output.get("output") or "") for output in outputs}
    events = []
    for step in _open_steps(connection, run.id):
        step = _with_outputs(connection, step, given)  # noqa: PLW2901  # the same step, later
        events.append(step_event(step, run))
    run = record.RUNS.change(connection, run, {"status": "queued", "required_action": None})
    open_runs.hand_to(connection, run.id, owner)
    return run, [*events, run_event(run)]


def ask_to_cancel(connection: sqlite3.Connection, run: Stored, owner: str) -> tuple[Stored, list[Event]]:
    """Cancel a run: at once when nobody works on it here, else it is ``cancelling`` until its worker has stopped.

    A worker of another server finds the run ended, and stops. Raises ``ApiError`` 400 for a run that has ended.
    """
    if run.body["status"] not in _CANCELLABLE:
        raise ApiError(f"Cannot cancel run with status '{run.body['status']}'.")
    opened = open_runs.of_thread(connection, str(run.body["thread_id"]))
    if run.body["status"] == "in_progress" and opened is not None and opened.owner == owner:
        run = record.RUNS.change(connection, run, {"status": "cancelling"})
        return run, [run_event(run)]
    return finish(connection, run, "cancelled") if run.body["status"] != "cancelling" else (run, [])


def finish(
    connection: sqlite3.Connection,
    run: Stored,
    status: str,
    *,
    error: tuple[str, str] | None = None,
    reason: str | None = None,
) -> tuple[Stored, list[Event]]:
    """End a run, and what is still open of it.

    ``error`` is the code and message of a failure, ``reason`` that of an incomplete run.
    """
    last_error: Fields | None = None if error is None else {"code": error[0], "message": error[1]}
    events = _end_messages(connection, run, status)
    events += _end_steps(connection, run, status, last_error)
    changes: Fields = {
        "status": status,
        "required_action": None,
        "expires_at": None,
        "last_error": last_error,
        "incomplete_details": None if reason is None else {"reason": reason},
        "usage": record.private(run)["usage"],
    }
    if status in _TIMES:
        changes[_TIMES[status]] = int(time.time())
    run = record.RUNS.change(connection, run, changes)
    open_runs.close(connection, run.id)
    return run, [*events, run_event(run)]


def _owned(connection: sqlite3.Connection, run_id: str, owner: str) -> Stored:
    open_runs.require_owner(connection, run_id, owner)
    return record.RUNS.get(connection, run_id)


def _open_steps(connection: sqlite3.Connection, run_id: str) -> list[Stored]:
    return [step for step in steps.all_of(connection, run_id) if step.body["status"] == "in_progress"]


def _check_outputs(run: Stored, outputs: list[Fields]) -> None:
    action = cast("Fields", run.body["required_action"])
    required = cast("Fields", action["submit_tool_outputs"])["tool_calls"]
    expected = [str(call["id"]) for call in cast("list[Fields]", required)]
    got = [output.get("tool_call_id") for output in outputs]
    if sorted(expected) != sorted(map(str, got)):
        raise ApiError(f"Expected tool outputs for call_ids {expected}, got {got}", param="tool_outputs")


def _with_outputs(connection: sqlite3.Connection, step: Stored, given: dict[str, str]) -> Stored:
    calls: list[Json] = []
    for call in steps.calls_of(step):
        function = call.get("function")
        if isinstance(function, dict) and str(call["id"]) in given:
            call = {**call, "function": {**function, "output": given[str(call["id"])]}}  # noqa: PLW2901  # the same call, answered
        calls.append(call)
    changes: Fields = {
        "step_details": {"type": "tool_calls", "tool_calls": calls},
        "usage": record.private(step)["usage"],
    }
    return steps.end(connection, step, "completed", changes)


def _end_messages(connection: sqlite3.Connection, run: Stored, status: str) -> list[Event]:
    events = []
    for step in _open_steps(connection, run.id):
        details = cast("Fields", step.body["step_details"])
        if step.body["type"] != "message_creation":
            continue
        message_id = str(cast("Fields", details["message_creation"])["message_id"])
        message = messages.MESSAGES.find(connection, message_id)
        if message is not None and message.body["status"] == "in_progress":
            content = cast("list[Fields]", message.body["content"])
            reason = _MESSAGE_REASONS.get(status, "max_tokens")
            events.append(message_event(messages.break_off(connection, message, reason, content)))
    return events


def _end_steps(connection: sqlite3.Connection, run: Stored, status: str, last_error: Fields | None) -> list[Event]:
    events = []
    for step in _open_steps(connection, run.id):
        changes: Fields = {"usage": record.private(step)["usage"]}
        if last_error is not None:
            # A step knows no invalid prompt (OpenAPI description).
            known = last_error["code"] != "invalid_prompt"
            changes["last_error"] = last_error if known else {**last_error, "code": "server_error"}
        ended = steps.end(connection, step, _STEP_ENDS.get(status, "completed"), changes)
        events.append(step_event(ended, run))
    return events
