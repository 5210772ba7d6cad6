"""The steps of runs as they are kept and answered.

``private`` in a step's body is what no answer has: the usage of a step that is still in progress, the calls of
tools as the model wrote them with what it was told (``calls``), and the places that results may be cited by
(``citations``, ``paths``).
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, field, replace
from typing import cast

from assistctl.json_value import Json
from assistctl.local.database.collection import Collection, Condition, Page, Stored, new_id
from assistctl.local.http.errors import not_found
from assistctl.local.http.paging import PageQuery

Fields = dict[str, Json]

STEPS = Collection("run step")

_OF_RUN = Condition("AND json_extract(body, '$.run_id') = :run")


def begin(connection: sqlite3.Connection, run: Stored, details: Fields) -> Stored:
    """Add a step that is in progress; ``details`` are its ``step_details``."""
    body: Fields = {
        "assistant_id": run.body["assistant_id"],
        "thread_id": run.body["thread_id"],
        "run_id": run.id,
        "type": details["type"],
        "status": "in_progress",
        "step_details": details,
        "last_error": None,
        "expired_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "metadata": {},
        "usage": None,
        "private": {"usage": None, "calls": [], "citations": {}, "paths": {}},
    }
    return STEPS.insert(connection, new_id("step_"), body)


def end(connection: sqlite3.Connection, step: Stored, status: str, changes: Fields) -> Stored:
    """End a step: ``status`` names the time that is noted, too."""
    return STEPS.change(connection, step, {"status": status, f"{status}_at": int(time.time()), **changes})


def all_of(connection: sqlite3.Connection, run_id: str) -> list[Stored]:
    """All steps of a run, in order."""
    found: list[Stored] = []
    query = PageQuery(limit=100, descending=False)
    while True:
        page = page_of(connection, run_id, query)
        found += page.objects
        if not page.has_more:
            return found
        query = replace(query, after=found[-1].id)


def page_of(connection: sqlite3.Connection, run_id: str, query: PageQuery) -> Page:
    """One page of a run's steps. Raises ``ApiError`` 404 for a cursor that is none of them."""
    for cursor in query.cursors:
        get(connection, run_id, cursor)
    return STEPS.page(connection, query, replace(_OF_RUN, parameters={"run": run_id}))


def get(connection: sqlite3.Connection, run_id: str, step_id: str) -> Stored:
    """A step of a run. Raises ``ApiError`` 404."""
    step = STEPS.get(connection, step_id)
    if step.body["run_id"] != run_id:
        raise not_found(STEPS.kind, step_id)
    return step


def calls_of(step: Stored) -> list[Fields]:
    """The ``tool_calls`` of a step; none of one that makes a message."""
    details = cast("Fields", step.body["step_details"])
    return cast("list[Fields]", details.get("tool_calls") or [])


def view(step: Stored, *, include: bool) -> Fields:
    """The ``RunStepObject``; with ``include``, results of searches have their content."""
    fields = {key: value for key, value in step.body.items() if key != "private"}
    if step.body["type"] == "tool_calls":
        calls: list[Json] = [call_view(call, include=include) for call in calls_of(step)]
        fields["step_details"] = {"type": "tool_calls", "tool_calls": calls}
    return {"id": step.id, "object": "thread.run.step", "created_at": step.created_at, **fields}


def call_view(call: Fields, *, include: bool) -> Fields:
    """A tool's call as it is answered."""
    search = call.get("file_search")
    if include or not isinstance(search, dict):
        return call
    results = cast("list[Fields]", search.get("results") or [])
    bare: list[Json] = [{key: value for key, value in result.items() if key != "content"} for result in results]
    return {**call, "file_search": {**search, "results": bare}}


@dataclass(slots=True)
class Findings:
    """What the calls of a run have given so far; ``images`` are pictures that no message of it shows yet."""

    citations: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    call_ids: set[str] = field(default_factory=set)

    def add(self, step: Stored) -> None:
        """Add what a step has given; to be called in the order of the steps."""
        if step.body["type"] == "message_creation":
            self.images.clear()
            return
        private = cast("Fields", step.body["private"])
        self.citations |= cast("dict[str, str]", private["citations"])
        self.paths |= cast("dict[str, str]", private["paths"])
        self.images += cast("list[str]", private.get("images") or [])
        self.call_ids |= {str(call["id"]) for call in cast("list[Fields]", private["calls"])}
