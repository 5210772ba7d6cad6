"""A platform of another package that tells its tools apart in its own way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from assistctl.applying.engine import carry_out
from assistctl.model.capabilities import FieldDefaults, Support
from assistctl.model.change import Action, Change, Status
from assistctl.model.plan import Plan, PlanOptions, TargetName
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS, ToolNames
from assistctl.planning.planner import make_plan
from support.outside_platform import SOUND, Cloud
from support.planning import declared

NAMES = ToolNames({**ASSISTANTS_API_TOOLS.paths, "skill": (("skill", "id"),)}, labels=(("region",),))
CLOUD = replace(
    SOUND,
    fields={**SOUND.fields, "tools.skill": Support(), "tools.search": Support()},
    field_defaults=FieldDefaults(tool_names=NAMES),
)


def skill(name: str, version: str) -> dict[str, Any]:
    return {"type": "skill", "skill": {"id": name, "version": version}}


def plan_of(cloud: Cloud, manifest: Mapping[str, Any]) -> Plan:
    desired = [declared("desk", {"model": "m", **manifest})]
    there = asyncio.run(cloud.list_assistants())
    return make_plan(desired, there, PlanOptions("acme", TargetName("prod", "cloud")), cloud.capabilities)


def change_of(cloud: Cloud, manifest: Mapping[str, Any]) -> Change:
    (change,) = plan_of(cloud, manifest).changes
    return change


def applied(*tools: dict[str, Any], **manifest: Any) -> Cloud:
    """The platform once ``tools`` are applied, and nothing is left to do."""
    cloud, whole = Cloud(capabilities=CLOUD), {"tools": [*tools], **manifest}
    results = asyncio.run(carry_out(plan_of(cloud, whole), cloud, alone=True))
    assert [result.status for result in results] == [Status.OK]
    assert plan_of(cloud, whole).changes == ()
    return cloud


def edited(cloud: Cloud, *tools: dict[str, Any]) -> None:
    """Somebody changes the tools there."""
    (assistant,) = cloud.there.values()
    cloud.there[assistant.id] = replace(assistant, fields={**assistant.fields, "tools": [*tools]})


def test_its_tools_are_found_again_by_its_names_whatever_their_order() -> None:
    cloud = applied(skill("refunds", "1"), skill("returns", "1"))
    edited(cloud, skill("returns", "1"), skill("refunds", "1"))
    assert plan_of(cloud, {"tools": [skill("refunds", "1"), skill("returns", "1")]}).changes == ()
    change = change_of(cloud, {"tools": [skill("refunds", "1"), skill("returns", "2")]})
    assert change.action is Action.UPDATE
    assert [diff.path for diff in change.diffs] == ["tools[returns].skill.version"]


def test_its_labels_stand_behind_the_type() -> None:
    tools = [{"type": "search", "region": region, "depth": 1} for region in ("eu", "us")]
    cloud = applied(*tools)
    change = change_of(cloud, {"tools": [tools[0], {**tools[1], "depth": 2}]})
    assert [diff.path for diff in change.diffs] == ["tools[search:us].depth"]


def test_who_changed_a_tool_is_told_tool_by_tool() -> None:
    cloud = applied(skill("refunds", "1"), skill("returns", "1"))
    edited(cloud, skill("refunds", "1"), skill("returns", "7"))
    plan = plan_of(cloud, {"tools": [skill("refunds", "2"), skill("returns", "1")]})
    assert [(drift.path, drift.observed) for drift in plan.drift] == [("tools[returns].skill.version", "7")]


def test_ignored_paths_name_its_tools_by_its_names() -> None:
    lifecycle = {"ignore_changes": ["tools[returns].skill.version"]}
    cloud = applied(skill("refunds", "1"), skill("returns", "1"), lifecycle=lifecycle)
    edited(cloud, skill("returns", "7"), skill("refunds", "1"))
    tools = [skill("refunds", "1"), skill("returns", "1")]
    assert plan_of(cloud, {"tools": tools, "lifecycle": lifecycle}).changes == ()


def test_a_name_with_a_secret_is_not_shown_and_its_difference_is_found() -> None:
    tools = [skill("refunds", "1"), skill("SECRET", "1")]
    cloud = applied(*tools, secret=["tools[1].skill.id"])
    edited(cloud, tools[0], skill("SECRET", "7"))
    plan = plan_of(cloud, {"tools": tools, "secret": ["tools[1].skill.id"]})
    (change,) = plan.changes
    assert {path for diff in change.diffs for path in [diff.path]} == {"tools[(secret)].skill.version"}
    assert "SECRET" not in str([(diff.path, diff.old, diff.new) for diff in change.diffs])


def test_a_fingerprint_sees_what_becomes_of_a_tool_beside_a_secret() -> None:
    tools = [skill("refunds", "1"), {"type": "skill", "skill": {"id": "returns", "key": "SECRET"}}]
    manifest = {"tools": tools, "secret": ["tools[1].skill.key"]}
    cloud = applied(*tools, secret=["tools[1].skill.key"])
    before = plan_of(cloud, manifest).fingerprint
    edited(cloud, skill("refunds", "2"), tools[1])
    assert plan_of(cloud, manifest).fingerprint != before


@pytest.mark.parametrize(
    ("tool", "identity"),
    [
        ({"type": "function", "function": {"name": "order_status"}}, "order_status"),
        ({"type": "function", "name": "order_status"}, "order_status"),
        ({"type": "function", "function": {}}, "None"),
        ({"type": "file_search"}, "file_search"),
        ({"type": "mcp", "server_label": "stripe"}, "mcp:stripe"),
        ({"type": "mcp_toolset", "mcp_server_name": "stripe"}, "mcp_toolset:stripe"),
        ({"type": ["x"], "server_label": ""}, "['x']"),
        ({}, "None"),
        ("function", "?"),
    ],
)
def test_the_assistants_apis_tools_are_called_as_baselines_on_record_have_them(tool: Any, identity: str) -> None:
    assert ASSISTANTS_API_TOOLS.identities([tool]) == [identity]
