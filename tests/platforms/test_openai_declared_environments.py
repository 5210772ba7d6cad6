"""Environments of the Agents API that documents declare, through the command, over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types.beta.agents.environments.template_create_params import TemplateCreateParams
from pydantic import TypeAdapter

from assistctl.diagnostics import Position
from assistctl.local.app import create_app
from assistctl.model.change import QualifiedKey
from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource
from assistctl.ownership.mark import write_baseline
from assistctl.ownership.references_by_key import id_token, with_ids
from assistctl.planning.resource_check import resource_to_platform
from assistctl.platforms.openai.agents_fields import CAPABILITIES
from assistctl.platforms.openai.resource_fields import from_wire, to_wire
from support.environments import Workshop
from support.interruptions import Interruption, Mishap
from support.live_sessions import OpenAISessions, with_routes
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, applied, settled
from support.server import Answer, RecordingServer, error_body, serving

pytestmark = pytest.mark.from_snapshots

TEMPLATES = "/v1/agents/environments/templates"
ENVIRONMENT = """\
kind: environment
name: Analysis
network: {access: restricted, allowed_domains: [api.example.com]}
packages: {python: [pandas==2.3.3], system: [poppler-utils], npm: []}
env: {LOG_LEVEL: info, ORDERS_TOKEN: "${env:ORDERS_TOKEN}"}
setup_commands:
  - {command: pip install -e ., cwd: /workspace/tools}
