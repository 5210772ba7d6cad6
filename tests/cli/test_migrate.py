"""migrate: what was on a platform becomes manifests for another, and what is lost is told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import yaml

from support.dashboard import Dashboard
from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.retired import FILES, LONG_NAME, PAGE, STORES, retired_assistants
from support.server import Answer, RecordingServer, error_body, serving

TARGETS = """\
project: acme
default_target: local
targets:
  old: {{platform: openai-assistants, base_url: "{old}", api_key: test-key}}
  agents: {{platform: openai-agents, base_url: "{old}", api_key: test-key}}
  managed: {{platform: anthropic-agents, base_url: "{managed}", api_key: test-key}}
"""
LOST = {
    "agents": {
        "description": 3,
        "metadata": 5,
        "model": 3,
        "name": 1,
        "response_format": 3,
        "temperature": 3,
        "tool_resources": 7,
        "tools": 6,
        "top_p": 2,
    },
    "managed": {
        "metadata": 5,
        "model": 25,
        "reasoning_effort": 1,
        "response_format": 2,
        "temperature": 3,
        "tool_resources": 7,
        "tools": 6,
        "top_p": 2,
    },
}


@pytest.fixture(autouse=True)
def a_day_in_november(monkeypatch: pytest.MonkeyPatch) -> None:
    """The models of then are shut down one after the other: the day decides which are gone."""
    monkeypatch.setattr("assistctl.model.model_catalog.today", lambda: dt.date(2026, 11, 26))


@pytest.fixture
def clouds(project: ProjectFolder, server: RecordingServer) -> Iterator[ProjectFolder]:
    """A project with a target on each platform, each served over HTTP."""
    with serving(ManagedAgents().app()) as managed:
        project.write("assistctl.yaml", TARGETS.format(old=server.url, managed=managed.url.removesuffix("/v1")))
        yield project


@pytest.fixture
def retired(clouds: ProjectFolder) -> ProjectFolder:
    """That project, and an export of 25 assistants with what was known of their files."""
    page = {"object": "list", "data": retired_assistants(), "has_more": False}
    things: list[dict[str, Any]] = [
        {"object": "file", "id": file_id, "filename": name} for file_id, name in FILES.items()
    ]
    things += [{"object": "vector_store", "id": store_id, "name": name} for store_id, name in STORES.items()]
    things += [{"object": "vector_store.file", "id": "file-0003", "vector_store_id": "vs_handbook"}]
    clouds.write("export/assistants.json", json.dumps(page))
    clouds.write("export/files.jsonl", "\n".join(map(json.dumps, things)))
    return clouds


def manifest(project: ProjectFolder, key: str) -> Any:
    return yaml.safe_load((project.path / f"assistants/{key}.yaml").read_text())


def field(document: Any, key: str, path: str) -> Any:
    (assistant,) = (candidate for candidate in document["assistants"] if candidate["key"] == key)
    (found,) = (fate for fate in assistant["fields"] if fate["path"] == path)
    return found


@pytest.mark.parametrize("target", LOST)
def test_25_retired_assistants_move_and_plan_cleanly(retired: ProjectFolder, target: str) -> None:
    moved = retired.run("migrate", "--from", "export", "--to", target, "--format", "json")
    assert moved.code == 0, moved.err
    assert moved.json["summary"]["assistants"] == len(moved.json["assistants"]) == 25
    lost = [
        fate["path"] for each in moved.json["assistants"] for fate in each["fields"] if fate["outcome"] == "lost"
    ]
    fields = [path.partition(".")[0].partition("[")[0] for path in lost]
    assert {name: fields.count(name) for name in sorted(set(fields))} == LOST[target]
    assert moved.json["summary"]["lost"] == len(lost)

    validated = retired.run("validate")
    assert (validated.code, validated.out.splitlines()[-1]) == (0, "25 assistants, no errors.")
    assert validated.out.count("warning: ") == validated.out.count("is the name of") == 1
    planned = retired.run("plan", "--target", target, "--format", "json")
    assert planned.code == 0, planned.err
    doubtful = [diagnostic for diagnostic in planned.json["diagnostics"] if diagnostic["severity"] != "info"]
    # The models of then are no longer to be had: that is what the report says of them.
    assert {(diagnostic["severity"], diagnostic["path"]) for diagnostic in doubtful} <= {
        ("warning", "model"),
        ("warning", "name"),
    }
    assert planned.json["summary"]["create"] == 25
    assert retired.run("apply", "--target", target, "--yes").code == 0
    assert retired.run("plan", "--target", target, "--detailed-exitcode").code == 0


def test_text_survives_and_long_text_is_a_file(retired: ProjectFolder) -> None:
    assert retired.run("migrate", "--from", "export", "--to", "agents").code == 0
    assert manifest(retired, "order-desk")["instructions"] == {"file": "prompts/order-desk.md"}
    assert (retired.path / "assistants/prompts/order-desk.md").read_text() == PAGE
    assert retired.run("apply", "--target", "agents", "--yes").code == 0
    url = yaml.safe_load((retired.path / "assistctl.yaml").read_text())["targets"]["agents"]["base_url"]
    answer = httpx2.get(f"{url}/agents", params={"limit": 100}, headers={"OpenAI-Beta": "agents=v1"}).json()
    there = {(item["name"], item["instructions"]) for item in answer["data"]}
    wanted = {
        (retired_assistant["name"], retired_assistant["instructions"])
        for retired_assistant in retired_assistants()
        if retired_assistant["name"] != LONG_NAME
    }
    assert wanted <= there
    (braces,) = (item for item in answer["data"] if item["name"] == "Braces")
    assert braces["metadata"]["a.b"] == "${env:HOME}"


def test_the_report_names_what_a_person_can_act_on(retired: ProjectFolder) -> None:
    shown = retired.run("migrate", "--from", "export", "--to", "agents", "--check")
    assert shown.code == 2
    assert list((retired.path / "assistants").iterdir()) == []
    said = shown.out
    assert "acme: export (openai-assistants) → agents (openai-agents)" in said
    assert "price-analyst: prices.csv (file-0001), stock.csv (file-0002)" in said
    assert "forgotten-files: file-gone" in said
    assert "librarian: Handbook (vs_handbook) with handbook.pdf (file-0003)" in said
    assert "lost-library: vs_expired" in said
    assert "order-desk-3 (temperature 0.2)" in said
    assert "thirteen-pairs (k12 v)" in said
    assert "gpt-4o (22)" in said
    assert "It will be shut down on 2027-01-14. Name a current one, such as gpt-6-luna." in said
    assert "It was shut down on 2026-10-23. Name a current one, such as gpt-6-luna." in said
    assert "order-desk-2 (gpt-4-turbo), thinker (o3-mini), quick-thinker (o4-mini)" in said
    assert "pinger (ping)" in said
    assert said.endswith("25 assistants: 7 without loss, 18 with something lost.\n")


def test_what_comes_next_is_said_and_not_done(retired: ProjectFolder, server: RecordingServer) -> None:
    done = retired.run("migrate", "--from", "export", "--to", "agents")
    assert done.err == "Wrote the manifests to assistants/.\nNext: assistctl plan --target agents\n"
    assert server.asked == []
    again = retired.run("migrate", "--from", "export", "--to", "agents", "--format", "json")
    assert (again.code, again.json["assistants"], len(again.json["declared"])) == (0, [], 25)
    elsewhere = retired.run("migrate", "--from", "export", "--to", "managed", "--dir", "moved", "--check")
    assert (elsewhere.code, (retired.path / "moved").exists()) == (2, False)
    assert elsewhere.out.endswith("26 assistants: 0 without loss, 26 with something lost.\n")


def test_another_folder(retired: ProjectFolder) -> None:
    done = retired.run("migrate", "--from", "export/assistants.json", "--to", "agents", "--dir", "moved")
    assert (done.code, len(list((retired.path / "moved").glob("*.yaml")))) == (0, 25)
    assert "Next: move them to assistants/, then assistctl plan --target agents" in done.err
    assert retired.run("validate", "moved").code == 0
    before = retired.snapshot()
    again = retired.run("migrate", "--from", "export/assistants.json", "--to", "agents", "--dir", "moved")
    assert again.code == 1
    assert "exists already, so nothing was written" in again.err
    assert retired.snapshot() == before


@pytest.fixture
def live(clouds: ProjectFolder, server: RecordingServer) -> Iterator[ProjectFolder]:
    """A target with an assistant that reads files, one of this project and one of another's."""
    headers = {"OpenAI-Beta": "assistants=v2"}
    file = {"file": ("prices.csv", b"a,b\n1,2\n")}
    upload = httpx2.post(f"{server.url}/files", data={"purpose": "assistants"}, files=file).json()["id"]
    body = {"name": "Handbook", "file_ids": [upload]}
    store = httpx2.post(f"{server.url}/vector_stores", json=body, headers=headers).json()["id"]
    person = Dashboard(server.url)
    person.create(
        name="Analyst",
        temperature=0.3,
        tools=[{"type": "code_interpreter"}, {"type": "file_search"}],
        tool_resources={
            "code_interpreter": {"file_ids": [upload]},
            "file_search": {"vector_store_ids": [store]},
        },
    )
    person.create(name="Theirs", metadata={"assistctl": "project=other target=old key=theirs"})
    person.create(name="\x1b[2JEvil\n+ fake", instructions="x")
    clouds.manifest("ours", instructions="${env:SECRET}", lifecycle={"prevent_destroy": True})
    yield clouds
    person.close()


