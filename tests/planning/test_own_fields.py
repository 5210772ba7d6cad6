"""What only one platform has: its settings and tools, which its answers fill in with more than was declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from assistctl.applying.verification import rejected_fields
from assistctl.diagnostics import Severity
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Capabilities, Finding, Level, Support
from assistctl.model.change import Action, Change
from assistctl.model.plan import Plan, PlanOptions, TargetName
from assistctl.planning.planner import make_plan
from assistctl.secrets.template import Named, Template
from support.planning import declared

POLICY = PlanOptions("acme", TargetName("prod", "cloud"))
TOOL_DEFAULTS = {"mode": "live", "context_size": "medium", "location": None}
OWN_DEFAULTS: dict[str, Json] = {"tier": "auto", "team": {"enabled": False, "most": None}, "words": ["a"]}


def findings(fields: Mapping[str, Json], own: Mapping[str, Json]) -> Iterable[Finding]:
    if len(str(fields["name"])) > 8:
        yield Finding("name", "the name is too long", "Shorten it.")
    if own.get("tier") == "slow":
        yield Finding("platforms.cloud.tier", "slow is mapped", "It is flex.", Level.MAPPED)


def to_platform(fields: Mapping[str, Json]) -> dict[str, Json]:
    return {name: "plain" if value == "fancy" else value for name, value in fields.items()}


CAPABILITIES = Capabilities(
    fields={
        **{name: Support() for name in ("name", "model", "metadata", "reasoning_effort", "response_format")},
        "response_format.json_object": Support(Level.UNSUPPORTED, "Use json_schema."),
        "response_format.json_schema": Support(Level.MAPPED, "The schema alone."),
        "temperature": Support(Level.UNSUPPORTED, "Remove it."),
        "tools.function": Support(),
    },
    platform_fields=frozenset({"tier", "team", "words", "tools"}),
    computed=frozenset({"reasoning_effort"}),
    replaced_together=(("model", "reasoning_effort", "platforms.tier"),),
    findings=findings,
    to_platform=to_platform,
)


def manifest(own: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    platforms = {"platforms": {"cloud": dict(own)}} if own is not None else {}
    return {"model": "m", **fields, **platforms}


def plan_of(fields: Mapping[str, Any], *observed: Observed) -> Plan:
    return make_plan([declared("desk", fields)], observed, POLICY, CAPABILITIES)


def change_of(fields: Mapping[str, Any], *observed: Observed) -> Change:
    (change,) = plan_of(fields, *observed).changes
    return change


def computed(value: Json, defaults: Mapping[str, Json]) -> dict[str, Json]:
    own = value if isinstance(value, dict) else {}
    filled = {**defaults, **{name: part for name, part in own.items() if part is not None}}
    for name, part in filled.items():
        default = defaults.get(name)
        if isinstance(part, dict) and isinstance(default, dict):
            filled[name] = {
                **default,
                **{inner: inner_value for inner, inner_value in part.items() if inner_value is not None},
            }
    return filled


def own_of(fields: Mapping[str, Json]) -> dict[str, Json]:
    platforms = fields.get("platforms")
    own = platforms.get("cloud") if isinstance(platforms, dict) else None
    return own if isinstance(own, dict) else {}


def answer(change: Change, before: Observed | None = None) -> Observed:
    """What the platform has after a change, every default filled in."""
    assert change.request is not None
    sent = dict(change.request.fields)
    old = dict(before.fields) if before else {}
    own = {**own_of(old), **own_of(sent)}
    merged: dict[str, Json] = {**old, **sent, "platforms": {"cloud": computed(own, OWN_DEFAULTS)}}
    merged["reasoning_effort"] = merged.get("reasoning_effort") or "low"
    tools = merged.get("tools") or []
    merged["tools"] = [
        {**TOOL_DEFAULTS, **tool} if isinstance(tool, dict) and tool["type"] == "web_search" else tool
        for tool in (tools if isinstance(tools, list) else [])
    ]
    return Observed("a1", merged, change.request.metadata, revision="1")


def applied(fields: Mapping[str, Any]) -> Observed:
    return answer(change_of(fields))


def diffs(plan: Plan) -> list[tuple[str, str, Json, Json]]:
    return [(diff.origin, diff.path, diff.old, diff.new) for change in plan.changes for diff in change.diffs]


WEB = {"type": "web_search"}
MCP = {"type": "mcp", "server_label": "orders"}
FUNCTION = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    "fields",
    [
        manifest(),
        manifest({}),
        manifest({"tier": "flex"}),
        manifest({"team": {"enabled": True}}),
        manifest({"team": {}}),
        manifest({"team": None, "tier": None}),
        manifest({"words": ["b", "c"]}),
        manifest({"tools": [WEB, MCP]}, tools=[FUNCTION]),
        manifest({"tools": []}),
        manifest(reasoning_effort=None),
        manifest(reasoning_effort="high"),
        manifest(response_format="fancy"),
    ],
)
def test_what_was_applied_is_no_difference(fields: dict[str, Any]) -> None:
    created = change_of(fields)
    there = answer(created)
    assert created.request is not None
    assert rejected_fields(created.request, there, CAPABILITIES) == ()
    plan = plan_of(fields, there)
    assert (plan.changes, plan.drift) == ((), ())


def test_settings_are_sent_under_the_platforms_name_and_tools_among_the_tools() -> None:
    change = change_of(manifest({"tier": "flex", "tools": [WEB]}, tools=[FUNCTION]))
    assert change.request is not None
    assert change.request.fields["platforms"] == {"cloud": {"tier": "flex"}}
    assert change.request.fields["tools"] == [FUNCTION, WEB]
    assert {diff.path for diff in change.diffs} >= {"platforms.cloud.tier", "tools[f]", "tools[web_search]"}


@pytest.mark.parametrize(
    ("before", "after", "expected", "sent"),
    [
        (
            manifest({"tier": "flex"}),
            manifest({"tier": "fast"}),
            [("manifest", "platforms.cloud.tier", "flex", "fast")],
            {"tier": "fast"},
        ),
        (
            manifest({"tier": "flex"}),
            manifest(),
            [("manifest", "platforms.cloud.tier", "flex", None)],
            {"tier": None},
        ),
        (
            manifest({"tier": "flex"}),
            manifest({"tier": None}),
            [("manifest", "platforms.cloud.tier", "flex", None)],
            {"tier": None},
        ),
        (
            manifest({"team": {"enabled": True}}),
            manifest({"team": {"enabled": True, "most": 3}}),
            [("manifest", "platforms.cloud.team.most", None, 3)],
            {"team": {"enabled": True, "most": 3}},
        ),
        (
            manifest({"team": {"enabled": True, "most": 3}}),
            manifest({"team": {"enabled": True}}),
            [("manifest", "platforms.cloud.team.most", 3, None)],
            {"team": {"most": None, "enabled": True}},
        ),
    ],
)
def test_settings_that_change(
    before: dict[str, Any], after: dict[str, Any], expected: list[Any], sent: dict[str, Any]
) -> None:
    there = applied(before)
    plan = plan_of(after, there)
    assert diffs(plan) == expected
    assert plan.drift == ()
    (change,) = plan.changes
    assert change.request is not None
    own: Any = change.request.fields["platforms"]
    assert own["cloud"] == sent
    now = answer(change, there)
    assert rejected_fields(change.request, now, CAPABILITIES) == ()
    assert plan_of(after, now).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([WEB], [{**WEB, "mode": "cached"}], [("manifest", "tools[web_search].mode", "live", "cached")]),
        (
            [{**WEB, "mode": "cached"}],
            [WEB],
            [("manifest", "tools[web_search]", {**TOOL_DEFAULTS, **WEB, "mode": "cached"}, WEB)],
        ),
        (
            [{**WEB, "mode": "cached"}],
            [{**WEB, "context_size": "low"}],
            [("manifest", "tools[web_search].context_size", "medium", "low")],
        ),
        (
            [MCP],
            [MCP, {**MCP, "server_label": "b"}],
            [("manifest", "tools[mcp:b]", None, {**MCP, "server_label": "b"})],
        ),
    ],
)
def test_own_tools_that_change(before: list[Any], after: list[Any], expected: list[Any]) -> None:
    there = applied(manifest({"tools": before}))
    plan = plan_of(manifest({"tools": after}), there)
    assert diffs(plan) == expected
    assert plan.drift == ()
    (change,) = plan.changes
    assert plan_of(manifest({"tools": after}), answer(change, there)).changes == ()


def test_to_declare_what_is_there_already_is_no_change() -> None:
    there = applied(manifest({"tools": [WEB], "team": {"enabled": True}}))
    more = manifest({"tools": [{**WEB, "mode": "live"}], "team": {"enabled": True, "most": None}})
    plan = plan_of(more, there)
    assert (plan.changes, plan.drift) == ((), ())


@pytest.mark.parametrize("edit", [{"mode": "live"}, {"mode": "live", "context_size": "low"}])
def test_a_foreign_edit_of_an_own_tool_is_drift(edit: dict[str, Any]) -> None:
    declared_tools = manifest({"tools": [{**WEB, "mode": "cached"}]})
    there = applied(declared_tools)
    edited = replace(there, fields={**there.fields, "tools": [{**TOOL_DEFAULTS, **WEB, **edit}]})
    assert diffs(plan_of(declared_tools, edited)) == [("drift", "tools[web_search].mode", "live", "cached")]
    changed_too = manifest({"tools": [{**WEB, "mode": "disabled"}]})
    assert [origin for origin, *_ in diffs(plan_of(changed_too, edited))] == ["both"]


@pytest.mark.parametrize(
    ("own", "edit", "expected"),
    [
        ({"tier": "flex"}, {"tier": "fast"}, [("drift", "platforms.cloud.tier", "fast", "flex")]),
        ({"team": {"enabled": True}}, {"team": {"enabled": True, "most": 9}}, []),
        (
            {"team": {"enabled": True}},
            {"team": {"enabled": False, "most": None}},
            [("drift", "platforms.cloud.team.enabled", False, True)],
        ),
        ({}, {"tier": "fast"}, []),
        ({"words": ["b"]}, {"words": ["b", "c"]}, [("drift", "platforms.cloud.words[1]", "c", None)]),
    ],
)
def test_settings_that_others_change(own: dict[str, Any], edit: dict[str, Any], expected: list[Any]) -> None:
    there = applied(manifest(own))
    old: Any = there.fields["platforms"]
    edited = replace(there, fields={**there.fields, "platforms": {"cloud": {**old["cloud"], **edit}}})
    plan = plan_of(manifest(own), edited)
    assert diffs(plan) == expected
    assert [drift.path for drift in plan.drift] == [path for _, path, _, _ in expected]


def test_a_foreign_tool_is_drift_when_tools_are_declared() -> None:
    there = applied(manifest(tools=[FUNCTION]))
    tools: Any = there.fields["tools"]
    edited = replace(there, fields={**there.fields, "tools": [*tools, {**TOOL_DEFAULTS, **WEB}]})
    plan = plan_of(manifest(tools=[FUNCTION]), edited)
    assert [(origin, path) for origin, path, _, _ in diffs(plan)] == [("drift", "tools[web_search]")]


def test_what_is_ignored_is_set_once() -> None:
    ignoring = manifest({"tier": "flex"}, lifecycle={"ignore_changes": ["platforms.cloud.tier"]})
    there = applied(ignoring)
    own: Any = there.fields["platforms"]
    assert own["cloud"]["tier"] == "flex"
    own["cloud"]["tier"] = "fast"
    assert plan_of(ignoring, there).changes == ()


def test_secrets_in_own_fields_and_tools_are_not_shown() -> None:
    tool = {**MCP, "url": "SECRET"}
    secret = ["platforms.cloud.tools[0].url", "platforms.cloud.tier"]
    change = change_of(manifest({"tier": "SECRET", "tools": [tool]}, tools=[FUNCTION], secret=secret))
    hidden = {diff.path for diff in change.diffs if diff.secret}
    assert hidden == {"platforms.cloud.tier", "tools[mcp:orders]"}


def test_fields_that_go_together_are_sent_together() -> None:
    before = manifest({"tier": "flex"}, reasoning_effort="high")
    change = change_of(manifest({"tier": "flex"}, reasoning_effort="low"), applied(before))
    assert change.request is not None
    assert change.request.fields == {
        "reasoning_effort": "low",
        "model": "m",
        "platforms": {"cloud": {"tier": "flex"}},
    }


def test_companions_that_are_not_managed_stay_as_they_are_but_for_a_new_model() -> None:
    there = applied(manifest())
    effort = change_of(manifest(reasoning_effort="high"), there)
    assert effort.request is not None
    assert effort.request.fields["platforms"] == {"cloud": {"tier": "auto"}}
    model = change_of({**manifest(), "model": "n"}, there)
    assert model.request is not None
    assert model.request.fields["reasoning_effort"] is None
    assert model.request.fields["platforms"] == {"cloud": {"tier": None}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (manifest(temperature=0.5), [(Severity.ERROR, "temperature", "cloud cannot express temperature")]),
        (manifest(temperature=None), []),
        (manifest(response_format="auto"), []),
        (
            manifest(response_format={"type": "json_object"}),
            [(Severity.ERROR, "response_format", "cloud cannot express response_format")],
        ),
        (
            manifest(response_format={"type": "json_schema"}),
            [(Severity.INFO, "response_format", "response_format is mapped on cloud")],
        ),
        (manifest(name="much too long"), [(Severity.ERROR, "name", "the name is too long")]),
        (manifest({"tier": "slow"}), [(Severity.INFO, "platforms.cloud.tier", "slow is mapped")]),
        (manifest({"teir": 1}), [(Severity.ERROR, "platforms.cloud.teir", "cloud has no field teir")]),
        (manifest(description="d"), [(Severity.ERROR, "description", "cloud cannot express description")]),
    ],
)
def test_what_is_not_expressed_is_told(fields: dict[str, Any], expected: list[Any]) -> None:
    plan = plan_of(fields)
    assert [
        (diagnostic.severity, diagnostic.path, diagnostic.summary) for diagnostic in plan.diagnostics
    ] == expected


def test_a_misspelt_field_is_put_right() -> None:
    (diagnostic,) = plan_of(manifest({"teir": 1})).diagnostics
    assert diagnostic.detail == "did you mean 'tier'?"


def test_a_delete_does_not_take_resolved_defaults_for_edits() -> None:
    there = applied(manifest({"tools": [WEB], "team": {"enabled": True}}, tools=[FUNCTION]))
    (change,) = make_plan([], [there], POLICY, CAPABILITIES).changes
    assert (change.action, change.reason) == (Action.DELETE, "no longer declared")


TOKEN = {**MCP, "authorization": "Bearer a"}
TENANT = {**TOKEN, "headers": {"x-tenant": "acme"}}


@pytest.mark.parametrize(
    ("before", "after"), [(MCP, TOKEN), (TOKEN, MCP), (TOKEN, TENANT), (TENANT, TOKEN), (TOKEN, TOKEN), (MCP, MCP)]
)
@pytest.mark.parametrize("beside", [[], [WEB]])
def test_what_tools_never_show_is_judged_by_what_was_applied(
    before: dict[str, Any], after: dict[str, Any], beside: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = frozenset({"authorization", "headers"})
    monkeypatch.setitem(globals(), "CAPABILITIES", replace(CAPABILITIES, write_only_in_tools=hidden))

    def shown(there: Observed) -> Observed:
        tools: Any = there.fields["tools"]
        told: Any = [{name: part for name, part in tool.items() if name not in hidden} for tool in tools]
        return replace(there, fields={**there.fields, "tools": told})

    wanted = manifest({"tools": [after, *beside]})
    there = shown(applied(manifest({"tools": [before, *beside]})))
    plan = plan_of(wanted, there)
    assert plan.drift == ()
    if before == after:
        assert plan.changes == ()
        return
    (change,) = plan.changes
    assert change.request is not None
    assert change.request.fields["tools"] == [after, *beside]
    assert plan_of(wanted, shown(answer(change, there))).changes == ()


@pytest.mark.parametrize("beside", [[], [WEB]])
def test_secrets_that_tools_never_show_are_not_digested(
    beside: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        globals(), "CAPABILITIES", replace(CAPABILITIES, write_only_in_tools=frozenset({"authorization"}))
    )

    def wanted(token: str, url: str = "https://mcp.example.com") -> Desired:
        made = Template(("Bearer ", Named("S", token)))
        tool = {**MCP, "server_url": url, "authorization": made.filled}
        place = "tools[0].authorization"
        tools: Any = [tool, *beside]
        desired = declared("desk", {"model": "m", "tools": tools})
        return replace(desired, secret_paths=frozenset({place}), templates={place: made})

    def planned(desired: Desired, *observed: Observed) -> Plan:
        return make_plan([desired], observed, POLICY, CAPABILITIES)

    def shown(there: Observed) -> Observed:
        tools: Any = there.fields["tools"]
        told: Any = [{name: part for name, part in tool.items() if name != "authorization"} for tool in tools]
        return replace(there, fields={**there.fields, "tools": told})

    first, second = (shown(answer(planned(wanted(token)).changes[0])) for token in ("a", "b"))
    assert first.metadata == second.metadata
    assert planned(wanted("b"), first).changes == ()
    moved = wanted("b", "https://other.example.com")
    plan = planned(moved, first)
    assert plan.drift == ()
    (change,) = plan.changes
    assert change.request is not None
    assert change.request.fields["tools"] == moved.fields["tools"]
    assert planned(moved, shown(answer(change, first))).changes == ()