platforms: {openai-agents: {desktop: {enabled: true}, capability_directories: [/workspace/skills]}}
"""
TOKEN = "tk-5a1f0c"


@pytest.fixture
def workshop(server: RecordingServer) -> Iterator[Workshop]:
    seen = Workshop(server.url)
    yield seen
    seen.close()


@pytest.fixture
def shop(project: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """A project with an agent and the environment that it names, not applied yet."""
    monkeypatch.setenv("ORDERS_TOKEN", TOKEN)
    project.use("openai-agents", server.url)
    project.write("assistants/analysis.yaml", ENVIRONMENT)
    project.manifest("desk", tools=[{"type": "code_interpreter"}], environment="analysis")
    return project


@pytest.fixture
def live(shop: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """The same, applied, and settled."""
    snapshots.restore("shop", lambda: settled(shop))
    return shop


def test_the_journal_keeps_what_answers_show_and_nothing_else(shop: ProjectFolder) -> None:
    hidden = {"env": "{HIDDEN: as-declared}", "setup_commands": "[{command: echo also-hidden}]"}
    fields = "".join(f"{name}: {value}\n" for name, value in hidden.items())
    shop.write("assistants/analysis.yaml", f"kind: environment\nname: Analysis one\n{fields}")
    applied(shop)
    journal = "".join(path.read_text() for path in shop.path.rglob("*.jsonl"))
    assert "Analysis one" in journal
    assert "as-declared" not in journal
    assert "also-hidden" not in journal
    [past] = shop.run("history", "--format", "json").json["applies"]
    told = shop.run("history", past["id"]).out
    assert all(f"{name} (not recorded: platforms may hide it)" in " ".join(told.split()) for name in hidden)


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


def sent(server: RecordingServer) -> list[dict[str, Any]]:
    """The bodies of the requests that made or changed a template."""
    return [
        mutation.body
        for mutation in server.mutations
        if mutation.path.startswith(TEMPLATES) and mutation.method == "POST"
    ]


def test_it_is_created_as_declared(shop: ProjectFolder, server: RecordingServer, workshop: Workshop) -> None:
    action, diffs = planned(shop)["environment analysis"]
    assert (action, diffs["packages"]) == ("create", {"python": ["pandas==2.3.3"], "system": ["poppler-utils"]})
    settled(shop)
    made = workshop.template()
    name, _, ours = made["name"].partition(" [")
    assert (name, ours.split()[:2]) == ("Analysis", ["assistctl", "acme/cloud/analysis"])
    assert TOKEN not in made["name"]
    assert made["network"] == {"access": "restricted", "allowed_domains": ["api.example.com"]}
    assert (made["packages"]["python"], made["desktop"]) == (["pandas==2.3.3"], {"enabled": True})
    [body] = sent(server)
    assert body["env"] == {"LOG_LEVEL": "info", "ORDERS_TOKEN": TOKEN}
    assert body["setup_commands"] == [{"command": "pip install -e .", "cwd": "/workspace/tools"}]
    assert set(workshop.agent()["metadata"]["assistctl_environment"].split()) == {"tool=code_interpreter"}


@pytest.mark.parametrize(
    ("changes", "diffs", "bodies"),
    [
        (
            {"2.3.3": "3.0.0", "pip install": "uv pip install"},
            {"packages.python[0]", "setup_commands"},
            {"packages", "setup_commands"},
        ),
        (
            {"LOG_LEVEL: info": "LOG_LEVEL: debug", "[/workspace/skills]": "[]"},
            {"env", "platforms.openai-agents.capability_directories[0]"},
            {"env", "capability_directories"},
        ),
        ({"name: Analysis": "name: Orders"}, {"name"}, set()),
    ],
)
def test_a_change_keeps_the_id_and_the_rest(
    live: ProjectFolder,
    server: RecordingServer,
    workshop: Workshop,
    *,
    changes: dict[str, str],
    diffs: set[str],
    bodies: set[str],
) -> None:
    before = workshop.template()
    server.clear()
    text = ENVIRONMENT
    for old, new in changes.items():
        text = text.replace(old, new)
    live.write("assistants/analysis.yaml", text)
    action, found = planned(live)["environment analysis"]
    assert (action, {*found}) == ("update", diffs)
    settled(live)
    [body] = sent(server)
    assert body.keys() - {"name"} == bodies
    after = workshop.template()
    assert after["id"] == before["id"]
    unchanged = before.keys() - {"name", "updated_at", *body}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}


def test_no_secret_is_printed_and_a_rotated_one_is_sent_with_the_next_change(
    shop: ProjectFolder, server: RecordingServer, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [shop.run("plan"), shop.run("plan", "--format", "json"), shop.run("apply", "--yes")]
    monkeypatch.setenv("ORDERS_TOKEN", "tk-9e44b1")
    assert planned(shop) == {}
    shop.write("assistants/analysis.yaml", ENVIRONMENT.replace("env: {", "env: {TOKEN_OF: May, "))
    outcomes += [shop.run("plan", "--out", "it.plan"), shop.run("drift")]
    assert "(secret ORDERS_TOKEN)" in outcomes[0].out
    assert planned(shop).keys() == {"environment analysis"}
    settled(shop)
    assert sent(server)[-1]["env"]["ORDERS_TOKEN"] == "tk-9e44b1"
    outcomes.append(shop.run("history", "--format", "json"))
    kept = [*(shop.path / ".assistctl").rglob("*"), shop.path / "it.plan"]
    texts = [outcome.out + outcome.err for outcome in outcomes]
    texts += [path.read_text(errors="replace") for path in kept if path.is_file()]
    assert not any(secret in text for text in texts for secret in (TOKEN, "tk-9e44b1"))
    assert TOKEN not in workshop.template()["name"]


@pytest.mark.parametrize(
    ("secret", "level", "is_same"), [("7", "info", True), ("info", "info", True), (TOKEN, "debug", False)]
)
def test_the_name_holds_no_digest_of_a_secret(
    live: ProjectFolder,
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    level: str,
    *,
    is_same: bool,
) -> None:
    before = workshop.template()
    workshop.delete(before["id"])
    monkeypatch.setenv("ORDERS_TOKEN", secret)
    live.write("assistants/analysis.yaml", ENVIRONMENT.replace("info", level))
    applied(live)
    assert (workshop.template()["name"] == before["name"]) is is_same


def test_a_secret_in_a_blocked_domain_is_neither_shown_nor_digested(
    shop: ProjectFolder, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = '{access: restricted, blocked_domains: ["${env:ORDERS_TOKEN}.example.com"]}'
    shop.write("assistants/analysis.yaml", f"kind: environment\nnetwork: {blocked}\n")
    monkeypatch.setenv("ORDERS_TOKEN", "zq")
    _, diffs = planned(shop)["environment analysis"]
    assert diffs["network.blocked_domains"] == ["(secret ORDERS_TOKEN).example.com"]
    applied(shop)
    before = workshop.template()
    workshop.delete(before["id"])
    monkeypatch.setenv("ORDERS_TOKEN", "internal")
    applied(shop)
    assert workshop.template()["name"] == before["name"]


def test_a_baseline_of_the_plain_value_counts_as_applied(
    live: ProjectFolder, server: RecordingServer, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = workshop.template()
    labelled = write_baseline({("env",): {"LOG_LEVEL": "info", "ORDERS_TOKEN": "(secret ORDERS_TOKEN)"}})[3:]
    plain = write_baseline({("env",): {"LOG_LEVEL": "info", "ORDERS_TOKEN": TOKEN}})[3:]
    assert labelled in made["name"]
    workshop.edit(made["id"], name=made["name"].replace(labelled, plain))
    assert live.run("plan", "--detailed-exitcode").code == 0
    assert live.run("drift").code == 0
    monkeypatch.setenv("ORDERS_TOKEN", "tk-9e44b1")
    settled(live)
    assert sent(server)[-1]["env"]["ORDERS_TOKEN"] == "tk-9e44b1"
    assert labelled in workshop.template()["name"]


def test_what_is_removed_goes_back_to_the_default(
    live: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    live.write("assistants/analysis.yaml", "kind: environment\nname: Analysis\n")
    server.clear()
    settled(live)
    [body] = sent(server)
    assert {name: value for name, value in body.items() if name != "name"} == {
        "network": None,
        "packages": None,
        "env": None,
        "setup_commands": None,
        "desktop": None,
        "capability_directories": None,
    }
    made = workshop.template()
    assert (made["network"]["access"], made["packages"]["python"], made["desktop"]) == (
        "enabled",
        [],
        {"enabled": False},
    )


def test_blocked_domains_are_sent_though_nobody_answers_them(shop: ProjectFolder, server: RecordingServer) -> None:
    blocked = "{access: restricted, blocked_domains: [internal.example.com]}"
    shop.write("assistants/analysis.yaml", f"kind: environment\nnetwork: {blocked}\n")
    applied(shop)
    shop.write(
        "assistants/analysis.yaml",
        f"kind: environment\nnetwork: {blocked.replace('internal', 'private')}\n",
    )
    assert planned(shop) == {
        "environment analysis": ("update", {"network.blocked_domains": ["private.example.com"]})
    }
    settled(shop)
    assert sent(server)[-1]["network"] == {
        "access": "restricted",
        "blocked_domains": ["private.example.com"],
    }
    shop.write("assistants/analysis.yaml", "kind: environment\nnetwork: {access: restricted}\n")
    applied(shop)
    assert sent(server)[-1]["network"] == {"access": "restricted"}


def test_what_somebody_else_changed_is_drift(live: ProjectFolder, workshop: Workshop) -> None:
    workshop.edit(workshop.template()["id"], network={"access": "enabled"}, packages={"npm": ["vite"]})
    found = live.run("drift", "--format", "json")
    assert found.code == 2
    paths = {(drift["kind"], drift["key"], drift["path"].split(".")[0]) for drift in found.json["drift"]}
    assert paths == {("environment", "analysis", "network"), ("environment", "analysis", "packages")}
    settled(live)
    assert workshop.template()["network"]["access"] == "restricted"
    assert workshop.template()["packages"]["npm"] == []


def test_what_is_missing_is_told(live: ProjectFolder, workshop: Workshop) -> None:
    identity = workshop.template()["id"]
    workshop.delete(identity)
    found = live.run("drift", "--format", "json")
    assert found.code == 2
    [missing] = found.json["missing"]
    assert missing == {"kind": "environment", "key": "analysis", "id": identity, "reason": "deleted outside"}
    settled(live)


def test_one_whose_mark_was_taken_away_is_only_taken_over_when_that_is_said(
    live: ProjectFolder, workshop: Workshop
) -> None:
    identity = workshop.template()["id"]
    workshop.edit(identity, name="Analysis")
    assert live.run("apply", "--yes").code == 3
    settled(live, "--adopt")
    assert workshop.template()["id"] == identity


def test_a_new_key_keeps_the_template(live: ProjectFolder, workshop: Workshop) -> None:
    identity = workshop.template()["id"]
    live.remove("analysis")
    live.write("assistants/sandbox.yaml", ENVIRONMENT + "moved_from: analysis\n")
    live.manifest("desk", tools=[{"type": "code_interpreter"}], environment="sandbox")
    settled(live)
    assert workshop.template()["id"] == identity
    assert "acme/cloud/sandbox" in workshop.template()["name"]


def test_protection_holds_without_the_document(shop: ProjectFolder, workshop: Workshop) -> None:
    shop.write("assistants/analysis.yaml", ENVIRONMENT + "lifecycle: {prevent_destroy: true}\n")
    applied(shop)
    shop.remove("analysis")
    shop.manifest("desk")
    assert shop.run("apply", "--yes").code == 3
    assert shop.run("gc", "--yes").code == 0
    assert workshop.templates()


def test_what_is_declared_no_longer_goes_unless_somebody_names_it(live: ProjectFolder, workshop: Workshop) -> None:
    identity = workshop.template()["id"]
    workshop.edit_metadata(workshop.agent(), runs_in=identity)
    live.remove("analysis")
    live.manifest("desk")
    assert live.run("apply", "--yes").code == 0
    assert live.run("gc", "--yes").code == 0
    assert workshop.templates()
    workshop.edit_metadata(workshop.agent(), runs_in=None)
    found = live.run("gc", "--yes", "--format", "json")
    assert [(item["kind"], item["name"]) for item in found.json["garbage"]] == [("environment", "Analysis")]
    assert not workshop.templates()
    settled(live)


def test_a_saved_plan_holds_until_somebody_changes_it(live: ProjectFolder, workshop: Workshop) -> None:
    live.write("assistants/analysis.yaml", ENVIRONMENT.replace("2.3.3", "3.0.0"))
    live.run("plan", "--out", "it.plan")
    workshop.edit(workshop.template()["id"], packages={"npm": ["vite"]})
    refused = live.run("apply", "it.plan", "--yes")
    assert (refused.code, "analysis (environment)" in refused.err) == (3, True)
    live.run("plan", "--out", "it.plan")
    assert live.run("apply", "it.plan", "--yes").code == 0
    assert workshop.template()["packages"] == {
        "npm": [],
        "python": ["pandas==3.0.0"],
        "system": ["poppler-utils"],
    }


# What is done when an answer does not say the outcome is one, whether it is lost, cut off or a 500.
@pytest.mark.parametrize("mishap", [Mishap.TRUNCATED, Mishap.DROPPED])
def test_a_create_whose_answer_is_lost_is_found_by_its_name(
    shop: ProjectFolder, server: RecordingServer, workshop: Workshop, mishap: Mishap
) -> None:
    interruption = Interruption(mishap, 0, TEMPLATES)
    interruption.on(server)
    shop.run("apply", "--yes")
    assert interruption.hit
    interruption.over(server)
    settled(shop)
    assert len(workshop.templates()) == 1


def test_twins_stop_the_apply(live: ProjectFolder, workshop: Workshop) -> None:
    workshop.make(name=workshop.template()["name"])
    assert live.run("apply", "--yes").code == 3


def test_a_change_that_fails_is_told_and_the_next_apply_makes_it(
    shop: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    refusal = Answer(400, error_body("too many"))
    server.fault = lambda asked: refusal if asked.method == "POST" and asked.path == TEMPLATES else None
    outcome = shop.run("apply", "--yes", "--format", "json")
    assert outcome.code == 4
    failed = [(result["kind"], result["key"]) for result in outcome.json["results"] if result["status"] != "ok"]
    assert failed == [("environment", "analysis")]
    server.fault = lambda _: None
    settled(shop)
    assert workshop.template()


def test_destroy_deletes_all_of_it(live: ProjectFolder, workshop: Workshop) -> None:
    theirs = workshop.make(name="Theirs")
    assert live.run("destroy", "analysis", "--yes").code == 0
    assert len(workshop.templates()) == 2
    assert live.run("destroy", "--yes").code == 0
    assert workshop.template()["id"] == theirs["id"]
    assert not workshop.agents()


def test_list_and_output_name_it(live: ProjectFolder, workshop: Workshop) -> None:
    identity = workshop.template()["id"]
    [listed] = live.run("list", "--format", "json").json["resources"]
    assert (listed["kind"], listed["key"], listed["id"], listed["name"]) == (
        "environment",
        "analysis",
        identity,
        "Analysis",
    )
    assert live.run("output").json["analysis"] == identity
    assert f"ENVIRONMENT_ANALYSIS={identity}\n" in live.run("output", "--format", "dotenv").out


def test_a_dump_declares_what_is_there(live: ProjectFolder, workshop: Workshop, server: RecordingServer) -> None:
    ours = workshop.template()["id"]
    workshop.make(name="Theirs", packages={"npm": ["vite"]}, env={"A": "b"})
    live.remove("analysis")
    live.remove("desk")
    assert {resource["key"] for resource in live.run("dump", "--format", "json").json["resources"]} == {
        "analysis",
        "theirs",
    }
    text = (live.path / "assistants/theirs.yaml").read_text()
    assert "import: envtmpl_" in text
    assert "vite" in text
    found = planned(live)
    assert found["environment theirs"] == ("adopt", {})
    server.clear()
    assert live.run("apply", "--yes").code == 0
    assert live.run("plan", "--detailed-exitcode").code == 0
    # The values that no answer shows are left as they are.
    assert not any({"env", "setup_commands"} & body.keys() for body in sent(server))
    assert ours in {template["id"] for template in workshop.templates()}


PLAIN = ENVIRONMENT.replace("${env:ORDERS_TOKEN}", "none")


@pytest.mark.parametrize(
    ("old", "new", "names", "lost"),
    [
        (
            "api.example.com]}\npackages: {python: [pandas==2.3.3]",
            "www.example.com]}\npackages: {python: [pandas==3.0.0]",
            {"network", "packages"},
            [],
        ),
        ("LOG_LEVEL: info", "LOG_LEVEL: debug", set(), ["env"]),
    ],
)
def test_a_rollback_puts_back_what_answers_show(
    shop: ProjectFolder,
    server: RecordingServer,
    workshop: Workshop,
    *,
    old: str,
    new: str,
    names: set[str],
    lost: list[str],
) -> None:
    shop.write("assistants/analysis.yaml", PLAIN)
    applied(shop)
    before = workshop.template()
    shop.write("assistants/analysis.yaml", PLAIN.replace(old, new))
    applied(shop)
    server.clear()
    [last, *_] = shop.run("history", "--format", "json").json["applies"]
    outcome = shop.run("rollback", last["id"], "--yes", "--format", "json")
    assert outcome.code == 0, outcome.out + outcome.err
    told = [diagnostic["summary"] for diagnostic in outcome.json["diagnostics"]]
    words = (
        "analysis (environment) does not go back in full: {} is never answered, and is what the manifest says now"
    )
    assert [summary for summary in told if "does not go back" in summary] == [words.format(name) for name in lost]
    assert {name for body in sent(server) for name in body} - {"name"} == names
    after = workshop.template()
    assert {name: after[name] for name in before.keys() - {"name", "updated_at"}} == {
        name: before[name] for name in before.keys() - {"name", "updated_at"}
    }


@pytest.mark.parametrize(
    ("text", "line", "summary"),
    [
        ("description: Mine\n", 2, "openai-agents cannot express description"),
        ("metadata: {team: data}\n", 2, "openai-agents cannot express metadata"),
        ("packages: {cargo: [ripgrep]}\n", 2, "openai-agents cannot express packages.cargo"),
        (
            "network: {access: restricted, allow_mcp_servers: true}\n",
            2,
            "openai-agents cannot express network.allow_mcp_servers",
        ),
        (
            "network: {access: restricted, allowed_domains: [a.example.com], blocked_domains: [b.example.com]}\n",
            2,
            "openai-agents has either allowed or blocked domains",
        ),
        (
            'network: {access: restricted, blocked_domains: ["*.example.com"]}\n',
            2,
            "openai-agents blocks no patterns: *.example.com",
        ),
        (f"name: {'n' * 101}\n", 2, "the name has 101 characters, and openai-agents has room for 100"),
        ("name: 'assistctl: mine'\n", 2, "openai-agents has other environments whose names begin with assistctl:"),
        (f"setup_commands: {[{'command': 'ls'}] * 17}\n", 2, "openai-agents takes 16 setup_commands"),
    ],
)
def test_what_cannot_be_expressed_is_an_error_offline(
    shop: ProjectFolder, server: RecordingServer, text: str, line: int, summary: str
) -> None:
    shop.write("assistants/analysis.yaml", f"kind: environment\n{text}")
    found = shop.run("validate", "-t", "cloud", "--format", "json")
    assert found.code == 1
    [error] = [diagnostic for diagnostic in found.json["diagnostics"] if diagnostic["severity"] == "error"]
    assert (error["file"], error["line"]) == ("assistants/analysis.yaml", line)
    assert error["summary"].startswith(summary)
    assert server.asked == []


def test_registries_are_reached_before_the_network_is_restricted(shop: ProjectFolder, workshop: Workshop) -> None:
    network = "{access: restricted, allowed_domains: [api.example.com], allow_package_managers: true}"
    shop.write(
        "assistants/analysis.yaml", f"kind: environment\nnetwork: {network}\npackages: {{python: [pandas]}}\n"
    )
    [told] = [
        diagnostic
        for diagnostic in shop.run("plan", "--format", "json").json["diagnostics"]
        if "network" in diagnostic["path"]
    ]
    assert (told["severity"], told["summary"]) == (
        "info",
        "network.allow_package_managers is mapped on openai-agents",
    )
    settled(shop)
    assert workshop.template()["network"] == {"access": "restricted", "allowed_domains": ["api.example.com"]}


def test_a_name_that_leaves_no_room_is_refused_before_anything_is_sent(
    shop: ProjectFolder, server: RecordingServer
) -> None:
    key = "k" * 64
    shop.remove("analysis")
    shop.write(f"assistants/{key}.yaml", ENVIRONMENT.replace("Analysis", "n" * 100))
    shop.manifest("desk")
    outcome = shop.run("apply", "--yes", "--format", "json")
    [failed] = [result for result in outcome.json["results"] if result["status"] == "failed"]
    assert "characters too long" in failed["error"]
    assert sent(server) == []


def test_conversations_begin_in_it(shop: ProjectFolder, tmp_path: Any) -> None:
    sessions = OpenAISessions()
    app = create_app(tmp_path / "sessions.db")
    with serving(with_routes(sessions.routes(), app)) as server:
        shop.use("openai-agents", server.url)
        assert shop.run("apply", "--yes", "desk").code == 0
        early = shop.run("ask", "desk", "Who are you?")
        assert (early.code, "the environment analysis is not deployed on cloud" in early.err) == (1, True)
        applied(shop)
        outcome = shop.run("ask", "desk", "Who are you?", "--format", "json")
        assert outcome.code == 0, outcome.err
        shop.write("notes.csv", "a,b\n")
        attached = shop.run("ask", "desk", "What is in it?", "--attach", "notes.csv", "--format", "json")
        assert attached.code == 0, attached.err
        seen = Workshop(server.url)
        identity = seen.template()["id"]
        seen.close()
    first, second = [session.body["environment"] for session in sessions.sessions.values()]
    assert first == {"type": "openai_hosted", "environment_template_id": identity}
    [file] = second.pop("files")
    assert (second, file["path"]) == (first, "/workspace/notes.csv")


def test_conversations_that_begin_at_once_look_for_it_once(shop: ProjectFolder, tmp_path: Any) -> None:
    sessions = OpenAISessions()
    checks = [{"ask": f"Who are you, {number}?", "expect": {"contains": "a"}} for number in range(4)]
    shop.manifest("desk", environment="analysis", checks=checks)
    with serving(with_routes(sessions.routes(), create_app(tmp_path / "sessions.db"))) as server:
        shop.use("openai-agents", server.url)
        assert shop.run("apply", "--yes").code == 0
        server.clear()
        shop.run("check", "--parallel", "1")
        one_by_one = asked_for_sessions(server)
        server.clear()
        shop.run("check", "--parallel", "4")
        assert asked_for_sessions(server) == one_by_one
        assert one_by_one["POST /v1/agents/sessions"] == len(checks)


def asked_for_sessions(server: RecordingServer) -> Counter[str]:
    """How often sessions were begun, and agents and templates listed."""
    counted = {"POST /v1/agents/sessions", "GET /v1/agents", f"GET {TEMPLATES}"}
    return Counter(name for request in server.asked if (name := f"{request.method} {request.path}") in counted)


def test_the_assistants_own_files_go_beside_it(shop: ProjectFolder, tmp_path: Any) -> None:
    shop.write("assistants/prices.csv", "sku,price\n1,2\n")
    files = [{"path": "prices.csv", "tool": "code_interpreter"}]
    shop.manifest("desk", tools=[{"type": "code_interpreter"}], files=files, environment="analysis")
    sessions = OpenAISessions()
    with serving(with_routes(sessions.routes(), create_app(tmp_path / "sessions.db"))) as server:
        shop.use("openai-agents", server.url)
        applied(shop)
        plan = shop.run("plan", "--format", "json").json
        assert plan["changes"] == []
        assert "environment is mapped on openai-agents" in [
            diagnostic["summary"] for diagnostic in plan["diagnostics"]
        ]
        outcome = shop.run("ask", "desk", "Who are you?", "--format", "json")
        assert outcome.code == 0, outcome.err
        ids = shop.run("output").json
    [session] = sessions.sessions.values()
    environment = session.body["environment"]
    assert environment["environment_template_id"] == ids["analysis"] != ids["environment.desk"]
    assert [file["path"] for file in environment["files"]] == ["/workspace/prices.csv"]


def test_uploads_that_are_there_are_named_by_their_ids(shop: ProjectFolder, workshop: Workshop) -> None:
    upload = workshop.stored_objects.upload("prices.csv", b"sku,price\n")
    entry = f"{{file_id: {upload}, path: /workspace/prices.csv}}"
    own = f"platforms: {{openai-agents: {{files: [{entry}]}}}}\n"
    shop.write("assistants/analysis.yaml", f"kind: environment\n{own}")
    applied(shop)
    assert workshop.mounted() == {"/workspace/prices.csv": "prices.csv"}
    assert shop.run("gc", "--yes", "--unproven").code == 0
    assert upload in workshop.stored_objects.uploads()
    template = workshop.template()
    inline = {"type": "inline", "path": "/workspace/theirs.txt", "data": "YQ=="}
    workshop.edit(template["id"], files=[*template["files"], inline])
    assert shop.run("drift").code == 2
    settled(shop)
    assert workshop.template()["files"] == template["files"]


def test_gc_leaves_an_upload_that_only_a_manifest_names(shop: ProjectFolder, workshop: Workshop) -> None:
    shop.write("assistants/prices.csv", "sku,price\n")
    files = [{"path": "prices.csv", "tool": "code_interpreter"}]
    shop.manifest("desk", tools=[{"type": "code_interpreter"}], files=files)
    upload = workshop.stored_objects.upload("prices.csv", b"sku,price\n")

    def garbage() -> list[str]:
        return [item["id"] for item in shop.run("gc", "--format", "json").json["garbage"]]

    shop.write("assistants/analysis.yaml", "kind: environment\n")
    assert garbage() == [upload]
    entry = f"{{file_id: {upload}, path: /workspace/prices.csv}}"
    own = f"platforms: {{openai-agents: {{files: [{entry}]}}}}\n"
    shop.write("assistants/analysis.yaml", f"kind: environment\n{own}")
    assert garbage() == []


def test_skills_are_entries_of_the_template() -> None:
    table = CAPABILITIES.resources[Kind.ENVIRONMENT]
    fields: dict[str, Any] = {"name": "Analysis", "skills": [{"skill": "refunds", "version": "3"}]}
    desired = DesiredResource(Kind.ENVIRONMENT, "analysis", fields, Position("analysis.yaml"))
    expressed = resource_to_platform(desired, "openai-agents", table)
    ids = {id_token(QualifiedKey(Kind.SKILL, "refunds")): "skill_1"}
    body = to_wire(with_ids(expressed.fields, ids))
    assert body == {"skills": [{"type": "skill_reference", "skill_id": "skill_1", "version": "3"}]}
    TypeAdapter(TemplateCreateParams).validate_python(body)
    assert from_wire(body)["skills"] == body["skills"]