def test_from_a_live_target(live: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "do-not-tell-4711")
    assert live.run("apply", "--target", "old", "--yes").code == 0
    live.remove("ours")
    server.clear()
    moved = live.run("migrate", "--from", "old", "--to", "managed", "--format", "json")
    assert moved.code == 0, moved.err
    assert server.mutations == []
    assert {assistant["key"] for assistant in moved.json["assistants"]} == {"analyst", "2jevil-fake", "ours"}
    assert (moved.json["others"], moved.json["declared"]) == (1, [])
    files = field(moved.json, "analyst", "tool_resources.code_interpreter.file_ids")
    assert [file["name"] for file in files["value"]] == ["prices.csv"]
    (store,) = field(moved.json, "analyst", "tool_resources.file_search.vector_store_ids")["value"]
    assert (store["name"], [file["name"] for file in store["files"]]) == ("Handbook", ["prices.csv"])
    assert field(moved.json, "ours", "instructions")["outcome"] == "lost"
    assert manifest(live, "ours")["lifecycle"] == {"prevent_destroy": True}
    assert live.run("plan", "--target", "managed").code == 0
    everything = b"".join(live.snapshot().values()).decode("utf-8", "replace") + moved.out + moved.err
    assert "do-not-tell-4711" not in everything


def test_names_cannot_forge_the_report(live: ProjectFolder) -> None:
    shown = live.run("migrate", "--from", "old", "--to", "agents", "--check")
    assert "\x1b" not in shown.out
    assert "\n+ fake" not in shown.out
    assert "Owned by others, and left out: 1." in shown.out


