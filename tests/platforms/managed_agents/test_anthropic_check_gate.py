"""``apply --check`` on Claude's agents: what conversations have beside an agent goes back with it, over HTTP."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest

from support import managed_resources
from support.live_sessions import AnthropicSessions, Session, with_routes
from support.managed_agents import ManagedAgents
from support.managed_files import Files
from support.managed_resources import Things
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, applied
from support.server import RecordingServer

MODEL = "claude-opus-5-5"
GOOD, BAD = "pandas==2.3.3", "pandas==3.0.0"
LISTS = ("agents", "environments", "memory_stores")
CHECK = {"ask": "Where is order 1001?", "expect": {"contains": "1001"}}


@dataclass
class Answering(AnthropicSessions):
    """Sessions that know the order where their agent is to name it and their environment has the package."""

    agents: ManagedAgents = field(default_factory=ManagedAgents)
    environments: Things = field(default_factory=managed_resources.environments)

    def script(self, session: Session, question: str) -> None:  # noqa: ARG002 - whatever is asked
        """What the session says."""
        agent = self.agents.agents[session.body["agent"]]
        environment = self.environments.things.get(session.body["environment_id"])
        packages = environment["config"]["packages"]["pip"] if environment else [GOOD]
        knows = BAD not in packages and "never" not in (agent["system"] or "")
        session.said = ["Order 1001 is on its way." if knows else "On its way."]


@pytest.fixture
def server(
    snapshots: ProjectSnapshots,
    *,
    agents: ManagedAgents,
    environments: Things,
    memory_stores: Things,
    files: Files,
) -> RecordingServer:
    """The server, with sessions."""
    sessions = Answering(agents=agents, environments=environments)
    mine = [route for route in sessions.routes() if not route.path.startswith(("/v1/files", "/v1/environments"))]
    beside = (*environments.routes(), *memory_stores.routes(), *files.routes())
    app = with_routes(mine, agents.app(*beside))
    snapshots.serve(app, agents, environments, memory_stores, files)
    return snapshots.server


@pytest.fixture
def shop(cloud: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """A project with an agent in an environment, with a memory store, applied."""
    declare(cloud, GOOD)
    cloud.write("assistants/customers.yaml", "kind: memory_store\n")
    cloud.manifest("desk", model=MODEL, environment="analysis", memory_stores=["customers"], checks=[CHECK])
    snapshots.restore("shop", lambda: applied(cloud))
    return cloud


@pytest.fixture
def plain(cloud: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """A project with an agent alone, applied."""
    cloud.manifest("desk", model=MODEL, checks=[CHECK])
    snapshots.restore("plain", lambda: applied(cloud))
    return cloud


def declare(project: ProjectFolder, package: str) -> None:
    project.write("assistants/analysis.yaml", f'kind: environment\npackages: {{python: ["{package}"]}}\n')


def packages(environments: Things) -> list[str]:
    return [package for each in environments.things.values() for package in each["config"]["packages"]["pip"]]


def pending(project: ProjectFolder) -> list[tuple[str, str, str]]:
    changes = project.run("plan", "--format", "json").json["changes"]
    return [(change["action"], change["kind"], change["key"]) for change in changes]


def test_an_environment_that_makes_it_worse_is_put_back(shop: ProjectFolder, environments: Things) -> None:
    declare(shop, BAD)
    outcome = shop.run("apply", "--yes", "--check", "--format", "json")
    assert outcome.code == 4, outcome.err + outcome.out
    assert outcome.json["put_back"] == [{"key": "desk", "status": "ok", "error": None}]
    [result] = outcome.json["results"]
    assert (result["kind"], result["key"], result["status"]) == ("environment", "analysis", "failed")
    assert "put back" in result["error"]
    assert packages(environments) == [GOOD]
    assert pending(shop) == [("update", "environment", "analysis")]
    assert shop.run("check").code == 0


def test_each_list_is_asked_for_before_it_after_it_and_for_the_way_back(
    shop: ProjectFolder, server: RecordingServer
) -> None:
    declare(shop, BAD)
    server.clear()
    assert shop.run("apply", "--yes", "--check").code == 4
    asked = Counter(f"{asked.method} {asked.path}" for asked in server.asked)
    assert {path: asked[f"GET /v1/{path}"] for path in LISTS} == dict.fromkeys(LISTS, 3)


@pytest.mark.parametrize("command", [("check",), ("ask", "desk", "Where is order 1001?")])
def test_who_is_asked_is_looked_for_once(
    shop: ProjectFolder, server: RecordingServer, command: tuple[str, ...]
) -> None:
    server.clear()
    assert shop.run(*command).code == 0
    asked = Counter(f"{asked.method} {asked.path}" for asked in server.asked)
    assert {path: asked[f"GET /v1/{path}"] for path in LISTS} == dict.fromkeys(LISTS, 1)


def test_it_goes_back_with_the_assistant(
    shop: ProjectFolder, environments: Things, memory_stores: Things, agents: ManagedAgents
) -> None:
    declare(shop, "pandas==2.4.0")
    shop.write("assistants/customers.yaml", "kind: memory_store\ndescription: What they told us\n")
    bad = "Say the number never."
    shop.manifest(
        "desk", model=MODEL, instructions=bad, environment="analysis", memory_stores=["customers"], checks=[CHECK]
    )
    assert shop.run("apply", "--yes", "--check").code == 4
    assert packages(environments) == [GOOD]
    assert memory_stores.named("customers")["description"] == ""
    assert [agent["system"] for agent in agents.agents.values()] == [None]
    assert shop.run("apply", "--yes").code == 0
    assert (packages(environments), pending(shop)) == (["pandas==2.4.0"], [])


def test_what_was_to_go_stays(shop: ProjectFolder, environments: Things, memory_stores: Things) -> None:
    shop.remove("analysis")
    shop.remove("customers")
    shop.manifest("desk", model=MODEL, instructions="Say the number never.", checks=[CHECK])
    outcome = shop.run("apply", "--yes", "--check", "--format", "json")
    assert outcome.code == 4, outcome.err + outcome.out
    assert (len(environments.things), len(memory_stores.things)) == (1, 1)
    assert {result["status"] for result in outcome.json["results"] if result["action"] == "delete"} <= {
        "skipped",
        "failed",
    }
    assert shop.run("apply", "--yes").code == 0
    assert (environments.things, memory_stores.things) == ({}, {})


def test_what_only_comes_with_the_apply_keeps_nobody_from_asking_before(
    plain: ProjectFolder, environments: Things
) -> None:
    declare(plain, GOOD)
    plain.manifest("desk", model=MODEL, instructions="Be brief.", environment="analysis", checks=[CHECK])
    outcome = plain.run("apply", "--yes", "--check", "--format", "json")
    assert outcome.code == 0, outcome.err + outcome.out
    assert [check["before"] for check in outcome.json["checks"]] == ["passed"]
    assert packages(environments) == [GOOD]


def test_a_new_environment_stays_when_the_assistant_goes_back(
    plain: ProjectFolder, environments: Things, agents: ManagedAgents
) -> None:
    declare(plain, GOOD)
    bad = "Say the number never."
    plain.manifest("desk", model=MODEL, instructions=bad, environment="analysis", checks=[CHECK])
    outcome = plain.run("apply", "--yes", "--check", "--format", "json")
    assert outcome.code == 4
    results = {result["kind"]: result["status"] for result in outcome.json["results"]}
    assert results == {"assistant": "failed", "environment": "ok"}
    assert [agent["system"] for agent in agents.agents.values()] == [None]
    assert pending(plain) == [("update", "assistant", "desk")]
    assert environments.things


def test_what_passed_in_another_environment_proves_nothing(shop: ProjectFolder, server: RecordingServer) -> None:
    assert shop.run("check").code == 0
    declare(shop, BAD)
    assert shop.run("apply", "--yes").code == 0
    shop.manifest(
        "desk",
        model=MODEL,
        instructions="Be brief.",
        environment="analysis",
        memory_stores=["customers"],
        checks=[CHECK],
    )
    server.clear()
    outcome = shop.run("apply", "--yes", "--check", "--format", "json")
    [gated] = outcome.json["checks"]
    assert (gated["before"], gated["before_from"], gated["worse"]) == ("failed", "asked", False)
