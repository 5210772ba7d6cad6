"""Files of the project for Claude's agents: uploaded, named by the agent, mounted in its sessions; over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support.live_sessions import AnthropicSessions, with_routes
from support.managed_agents import ManagedAgents
from support.managed_files import Files
from support.managed_resources import environments, memory_stores
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, applied, settled
from support.server import Answer, Asked, RecordingServer, serving

MODEL = "claude-opus-5-5"
PRICES, STOCK = "assistants/data/prices.csv", "assistants/data/stock.csv"
CODE: dict[str, Any] = {"tools": [{"type": "code_interpreter"}]}
TABLES: dict[str, Any] = {**CODE, "files": [{"path": "data/*.csv", "tool": "code_interpreter"}]}
OWN: dict[str, Any] = {"anthropic-agents": {"tools": [{"type": "agent_toolset_20260401"}]}}


@pytest.fixture
def desk(cloud: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """A project with an agent that has two tables, applied."""
    cloud.write(PRICES, "sku,price\n1,2\n")
    cloud.write(STOCK, "sku,stock\n1,7\n")
    cloud.manifest("desk", model=MODEL, **TABLES)
    snapshots.restore("desk", lambda: settled(cloud))
    return cloud


def only(agents: ManagedAgents) -> dict[str, Any]:
    """The one agent that is there."""
    [agent] = [candidate for candidate in agents.agents.values() if candidate["archived_at"] is None]
    return agent


def planned(project: ProjectFolder) -> list[tuple[str, str, str]]:
    document = project.run("plan", "--format", "json").json
    return [(change["action"], change["kind"], change["key"]) for change in document["changes"]]


def errors(project: ProjectFolder) -> list[dict[str, Any]]:
    document = project.run("plan", "--format", "json").json
    return [diagnostic for diagnostic in document["diagnostics"] if diagnostic["severity"] == "error"]


def test_files_are_told_one_by_one_and_named_by_the_agent(
    cloud: ProjectFolder, agents: ManagedAgents, files: Files
) -> None:
    cloud.write(PRICES, "sku,price\n1,2\n")
    cloud.write(STOCK, "sku,stock\n1,7\n")
    cloud.manifest("desk", model=MODEL, **TABLES)
    plan = cloud.run("plan", "--format", "json").json
    assert [(change["action"], change["kind"], change["key"]) for change in plan["changes"]] == [
        ("create", "assistant", "desk"),
        ("create", "file", PRICES),
        ("create", "file", STOCK),
    ]
    assert plan["files"] == {"upload": 2, "remove": 0, "bytes": 28}
    assert not files.files
    settled(cloud)
    assert files.names == ["prices.csv", "stock.csv"]
    metadata = only(agents)["metadata"]
    named = {f"file_{short_id}" for short_id in metadata["assistctl_uploads"].split()[1:]}
    assert named == files.files.keys()
    assert set(metadata) == {"assistctl", "assistctl_baseline", "assistctl_files", "assistctl_uploads"}
    assert files.contents[files.named("prices.csv")] == b"sku,price\n1,2\n"


def test_what_is_there_is_not_uploaded_again(desk: ProjectFolder, files: Files, agents: ManagedAgents) -> None:
    desk.manifest("desk", model=MODEL, instructions="Be brief.", **TABLES)
    assert planned(desk) == [("update", "assistant", "desk")]
    settled(desk)
    assert files.uploads == 2
    assert only(agents)["system"] == "Be brief."


def test_a_changed_file_takes_the_place_of_the_old_one(
    desk: ProjectFolder, files: Files, agents: ManagedAgents
) -> None:
    old, other = files.named("prices.csv"), files.named("stock.csv")
    desk.write(PRICES, "sku,price\n1,3\n")
    assert planned(desk) == [("update", "assistant", "desk"), ("update", "file", PRICES)]
    assert "data/prices.csv" in desk.run("plan").out
    settled(desk)
    new = files.named("prices.csv")
    assert (old in files.files, new == old) == (False, False)
    assert {f"file_{short_id}" for short_id in only(agents)["metadata"]["assistctl_uploads"].split()[1:]} == {
        new,
        other,
    }


def test_an_upload_that_is_gone_is_missing_and_comes_back(desk: ProjectFolder, files: Files) -> None:
    gone = files.named("stock.csv")
    del files.files[gone]
    found = desk.run("drift", "--format", "json")
    assert found.code == 2
    assert found.json["missing"] == [{"kind": "file", "key": STOCK, "id": gone, "reason": "deleted outside"}]
    settled(desk)
    assert files.names == ["prices.csv", "stock.csv"]


def test_what_somebody_else_takes_from_the_agent_is_drift(
    desk: ProjectFolder, agents: ManagedAgents, files: Files
) -> None:
    first = only(agents)["metadata"]["assistctl_uploads"].split()[1]
    agents.edit(only(agents)["id"], metadata={"assistctl_uploads": f"file_ {first}"})
    found = desk.run("drift", "--format", "json")
    assert (found.code, [drift["path"] for drift in found.json["drift"]]) == (2, ["files"])
    settled(desk)
    assert len(only(agents)["metadata"]["assistctl_uploads"].split()) == 3
    assert files.names.count("prices.csv") == 1


def test_files_that_are_no_longer_declared_go(desk: ProjectFolder, files: Files, agents: ManagedAgents) -> None:
    desk.manifest("desk", model=MODEL, **CODE)
    assert [change[0] for change in planned(desk)] == ["update", "delete", "delete"]
    settled(desk)
    assert not files.files
    assert set(only(agents)["metadata"]) == {"assistctl", "assistctl_baseline"}


def test_twenty_files_fit_however_long_their_paths_are(
    cloud: ProjectFolder, files: Files, agents: ManagedAgents
) -> None:
    folder = "a" * 120
    for number in range(20):
        cloud.write(f"assistants/{folder}/table-{number}.csv", f"sku,{number}\n")
    cloud.manifest("desk", model=MODEL, **CODE, files=[{"path": f"{folder}/*.csv", "tool": "code_interpreter"}])
    applied(cloud)
    assert len(files.files) == 20
    assert max(map(len, only(agents)["metadata"].values())) <= 512
    cloud.manifest("desk", model=MODEL, **CODE, files=[f"{folder}/table-7.csv"])
    settled(cloud)
    assert files.names == ["table-7.csv"]


def test_ids_of_any_form_are_kept_in_whole(cloud: ProjectFolder, files: Files, agents: ManagedAgents) -> None:
    ids = [files.add(f"{number}.csv", b"1\n", id=f"up-{number}") for number in range(2)]
    files.files = {file["id"]: file for file in files.files.values()}
    declared = {"code_interpreter": {"file_ids": [*files.files]}}
    cloud.manifest("desk", model=MODEL, **CODE, tool_resources=declared)
    applied(cloud)
    assert only(agents)["metadata"]["assistctl_uploads"] == "up-0 up-1"
    cloud.manifest("desk", model=MODEL, **CODE)
    settled(cloud)
    assert len(files.files) == len(ids)


def test_what_another_agent_names_is_never_deleted(
    desk: ProjectFolder, files: Files, agents: ManagedAgents
) -> None:
    prices, stock = files.named("prices.csv"), files.named("stock.csv")
    short = prices.removeprefix("file_")
    agents.add("agent_theirs", metadata={"assistctl_uploads": f"file_ {short}"})
    agents.add("agent_of_others", metadata={"reads": stock})
    desk.manifest("desk", model=MODEL, **CODE)
    settled(desk)
    assert files.files.keys() == {prices, stock}


def test_a_lost_answer_leaves_nothing_that_gc_cannot_name(
    cloud: ProjectFolder, files: Files, server: RecordingServer
) -> None:
    lost: list[str] = []

    def lose(asked: Asked) -> Answer | None:
        if asked.method == "POST" and asked.path == "/v1/files" and not lost:
            lost.append(asked.path)
            return Answer(500, b"{}", after=True)
        return None

    server.fault = lose
    cloud.write(PRICES, "sku,price\n1,2\n")
    cloud.manifest("desk", model=MODEL, **TABLES)
    applied(cloud)
    assert files.names == ["prices.csv", "prices.csv"]
    found = cloud.run("gc", "--yes", "--format", "json")
    assert [(item["name"], item["proven"]) for item in found.json["garbage"]] == [("prices.csv", False)]
    assert len(files.files) == 2
    assert cloud.run("gc", "--yes", "--unproven").code == 0
    assert files.names == ["prices.csv"]
    assert cloud.run("plan", "--detailed-exitcode").code == 0


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    cloud: ProjectFolder, files: Files, agents: ManagedAgents, server: RecordingServer
) -> None:
    def change(asked: Asked) -> Answer | None:
        if asked.method == "GET" and asked.path == "/v1/files":
            cloud.write(PRICES, "sku,price\n1,9\n")
        return None

    server.fault = change
    cloud.write(PRICES, "sku,price\n1,2\n")
    cloud.manifest("desk", model=MODEL, **TABLES)
    outcome = cloud.run("apply", "--yes")
    assert outcome.code == 1
    assert "prices.csv" in outcome.err + outcome.out
    assert not files.files
    assert not agents.agents


def test_gc_leaves_files_of_others_and_of_sessions_alone(
    desk: ProjectFolder, files: Files, agents: ManagedAgents
) -> None:
    theirs = files.add("theirs.csv", b"1\n")
    copy = files.add("prices.csv", b"sku,price\n1,2\n", scope={"type": "session", "id": "sesn_1"})
    agents.agents[only(agents)["id"]]["archived_at"] = "2026-11-26T12:00:00Z"
    for _ in range(2):
        assert desk.run("gc", "--yes", "--unproven").code == 0
    assert files.files.keys() == {theirs, copy}


def test_destroy_deletes_the_uploads(desk: ProjectFolder, files: Files) -> None:
    theirs = files.add("theirs.csv", b"1\n")
    assert desk.run("destroy", "--yes").code == 0
    assert files.files.keys() == {theirs}


def test_a_rollback_gives_the_files_back(desk: ProjectFolder, files: Files) -> None:
    desk.manifest("desk", model=MODEL, **CODE)
    applied(desk)
    assert not files.files
    [last, *_] = desk.run("history", "--format", "json").json["applies"]
    desk.manifest("desk", model=MODEL, **TABLES)
    outcome = desk.run("rollback", last["id"], "--yes")
    assert outcome.code == 0, outcome.err + outcome.out
    assert files.names == ["prices.csv", "stock.csv"]
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_a_dump_names_the_files(desk: ProjectFolder) -> None:
    desk.remove("desk")
    assert desk.run("dump").code == 0
    text = (desk.path / "assistants/desk.yaml").read_text()
    assert "data/prices.csv" in text
    assert "agent_toolset_20260401" in text
    assert desk.run("plan", "--detailed-exitcode").code == 0, desk.run("plan").out


def test_a_declared_toolset_reads_files_too(cloud: ProjectFolder, files: Files, agents: ManagedAgents) -> None:
    cloud.write(PRICES, "sku,price\n1,2\n")
    cloud.manifest("desk", model=MODEL, files=["data/prices.csv"], platforms=OWN)
    applied(cloud)
    assert files.names == ["prices.csv"]
    # Declared beside the code interpreter, it is there once, as it is declared.
    cloud.manifest("desk", model=MODEL, **TABLES, platforms=OWN)
    assert planned(cloud) == []
    [toolset] = only(agents)["tools"]
    assert (toolset["type"], toolset["configs"]) == ("agent_toolset_20260401", [])


def test_a_secret_behind_the_toolset_stays_one(
    cloud: ProjectFolder, agents: ManagedAgents, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = {"name": "look", "description": "Look with ${env:WORD}", "parameters": {"type": "object"}}
    monkeypatch.setenv("WORD", "tungsten-carbide")
    tools = [{"type": "code_interpreter"}, {"type": "function", "function": function}]
    cloud.manifest("desk", model=MODEL, tools=tools, platforms=OWN)
    shown = cloud.run("plan", "--format", "json").out
    assert "(secret WORD)" in shown
    assert "tungsten-carbide" not in shown
    settled(cloud)
    assert only(agents)["tools"][1]["description"] == "Look with tungsten-carbide"


@pytest.mark.parametrize(
    ("fields", "path", "summary", "way_on"),
    [
        (
            {"tools": [{"type": "file_search"}], "files": ["data/prices.csv"]},
            "files",
            "anthropic-agents cannot express files",
            "give files to code_interpreter",
        ),
        (
            {
                **CODE,
                "platforms": {
                    "anthropic-agents": {
                        "tools": [
                            {"type": "agent_toolset_20260401", "configs": [{"name": "bash", "enabled": False}]}
                        ]
                    }
                },
            },
            "platforms.anthropic-agents.tools[0]",
            "platforms.anthropic-agents.tools[0] has no bash",
            "Enable bash and read",
        ),
        (
            {**CODE, "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}},
            "tool_resources.file_search",
            "anthropic-agents cannot express tool_resources.file_search",
            "There are no vector stores",
        ),
    ],
)
def test_what_cannot_be_had_is_an_error(
    cloud: ProjectFolder, fields: dict[str, Any], path: str, summary: str, way_on: str
) -> None:
    cloud.write(PRICES, "sku,price\n1,2\n")
    cloud.manifest("desk", model=MODEL, **fields)
    found = {error["path"]: error for error in errors(cloud)}
    assert found[path]["summary"].startswith(summary)
    assert way_on in found[path]["detail"]
    assert cloud.run("apply", "--yes").code == 1


def test_a_toolset_of_another_platform_reads_nothing(cloud: ProjectFolder) -> None:
    cloud.write(PRICES, "sku,price\n1,2\n")
    cloud.manifest("desk", model="gpt-5", files=["data/prices.csv"], platforms=OWN)
    found = cloud.run("validate", "-t", "local", "--format", "json")
    said = [diagnostic for diagnostic in found.json["diagnostics"] if diagnostic["severity"] == "error"]
    assert [error["summary"] for error in said] == ["no tool of the assistant reads files on local"]
    assert found.code == 1
    assert cloud.run("validate", "-t", "cloud").code == 0


@contextmanager
def in_sessions(
    desk: ProjectFolder, agents: ManagedAgents, files: Files, server: RecordingServer
) -> Iterator[tuple[AnthropicSessions, RecordingServer]]:
    """The project on a server that has sessions as well."""
    sessions = AnthropicSessions()
    mine = [route for route in sessions.routes() if not route.path.startswith("/v1/files")]
    beside = (*environments().routes(), *memory_stores().routes(), *files.routes())
    address = server.url.removesuffix("/v1")
    with serving(with_routes(mine, agents.app(*beside))) as live:
        text = (desk.path / "assistctl.yaml").read_text()
        desk.write("assistctl.yaml", text.replace(address, live.url.removesuffix("/v1")))
        yield sessions, live


def test_sessions_mount_the_files(
    desk: ProjectFolder, agents: ManagedAgents, files: Files, server: RecordingServer
) -> None:
    with in_sessions(desk, agents, files, server) as (sessions, live):
        assert desk.run("ask", "desk", "Hello").code == 0
        [session] = sessions.sessions.values()
        mounts = {resource["mount_path"]: resource["file_id"] for resource in session.body["resources"]}
        assert mounts == {"/prices.csv": files.named("prices.csv"), "/stock.csv": files.named("stock.csv")}
        assert {resource["type"] for resource in session.body["resources"]} == {"file"}
        sessions.sessions.clear()
        check = {"ask": "Hello", "expect": {"contains": "Hello"}}
        desk.manifest("desk", model=MODEL, **TABLES, checks=[check])
        assert desk.run("check").code == 0
        created = [request for request in live.asked if (request.method, request.path) == ("POST", "/v1/sessions")]
        assert [len((request.body or {})["resources"]) for request in created] == [2, 2]


def test_a_file_is_mounted_that_is_answered_with_another_id(
    desk: ProjectFolder, agents: ManagedAgents, files: Files, server: RecordingServer
) -> None:
    names = {files.named(name): name for name in ("prices.csv", "stock.csv")}

    def answer(asked: Asked) -> Answer | None:
        name = names.get(asked.path.rpartition("/")[2]) if asked.method == "GET" else None
        said = {"id": "file_1", "type": "file", "filename": name, "size_bytes": 1}
        return Answer(200, json.dumps(said).encode()) if name else None

    with in_sessions(desk, agents, files, server) as (sessions, live):
        live.fault = answer
        assert desk.run("ask", "desk", "Hello").code == 0
        [session] = sessions.sessions.values()
    assert {resource["file_id"]: resource["mount_path"] for resource in session.body["resources"]} == {
        file_id: f"/{name}" for file_id, name in names.items()
    }


def test_output_gives_the_ids_of_uploads_where_they_are_asked_for(
    desk: ProjectFolder, agents: ManagedAgents, files: Files
) -> None:
    agent, prices, stock = only(agents)["id"], files.named("prices.csv"), files.named("stock.csv")
    assert desk.run("output").json == {"desk": agent}
    wanted = {"desk": agent, "desk/prices.csv": prices, "desk/stock.csv": stock}
    assert desk.run("output", "--files").json == wanted
    dotenv = desk.run("output", "--files", "--format", "dotenv").out.splitlines()
    assert sorted(dotenv) == sorted(
        [f"ASSISTANT_DESK={agent}", f"FILE_DESK_PRICES_CSV={prices}", f"FILE_DESK_STOCK_CSV={stock}"]
    )
    github = desk.run("output", "--files", "--format", "github").out.splitlines()
    assert sorted(github) == sorted(
        [f"desk={agent}", f"file.desk.prices.csv={prices}", f"file.desk.stock.csv={stock}"]
    )


def test_two_names_that_come_to_one_line_are_told(cloud: ProjectFolder) -> None:
    for name in ("a b.csv", "a+b.csv"):
        cloud.write(f"assistants/data/{name}", name)
    cloud.manifest("desk", model=MODEL, **TABLES)
    applied(cloud)
    assert len(json.loads(cloud.run("output", "--files").out)) == 3
    refused = cloud.run("output", "--files", "--format", "dotenv")
    assert refused.code == 1
    assert "FILE_DESK_A_B_CSV" in refused.err


def test_a_plan_without_changes_asks_little(desk: ProjectFolder, server: RecordingServer) -> None:
    assert desk.run("plan").code == 0
    asked = sorted(f"{request.method} {request.path}" for request in server.asked)
    assert asked.count("GET /v1/files") == 1
    assert not any(request.startswith("GET /v1/files/") for request in asked)


def test_what_was_uploaded_before_the_agent_was_refused_is_used_by_the_next_apply(
    cloud: ProjectFolder, files: Files, agents: ManagedAgents, server: RecordingServer
) -> None:
    error = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "not today"}}'
    server.fault = lambda asked: (
        Answer(400, error) if (asked.method, asked.path) == ("POST", "/v1/agents") else None
    )
    cloud.write(PRICES, "sku,price\n1,2\n")
    cloud.manifest("desk", model=MODEL, **TABLES)
    assert cloud.run("apply", "--yes").code == 4
    assert (files.names, agents.agents) == (["prices.csv"], {})
    server.fault = lambda _: None
    settled(cloud)
    assert (files.uploads, files.names) == (1, ["prices.csv"])