def test_names_of_files_are_no_must(live: ProjectFolder, server: RecordingServer) -> None:
    server.fault = lambda asked: Answer(404) if "files" in asked.path or "vector" in asked.path else None
    moved = live.run("migrate", "--from", "old", "--to", "agents", "--check", "--format", "json")
    assert moved.code == 2
    (known,) = field(moved.json, "analyst", "tool_resources.code_interpreter.file_ids")["value"]
    assert known["name"] is None


def test_what_another_platform_alone_has_stays_for_it(clouds: ProjectFolder) -> None:
    clouds.manifest(
        "desk", platforms={"openai-agents": {"service_tier": "flex", "tools": [{"type": "web_search"}]}}
    )
    assert clouds.run("apply", "--target", "agents", "--yes").code == 0
    clouds.remove("desk")
    moved = clouds.run("migrate", "--from", "agents", "--to", "managed", "--format", "json")
    assert moved.code == 0
    assert field(moved.json, "desk", "platforms.openai-agents.service_tier")["outcome"] == "lost"
    assert manifest(clouds, "desk")["platforms"]["openai-agents"]["service_tier"] == "flex"
    for target in ("managed", "agents"):
        planned = clouds.run("plan", "--target", target, "--format", "json")
        assert (planned.code, planned.json["drift"]) == (0, [])


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--to", "agents"], 64, "Missing option '--from'"),
        (["--from", "export"], 64, "Missing option '--to'"),
        (["--from", "old", "--to", "old"], 64, "the same target"),
        (["--from", "export", "--to", "agents", "--target", "old"], 64, "--from and --to in place of --target"),
        (["--from", "export", "--to", "agent"], 1, "id you mean 'agents'?"),
        (["--from", "exprt", "--to", "agents"], 1, "there is no target, file or folder 'exprt'"),
        (["--from", "assistants", "--to", "agents"], 1, "there are no assistants in assistants"),
        (["--from", "export/files.jsonl", "--to", "agents"], 1, "there are no assistants in export/files.jsonl"),
    ],
    ids=str,
)
def test_what_cannot_be_done(retired: ProjectFolder, args: list[str], code: int, words: str) -> None:
    before = retired.snapshot()
    shown = retired.run("migrate", *args)
    assert (shown.code, words in shown.err) == (code, True), shown.err
    assert retired.snapshot() == before


def test_the_retired_endpoint_itself_changes_nothing(clouds: ProjectFolder, server: RecordingServer) -> None:
    server.fault = lambda _: Answer(404, error_body("gone"))
    before = clouds.snapshot()
    shown = clouds.run("migrate", "--from", "old", "--to", "agents", "--format", "json")
    assert (shown.code, shown.json["summary"]["errors"]) == (1, 1)
    assert clouds.snapshot() == before


def test_a_name_that_is_a_target_and_a_folder(retired: ProjectFolder, server: RecordingServer) -> None:
    retired.write("old/all.json", json.dumps(retired_assistants()))
    live = retired.run("migrate", "--from", "old", "--to", "agents", "--check", "--format", "json")
    assert (live.json["source"]["platform"], live.json["assistants"]) == ("openai-assistants", [])
    assert server.asked != []
    server.clear()
    export = retired.run("migrate", "--from", "./old", "--to", "agents", "--check", "--format", "json")
    assert len(export.json["assistants"]) == 25
    assert server.asked == []
