"""A platform that uses other values than the Assistants API where a manifest is silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from assistctl.applying.verification import rejected_fields
from assistctl.export.from_observed import declared as declared_by
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities, FieldDefaults, Support
from assistctl.model.change import Action, Change
from assistctl.model.plan import Plan, PlanOptions, TargetName
from assistctl.planning.planner import make_plan
from support.planning import declared

NAMES = ("name", "model", "metadata", "temperature", "top_p", "response_format", "tools.file_search")
CLOUD = Capabilities(
    fields={name: Support() for name in NAMES},
    field_defaults=FieldDefaults(
        {"temperature": 0.7, "response_format": "markdown"}, rankers=("auto", "cloud_ranker"), max_num_results=5
    ),
)
ANSWERED: Mapping[str, Json] = {"temperature": 0.7, "top_p": None, "response_format": "markdown"}
SEARCH: dict[str, Json] = {
    "type": "file_search",
    "file_search": {"max_num_results": 5, "ranking_options": {"ranker": "cloud_ranker", "score_threshold": 0.0}},
}


def plan_of(fields: Mapping[str, Any] | None, *observed: Observed) -> Plan:
    desired = [] if fields is None else [declared("desk", {"model": "m", **fields})]
    return make_plan(
        desired, observed, PlanOptions("acme", TargetName("prod", "cloud"), allow_deletes=True), CLOUD
    )


def change_of(fields: Mapping[str, Any] | None, *observed: Observed) -> Change:
    (change,) = plan_of(fields, *observed).changes
    return change


def applied(fields: Mapping[str, Any], there: Observed | None = None) -> Observed:
    """The assistant as the platform has it once ``fields`` are applied."""
    request = change_of(fields, *([there] if there else [])).request
    assert request is not None
    sent = {name: ANSWERED.get(name) if value is None else value for name, value in request.fields.items()}
    before = there.fields if there else ANSWERED
    answer = Observed("asst_1", {**before, **sent}, dict(request.metadata))
    assert rejected_fields(request, answer, CLOUD) == ()
    return answer


@pytest.mark.parametrize(
    "fields", [{}, {"temperature": None, "response_format": None}, {"temperature": 0.7, "tools": [SEARCH]}]
)
def test_its_defaults_are_no_difference(fields: dict[str, Any]) -> None:
    assert plan_of(fields, applied(fields)).changes == ()


def test_its_names_for_its_own_choice_are_no_difference() -> None:
    there = applied({"tools": [{"type": "file_search"}]})
    filled_in = Observed("asst_1", {**there.fields, "tools": [SEARCH]}, there.metadata)
    assert plan_of({"tools": [{"type": "file_search"}]}, filled_in).changes == ()


def test_what_is_no_default_there_is_a_difference() -> None:
    there = applied({"temperature": None})
    moved = Observed("asst_1", {**there.fields, "temperature": 1}, there.metadata)
    assert [(diff.path, diff.old, diff.new) for diff in change_of({"temperature": None}, moved).diffs] == [
        ("temperature", 1, 0.7)
    ]
    assert [diff.new for diff in change_of({"temperature": 1}, there).diffs] == [1]


def test_what_is_declared_no_longer_goes_back_to_its_default_once() -> None:
    cleared = applied({}, applied({"temperature": 0.2, "response_format": "text"}))
    assert cleared.fields["temperature"] == 0.7
    assert plan_of({}, cleared).changes == ()


def test_its_defaults_are_nobodys_edit_when_it_is_deleted() -> None:
    there = applied({"temperature": None, "tools": [SEARCH]})
    change = change_of(None, there)
    assert change.action is Action.DELETE
    assert change.reason == "no longer declared"


def test_a_dump_leaves_its_defaults_out() -> None:
    there = applied({"temperature": 0.7, "tools": [SEARCH]})
    assert declared_by(there, "desk", CLOUD).document == {"model": "m", "tools": [{"type": "file_search"}]}
    assert declared_by(there, "desk").document["temperature"] == 0.7


def test_a_migration_keeps_what_is_another_default_elsewhere() -> None:
    shared = CLOUD.field_defaults.shared_with(FieldDefaults({"temperature": 1, "response_format": "markdown"}))
    assert shared.values == {"response_format": "markdown"}
    assert shared.rankers == CLOUD.field_defaults.rankers
