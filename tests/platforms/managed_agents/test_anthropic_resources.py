"""Environments and memory stores of Claude's agents, declared and kept like anything else, over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from support.live_sessions import AnthropicSessions, with_routes
from support.managed_agents import ManagedAgents
from support.managed_resources import Things
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, applied, settled
from support.server import Answer, Asked, RecordingServer, serving

MODEL = "claude-opus-5-5"
ENVIRONMENT = """\
kind: environment
name: Analysis
description: Python and the orders
network: {access: restricted, allowed_domains: [api.example.com], allow_package_managers: true}
packages: {python: [pandas==2.3.3], system: [poppler-utils]}
metadata: {team: data}
"""
STORE = """\
kind: memory_store
name: Customers
description: What customers told us
"""


@pytest.fixture
def shop(cloud: ProjectFolder) -> ProjectFolder:
    """A project with an agent, the environment it runs in and the memory store it has."""
    cloud.write("assistants/analysis.yaml", ENVIRONMENT)
    cloud.write("assistants/customers.yaml", STORE)
    cloud.manifest("desk", model=MODEL, environment="analysis", memory_stores=["customers"])
    return cloud


@pytest.fixture
def live(shop: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """The same, applied, and settled."""
    snapshots.restore("shop", lambda: settled(shop))
    return shop


def planned(project: ProjectFolder, *args: str) -> dict[str, Any]:
    """What a plan would do, by kind and key: the action, and the paths that differ with what they are to be."""
    document = project.run("plan", "--format", "json", *args).json
    return {
        f"{change['kind']} {change['key']}": (
            change["action"],
            {diff["path"]: diff["new"] for diff in change["diffs"]},
        )
        for change in document["changes"]
    }


def test_both_are_created_as_declared(shop: ProjectFolder, environments: Things, memory_stores: Things) -> None:
    action, diffs = planned(shop)["environment analysis"]
    assert action == "create"
    assert diffs["packages"] == {"python": ["pandas==2.3.3"], "system": ["poppler-utils"]}
    settled(shop)
    made = environments.named("Analysis")
    assert made["config"]["networking"] == {
        "type": "limited",
        "allowed_hosts": ["api.example.com"],
        "allow_mcp_servers": False,
        "allow_package_managers": True,
    }
    assert (made["config"]["packages"]["pip"], made["config"]["packages"]["apt"]) == (
        ["pandas==2.3.3"],
        ["poppler-utils"],
    )
    assert made["metadata"]["team"] == "data"
    assert made["metadata"]["assistctl"] == "project=acme target=cloud key=analysis"
    assert memory_stores.named("Customers")["description"] == "What customers told us"


def test_what_changes_is_sent_and_the_rest_stays(live: ProjectFolder, environments: Things) -> None:
    identity = environments.named("Analysis")["id"]
    live.write("assistants/analysis.yaml", ENVIRONMENT.replace("2.3.3", "3.0.0").replace("team: data", "team: bi"))
    assert planned(live) == {
        "environment analysis": ("update", {"packages.python[0]": "pandas==3.0.0", "metadata.team": "bi"})
    }
    settled(live)
    made = environments.named("Analysis")
    assert made["id"] == identity
    assert made["config"]["packages"]["pip"] == ["pandas==3.0.0"]
    assert made["config"]["networking"]["allowed_hosts"] == ["api.example.com"]
    assert made["metadata"]["team"] == "bi"


def test_what_is_removed_goes_back_to_the_default(
    live: ProjectFolder, environments: Things, memory_stores: Things
) -> None:
    live.write("assistants/analysis.yaml", "kind: environment\nname: Analysis\n")
    live.write("assistants/customers.yaml", "kind: memory_store\nname: Customers\n")
    settled(live)
    made = environments.named("Analysis")
    assert made["config"]["networking"] == {"type": "unrestricted"}
    assert not any(made["config"]["packages"][name] for name in ("pip", "apt"))
    assert (made["description"], "team" in made["metadata"]) == (None, False)
    assert memory_stores.named("Customers")["description"] == ""


def test_what_somebody_else_changed_is_drift(live: ProjectFolder, environments: Things) -> None:
    environments.edit(
        environments.named("Analysis")["id"], config={"type": "cloud", "packages": {"npm": ["vite"]}}
    )
    found = live.run("drift", "--format", "json")
    assert found.code == 2
    [drift] = found.json["drift"]
    assert (drift["kind"], drift["key"], drift["path"]) == ("environment", "analysis", "packages.npm")
    settled(live)
    assert environments.named("Analysis")["config"]["packages"]["npm"] == []


def test_what_is_declared_no_longer_is_deleted(
    live: ProjectFolder, environments: Things, memory_stores: Things
) -> None:
    live.manifest("desk", model=MODEL)
    live.remove("analysis")
    live.remove("customers")
    plan = live.run("plan")
    assert "no longer declared; its memories go with it" in plan.out
    settled(live)
    assert not environments.things
    assert not memory_stores.things


def test_protection_holds_without_the_document(shop: ProjectFolder, memory_stores: Things) -> None:
    shop.write("assistants/customers.yaml", STORE + "lifecycle: {prevent_destroy: true}\n")
    applied(shop)
    shop.manifest("desk", model=MODEL, environment="analysis")
    shop.remove("customers")
    assert shop.run("apply", "--yes").code == 3
    assert memory_stores.things


def test_a_new_key_keeps_the_thing(live: ProjectFolder, environments: Things) -> None:
    identity = environments.named("Analysis")["id"]
    live.remove("analysis")
    live.write("assistants/sandbox.yaml", ENVIRONMENT + "moved_from: analysis\n")
    live.manifest("desk", model=MODEL, environment="sandbox", memory_stores=["customers"])
    settled(live)
    assert environments.named("Analysis")["id"] == identity
    assert environments.named("Analysis")["metadata"]["assistctl"].endswith("key=sandbox")


def test_one_of_somebody_else_is_taken_over_only_when_that_is_said(
    shop: ProjectFolder, memory_stores: Things
) -> None:
    theirs = memory_stores.add(name="Customers", metadata={"owner": "sales"})
    assert shop.run("apply", "--yes").code == 3
    said = shop.run("plan", "--format", "json").json["diagnostics"]
    words = f"a memory store with the name of customers exists that no project owns: {theirs['id']}"
    assert words in [diagnostic["summary"] for diagnostic in said]
    settled(shop, "--adopt")
    adopted = memory_stores.named("Customers")
    assert (adopted["id"], adopted["metadata"]["owner"]) == (theirs["id"], "sales")


def test_a_create_whose_answer_is_lost_is_found_by_its_mark(
    shop: ProjectFolder, environments: Things, server: RecordingServer
) -> None:
    def lose(asked: Asked) -> Answer | None:
        if asked.method == "POST" and asked.path.endswith("/v1/environments"):
            environments.add(**(asked.body or {}))
            return Answer(500, b"{}")
        return None

    server.fault = lose
    settled(shop)
    assert len(environments.things) == 1


def test_destroy_deletes_all_of_it(
    live: ProjectFolder, agents: ManagedAgents, environments: Things, memory_stores: Things
) -> None:
    assert live.run("destroy", "--yes").code == 0
    assert not environments.things
    assert not memory_stores.things
    assert all(agent["archived_at"] for agent in agents.agents.values())


@pytest.mark.parametrize(
    ("more", "where", "summary"),
    [
        ("env: {A: b}\n", 7, "anthropic-agents cannot express env"),
        ("platforms: {anthropic-agents: {type: self_hosted}}\n", 4, "a self-hosted environment has no network on"),
    ],
)
def test_what_cannot_be_expressed_is_an_error(shop: ProjectFolder, more: str, where: int, summary: str) -> None:
    shop.write("assistants/analysis.yaml", ENVIRONMENT + more)
    found = [
        diagnostic
        for diagnostic in shop.run("plan", "--format", "json").json["diagnostics"]
        if diagnostic["severity"] == "error"
    ]
    assert (found[0]["file"], found[0]["line"]) == ("assistants/analysis.yaml", where)
    assert found[0]["summary"].startswith(summary)
    assert shop.run("apply", "--yes").code == 1


def test_an_empty_plan_counts_them_and_list_and_output_name_them(
    live: ProjectFolder, environments: Things, memory_stores: Things
) -> None:
    said = "No changes. 3 assistants, memory stores and environments are as declared."
    assert said in live.run("plan").out
    listed = live.run("list", "--format", "json").json["resources"]
    ids = {"customers": memory_stores.named("Customers")["id"], "analysis": environments.named("Analysis")["id"]}
    assert {resource["key"]: resource["id"] for resource in listed} == ids
    assert [resource["kind"] for resource in listed] == ["memory_store", "environment"]
    page = live.run("list", "--format", "markdown").out
    assert "1 assistant is deployed, with 1 memory store, 1 environment." in page
    output = live.run("output").json
    assert {key: output[key] for key in ids} == ids
    assert f"ENVIRONMENT_ANALYSIS={ids['analysis']}\n" in live.run("output", "--format", "dotenv").out


def test_only_some_keys(shop: ProjectFolder, environments: Things, memory_stores: Things) -> None:
    assert shop.run("apply", "--yes", "analysis").code == 0
    assert environments.things
    assert not memory_stores.things
    assert shop.run("apply", "--yes", "analisis").code == 1
    assert "did you mean 'analysis'?" in shop.run("plan", "analisis").err


def test_what_is_missing_is_told(live: ProjectFolder, environments: Things) -> None:
    [identity] = environments.things
    environments.things.clear()
    found = live.run("drift", "--format", "json")
    assert found.code == 2
    [missing] = found.json["missing"]
    assert missing == {"kind": "environment", "key": "analysis", "id": identity, "reason": "deleted outside"}


def test_a_saved_plan_holds_until_somebody_changes_one(live: ProjectFolder, environments: Things) -> None:
    live.write("assistants/analysis.yaml", ENVIRONMENT.replace("2.3.3", "3.0.0"))
    live.run("plan", "--out", "it.plan")
    environments.edit(environments.named("Analysis")["id"], description="Mine")
    refused = live.run("apply", "it.plan", "--yes")
    assert (refused.code, "analysis (environment)" in refused.err) == (3, True)
    live.run("plan", "--out", "it.plan")
    assert live.run("apply", "it.plan", "--yes").code == 0
    assert environments.named("Analysis")["description"] == "Python and the orders"


def test_a_rollback_puts_back_what_an_apply_changed_and_deleted(
    live: ProjectFolder, environments: Things, memory_stores: Things
) -> None:
    live.write("assistants/analysis.yaml", ENVIRONMENT.replace("2.3.3", "3.0.0"))
    live.remove("customers")
    live.manifest("desk", model=MODEL, environment="analysis")
    applied(live)
    [last, *_] = live.run("history", "--format", "json").json["applies"]
    outcome = live.run("rollback", last["id"], "--yes", "--format", "json")
    assert outcome.code == 0, outcome.out + outcome.err
    assert environments.named("Analysis")["config"]["packages"]["pip"] == ["pandas==2.3.3"]
    assert memory_stores.named("Customers")["description"] == "What customers told us"
    told = [diagnostic["summary"] for diagnostic in outcome.json["diagnostics"]]
    lost = "customers (memory store) does not go back in full: its memories were deleted with it"
    assert lost in told


def test_gc_deletes_what_no_document_declares(live: ProjectFolder, environments: Things) -> None:
    live.remove("analysis")
    live.manifest("desk", model=MODEL, memory_stores=["customers"])
    found = live.run("gc", "--yes", "--format", "json")
    assert found.code == 0, found.err
    assert [(item["kind"], item["name"]) for item in found.json["garbage"]] == [("environment", "Analysis")]
    assert not environments.things


def test_a_dump_declares_what_is_there(live: ProjectFolder, environments: Things) -> None:
    environments.add(name="Theirs", config={"type": "self_hosted"}, metadata={"team": "ops"})
    for key in ("analysis", "customers", "desk"):
        live.remove(key)
    dumped = live.run("dump", "--format", "json").json
    assert {resource["key"] for resource in dumped["resources"]} == {"analysis", "customers", "theirs"}
    text = (live.path / "assistants/theirs.yaml").read_text()
    assert "import: env_" in text
    assert "self_hosted" in text
    assert planned(live) == {"environment theirs": ("adopt", {})}
    settled(live)


def test_a_conversation_has_what_the_manifest_names(
    shop: ProjectFolder, agents: ManagedAgents, environments: Things, memory_stores: Things
) -> None:
    sessions = AnthropicSessions()
    routes = [route for route in sessions.routes() if not route.path.startswith("/v1/environments")]
    use = {"memory_store": "customers", "access": "read_only", "instructions": "Look here first."}
    shop.manifest("desk", model=MODEL, environment="analysis", memory_stores=[use])
    beside = (*environments.routes(), *memory_stores.routes())
    with serving(with_routes(routes, agents.app(*beside))) as server:
        shop.use("anthropic-agents", server.address)
        assert shop.run("apply", "--yes", "desk").code == 0
        early = shop.run("ask", "desk", "Who are you?")
        assert (early.code, "the environment analysis is not deployed on cloud" in early.err) == (1, True)
        applied(shop)
        outcome = shop.run("ask", "desk", "Who are you?", "--format", "json")
    assert outcome.code == 0, outcome.err
    [session] = sessions.sessions.values()
    assert session.body["environment_id"] == environments.named("Analysis")["id"]
    store = memory_stores.named("Customers")["id"]
    more = {"access": "read_only", "instructions": "Look here first."}
    assert session.body["resources"] == [{"type": "memory_store", "memory_store_id": store, **more}]
    assert len(environments.things) == 1


def test_what_an_assistant_names_by_key_is_not_destroyed_without_it(
    live: ProjectFolder, environments: Things
) -> None:
    outcome = live.run("destroy", "analysis", "--yes")
    said = f"analysis (environment) stays: desk names {environments.named('Analysis')['id']} by its id"
    assert said in outcome.out + outcome.err
    assert environments.things


def test_what_somebody_elses_agent_names_by_id_is_not_deleted(
    live: ProjectFolder, agents: ManagedAgents, environments: Things
) -> None:
    [identity] = environments.things
    agents.add("agent_theirs", metadata={"runs_in": identity})
    live.remove("analysis")
    live.manifest("desk", model=MODEL, memory_stores=["customers"])
    assert live.run("apply", "--yes").code == 0
    assert live.run("gc", "--yes").code == 0
    assert environments.things
    agents.edit("agent_theirs", metadata={"runs_in": None})
    settled(live)
    assert not environments.things


def test_one_that_is_let_go_can_be_taken_over_again(live: ProjectFolder, memory_stores: Things) -> None:
    live.manifest("desk", model=MODEL, environment="analysis")
    live.remove("customers")
    [identity] = memory_stores.things
    assert live.run("forget", "customers", "--yes").code == 0
    assert "assistctl" not in memory_stores.things[identity]["metadata"]
    applied(live)
    [last, *_] = live.run("history", "--format", "json").json["applies"]
    assert live.run("rollback", last["id"], "--yes").code == 0
    assert [*memory_stores.things] == [identity]
    assert memory_stores.things[identity]["metadata"]["assistctl"].endswith("key=customers")


def test_all_that_there_is_is_not_deleted_by_the_way(
    cloud: ProjectFolder, environments: Things, memory_stores: Things
) -> None:
    cloud.write("assistants/analysis.yaml", ENVIRONMENT)
    cloud.write("assistants/customers.yaml", STORE)
    applied(cloud)
    cloud.remove("customers")
    cloud.remove("analysis")
    cloud.write("assistants/other.yaml", "kind: environment\n")
    assert cloud.run("apply", "--yes").code == 3
    assert len(environments.things) == len(memory_stores.things) == 1
    settled(cloud, "--allow-deletes")
    assert [thing["name"] for thing in environments.things.values()] == ["other"]


def test_a_change_that_fails_is_told_and_the_next_apply_makes_it(
    shop: ProjectFolder, environments: Things, server: RecordingServer
) -> None:
    def refuse(asked: Asked) -> Answer | None:
        is_create = asked.method == "POST" and asked.path.endswith("/v1/environments")
        error = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "too many"}}'
        return Answer(400, error) if is_create else None

    server.fault = refuse
    outcome = shop.run("apply", "--yes", "--format", "json")
    assert outcome.code == 4
    failed = [(result["kind"], result["key"]) for result in outcome.json["results"] if result["status"] != "ok"]
    assert failed == [("environment", "analysis")]
    server.fault = lambda _: None
    settled(shop)
    assert environments.things


def test_a_migration_says_what_it_leaves_there(
    live: ProjectFolder, environments: Things, server: RecordingServer
) -> None:
    environments.add(name="Theirs")
    environments.add(name="Of others", metadata={"assistctl": "project=other target=cloud key=it"})
    live.remove("customers")
    live.manifest("desk", model=MODEL, environment="analysis")
    check = ("migrate", "--from", "cloud", "--to", "local", "--check")
    shown = live.run(*check, "--format", "json")
    said = [
        diagnostic["summary"] for diagnostic in shown.json["diagnostics"] if diagnostic["severity"] == "warning"
    ]
    assert "1 environment on cloud without a document, and not moved: Theirs" in said
    assert "1 memory store on cloud without a document, and not moved: customers" in said
    assert "assistctl dump --target cloud" in live.run(*check).out

    server.fault = lambda asked: Answer(403, b"{}") if asked.path.endswith("/v1/environments") else None
    shown = live.run(*check, "--format", "json")
    said = [diagnostic["summary"] for diagnostic in shown.json["diagnostics"]]
    assert "the environments could not be listed, so nothing is reported about them" in said


@pytest.mark.parametrize("mine", [True, False])
def test_what_a_target_names_is_never_deleted(
    live: ProjectFolder, environments: Things, monkeypatch: pytest.MonkeyPatch, *, mine: bool
) -> None:
    [identity] = environments.things
    text = (live.path / "assistctl.yaml").read_text()
    option = "{environment_id: ENV}"
    if mine:
        monkeypatch.setenv("RUNS_IN", identity)
        named = text.replace("api_key: test-key}", f"api_key: test-key, options: {option}}}")
        named = named.replace("ENV", "'${env:RUNS_IN}'")
    else:
        named = text + f"  other: {{platform: anthropic-agents, api_key: k, options: {option}}}\n"
        named = named.replace("ENV", identity)
    live.write("assistctl.yaml", named)
    live.remove("analysis")
    live.manifest("desk", model=MODEL, memory_stores=["customers"])
    outcome = live.run("apply", "--yes", "--format", "json")
    assert outcome.code == 0, outcome.err
    where = "options.environment_id of the target " + ("cloud" if mine else "other")
    said = [diagnostic["summary"] for diagnostic in outcome.json["diagnostics"]]
    assert f"analysis (environment) stays: {where} names {identity} by its id" in [
        summary.replace("(secret RUNS_IN)", identity) for summary in said
    ]
    assert live.run("gc", "--yes").code == 0
    assert live.run("destroy", "--yes").code == 0
    assert [*environments.things] == [identity]
    live.write("assistctl.yaml", text)
    live.run("apply", "--yes", "--allow-deletes")
    assert live.run("destroy", "--yes").code == 0
    assert not environments.things


def test_too_many_of_a_kind_are_not_deleted_by_the_way(cloud: ProjectFolder, memory_stores: Things) -> None:
    for number in range(12):
        cloud.write(f"assistants/store-{number}.yaml", "kind: memory_store\n")
    cloud.manifest("desk", model=MODEL)
    applied(cloud)
    for number in range(4):
        cloud.remove(f"store-{number}")
    planned_deletes = cloud.run("plan", "--format", "json").json
    assert [change["blocked"] for change in planned_deletes["changes"]] == ["threshold"] * 4
    said = [
        diagnostic["summary"]
        for diagnostic in planned_deletes["diagnostics"]
        if diagnostic["severity"] == "warning"
    ]
    assert "4 of the 12 memory stores owned here would be deleted, more than 30 %" in said
    assert cloud.run("apply", "--yes").code == 3
    assert len(memory_stores.things) == 12
    settled(cloud, "--allow-deletes")
    assert len(memory_stores.things) == 8


def refused(path: str) -> Callable[[Asked], Answer | None]:
    """A server that lets nobody see what is at ``path``."""
    error = b'{"type": "error", "error": {"type": "permission_error", "message": "not for this key"}}'
    return lambda asked: Answer(403, error) if asked.path.endswith(path) else None


def test_a_key_that_may_not_see_environments_can_do_without(cloud: ProjectFolder, server: RecordingServer) -> None:
    cloud.manifest("desk", model=MODEL)
    server.fault = refused("/v1/environments")
    applied(cloud)
    document = cloud.run("plan", "--format", "json").json
    assert document["changes"] == []
    told = [diagnostic for diagnostic in document["diagnostics"] if "may not see" in diagnostic["summary"]]
    [(severity, summary)] = [(diagnostic["severity"], diagnostic["summary"]) for diagnostic in told]
    assert severity == "info"
    assert summary.startswith("this key may not see environments on cloud: not for this key (HTTP 403")
    assert cloud.run("list", "--format", "json").json["hidden"] == ["environment"]
    assert "This key may not see environments." in cloud.run("list").err
    assert "This key may not see environments." in cloud.run("list", "--format", "markdown").out
    output = cloud.run("output")
    assert ([*output.json], "may not see environments" in output.err) == (["desk"], True)
    cloud.remove("desk")
    assert cloud.run("dump").code == 0
    [last, *_] = cloud.run("history", "--format", "json").json["applies"]
    assert cloud.run("rollback", last["id"], "--yes").code == 0


def test_what_is_declared_has_to_be_seen(live: ProjectFolder, server: RecordingServer) -> None:
    server.fault = refused("/v1/environments")
    refusal = live.run("plan")
    assert (refusal.code, "not for this key" in refusal.err) == (1, True)


def test_a_plan_asks_once_for_each_kind_whatever_is_declared(
    cloud: ProjectFolder, agents: ManagedAgents, server: RecordingServer
) -> None:
    cloud.manifest("desk", model=MODEL)
    applied(cloud)
    for number in range(120):
        agents.add(f"agent_{number:03}")
    server.clear()
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    asked = Counter(request.path for request in server.asked)
    assert asked == {
        "/v1/agents": 2,
        "/v1/environments": 1,
        "/v1/memory_stores": 1,
        "/v1/skills": 1,
        "/v1/models": 1,
    }


def test_the_last_document_that_goes_takes_its_thing_along(cloud: ProjectFolder, environments: Things) -> None:
    cloud.manifest("desk", model=MODEL)
    cloud.write("assistants/analysis.yaml", ENVIRONMENT)
    applied(cloud)
    cloud.remove("analysis")
    settled(cloud)
    assert not environments.things
