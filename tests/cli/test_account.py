"""``account`` of a target: another organization, project or workspace is refused before anything is done there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from assistctl.local.app import create_app
from support.answering_accounts import AnsweringFor
from support.foundry import PROJECT, Foundry
from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.server import Answer, RecordingServer, serving

PINNED, OTHER = "org-ours", "org-theirs"
COMMANDS = [
    ("apply", "--yes"),
    ("destroy", "--yes"),
    ("drift",),
    ("list",),
    ("output",),
    ("dump",),
    ("gc", "--yes"),
    ("migrate", "--from", "it", "--to", "local", "--check"),
]
Serve: TypeAlias = Callable[[str], AbstractContextManager[RecordingServer]]


def openai_server(tmp_path: Path, headers: dict[str, str]) -> AbstractContextManager[RecordingServer]:
    return serving(AnsweringFor(create_app(tmp_path / "server.db"), headers))


def anthropic_server(headers: dict[str, str]) -> AbstractContextManager[RecordingServer]:
    return serving(AnsweringFor(ManagedAgents().app(), headers))


def pin(project: ProjectFolder, platform: str, address: str, account: str | None) -> None:
    pinned = {} if account is None else {"account": account}
    target = {"platform": platform, "base_url": address, "api_key": "test-key", **pinned}
    project.write(
        "assistctl.yaml", json.dumps({"project": "acme", "default_target": "it", "targets": {"it": target}})
    )
    project.manifest("desk", model="claude-opus-5-5" if platform == "anthropic-agents" else "gpt-6-luna")


@contextmanager
def other_account(project: ProjectFolder, tmp_path: Path, platform: str) -> Iterator[RecordingServer]:
    """The target's server, which answers for another organization than the target is pinned to."""
    if platform == "anthropic-agents":
        with anthropic_server({"Anthropic-Organization-Id": OTHER}) as server:
            pin(project, platform, server.url.removesuffix("/v1"), PINNED)
            yield server
    else:
        with openai_server(tmp_path, {"OpenAI-Organization": OTHER}) as server:
            pin(project, platform, server.url, PINNED)
            yield server


def test_the_place_of_a_refusal_is_not_in_its_words(project: ProjectFolder, tmp_path: Path) -> None:
    with other_account(project, tmp_path, "openai-assistants"):
        outcome = project.run("plan", "--format", "json")
        [refusal] = outcome.json["diagnostics"]
        assert (refusal["file"], refusal["line"] is not None) == ("assistctl.yaml", True)
        assert refusal["summary"].startswith("target 'it' is pinned")
        place = f"{refusal['file']}:{refusal['line']}:{refusal['column']}"
        assert outcome.err.startswith(f"{place}: error: target 'it' is pinned")


# Commands open all platforms alike.
@pytest.mark.parametrize(
    ("platform", "command"),
    [
        *((platform, ("plan",)) for platform in ("openai-assistants", "openai-agents", "anthropic-agents")),
        *(("openai-assistants", command) for command in COMMANDS),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_another_account_is_refused_by_every_command(
    project: ProjectFolder, tmp_path: Path, platform: str, command: tuple[str, ...]
) -> None:
    with other_account(project, tmp_path, platform) as server:
        outcome = project.run(*command)
    assert outcome.code == 3
    assert PINNED in outcome.err
    assert OTHER in outcome.err
    assert "assistctl.yaml:1:" in outcome.err
    # Nobody is asked for anything but who is there.
    assert [asked.path for asked in server.asked] == ["/v1/models"]


@pytest.mark.parametrize(
    ("headers", "account"),
    [
        ({"openai-organization": PINNED}, PINNED),
        ({"openai-organization": OTHER, "openai-project": "proj_1"}, "proj_1"),
    ],
)
def test_the_pinned_account_goes_through(
    project: ProjectFolder, tmp_path: Path, headers: dict[str, str], account: str
) -> None:
    with openai_server(tmp_path, headers) as server:
        pin(project, "openai-assistants", server.url, account)
        applied = project.run("apply", "--yes", "--format", "json")
        assert applied.code == 0
        assert not any("pinned" in told["summary"] for told in applied.json["diagnostics"])


def test_a_key_for_agents_alone_answers_in_its_refusal(project: ProjectFolder, tmp_path: Path) -> None:
    with openai_server(tmp_path, {"openai-organization": PINNED}) as server:
        forbidden = Answer(
            403, b"{}", headers=((b"content-type", b"application/json"), (b"openai-organization", PINNED.encode()))
        )
        server.fault = lambda asked: forbidden if asked.path.endswith("/models") else None
        pin(project, "openai-agents", server.url, PINNED)
        assert project.run("plan").code == 0


def test_a_wrong_key_is_told_as_such(project: ProjectFolder, tmp_path: Path) -> None:
    with openai_server(tmp_path, {}) as server:
        server.fault = lambda _: Answer(401, b"{}")
        pin(project, "openai-agents", server.url, PINNED)
        outcome = project.run("plan")
        assert outcome.code == 1
        assert "HTTP 401" in outcome.err


VENDORS = {
    "openai-assistants": "OPENAI_API_KEY",
    "openai-agents": "OPENAI_API_KEY",
    "anthropic-agents": "ANTHROPIC_API_KEY",
    "mistral-agents": "MISTRAL_API_KEY",
    "azure-foundry": "",
}


def wrong_key(project: ProjectFolder, server: RecordingServer, platform: str, api_key: str) -> str:
    """The advice about a key that is not accepted, on one line."""
    server.fault = lambda _: Answer(401, b"{}")
    settings = f'platform: {platform}, base_url: "{server.url}"{api_key}'
    project.write("assistctl.yaml", f"project: acme\ntargets:\n  live: {{{settings}}}\n")
    outcome = project.run("list", "-t", "live")
    assert outcome.code == 1
    assert "HTTP 401" in outcome.err
    return " ".join(outcome.err.split())


@pytest.mark.parametrize("platform", VENDORS)
def test_a_wrong_key_of_a_target_is_told_with_the_target(
    project: ProjectFolder, server: RecordingServer, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVE_KEY", "sk-of-the-environment")
    said = wrong_key(project, server, platform, ", api_key: sk-written-out")
    assert (
        "The key is written out as the api_key of target 'live' in assistctl.yaml; `api_key: ${env:NAME}`" in said
    )
    instead = f"it is {VENDORS[platform]} in" if VENDORS[platform] else "sign in with `az login`"
    assert f"Without an api_key, {instead}" in said
    said = wrong_key(project, server, platform, ", api_key: '${env:LIVE_KEY}'")
    assert "The key is the api_key of target 'live' in assistctl.yaml, ${env:LIVE_KEY}." in said
    assert "sk-" not in said


@pytest.mark.parametrize(("platform", "variable"), [vendor for vendor in VENDORS.items() if vendor[1]])
def test_a_wrong_key_of_the_environment_is_told_with_its_variable(
    project: ProjectFolder,
    server: RecordingServer,
    platform: str,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(variable, raising=False)
    said = wrong_key(project, server, platform, "")
    assert f"target 'live' has no api_key in assistctl.yaml, and {variable} is not set. Without a key:" in said
    monkeypatch.setenv(variable, "sk-of-the-environment")
    said = wrong_key(project, server, platform, "")
    assert f"The key is {variable}, from the environment or .env: target 'live' has no api_key" in said


def test_a_server_that_does_not_say_is_refused(project: ProjectFolder, server: RecordingServer) -> None:
    pin(project, "openai-assistants", server.url, PINNED)
    outcome = project.run("apply", "--yes")
    assert outcome.code == 3
    assert "does not say" in outcome.err
    assert server.mutations == []
    warned = project.run("validate", "--format", "json")
    assert warned.code == 0
    (told,) = (
        diagnostic for diagnostic in warned.json["diagnostics"] if diagnostic["path"] == "targets.it.account"
    )
    assert told["severity"] == "warning"
    assert told["file"] == "assistctl.yaml"


def test_the_embedded_platform_says_which_database_it_is(project: ProjectFolder) -> None:
    """Nobody is told to pin it; who has is refused until there is a database, and where it is another one."""
    project.write("assistctl.yaml", "project: acme\ntargets:\n  local: {}\n")
    project.manifest("desk")
    pinned = "project: acme\ntargets:\n  local:\n    account: org-ours\n"
    project.write("assistctl.yaml", pinned)
    assert project.run("validate").code == 0
    refused = project.run("plan")
    assert (refused.code, "does not say" in refused.err) == (3, True)

    project.write("assistctl.yaml", "project: acme\ntargets:\n  local: {}\n")
    applied = project.run("apply", "--yes")
    assert applied.code == 0
    assert "pinned" not in applied.out + applied.err

    project.write("assistctl.yaml", pinned)
    refused = project.run("plan")
    assert refused.code == 3
    (account,) = set(re.findall(r"answers as (org-[0-9a-f]{24})", refused.err))
    project.write("assistctl.yaml", pinned.replace("org-ours", account))
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_a_server_of_a_database_is_pinned_like_a_vendor(project: ProjectFolder, tmp_path: Path) -> None:
    """The line is offered once there is a database; another one is refused, and nothing is done there."""
    project.manifest("desk", model="gpt-6-luna")
    with serving(create_app(tmp_path / "one.db", says_account=True)) as server:
        pin(project, "openai-assistants", server.url, None)
        assert project.run("apply", "--yes").code == project.run("destroy", "--yes").code == 0
        offered = project.run("apply", "--yes", "--format", "json").json["diagnostics"]
        (account,) = re.findall(
            r"account: (org-[0-9a-f]{24})", "".join(diagnostic["detail"] for diagnostic in offered)
        )
        pin(project, "openai-assistants", server.url, account)
        assert project.run("plan", "--detailed-exitcode").code == 0
    with serving(create_app(tmp_path / "other.db", says_account=True)) as server:
        pin(project, "openai-assistants", server.url, None)
        assert project.run("apply", "--yes").code == 0
        pin(project, "openai-assistants", server.url, account)
        done = len(server.mutations)
        refused = project.run("apply", "--yes")
        assert (refused.code, account in refused.err) == (3, True)
        assert len(server.mutations) == done


def test_the_account_is_filled_from_the_environment(
    project: ProjectFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with openai_server(tmp_path, {"openai-organization": OTHER}) as server:
        pin(project, "openai-assistants", server.url, "${env:ACME_ACCOUNT}")
        monkeypatch.setenv("ACME_ACCOUNT", OTHER)
        assert project.run("plan").code == 0
        monkeypatch.setenv("ACME_ACCOUNT", "")
        outcome = project.run("plan")
        assert outcome.code == 1
        assert "account is empty" in outcome.err


def test_the_first_apply_offers_the_line(project: ProjectFolder, tmp_path: Path) -> None:
    with openai_server(tmp_path, {"openai-organization": OTHER, "openai-project": "proj_1"}) as server:
        pin(project, "openai-assistants", server.url, None)
        applied = project.run("apply", "--yes", "--format", "json")
        (told,) = (diagnostic for diagnostic in applied.json["diagnostics"] if "pinned" in diagnostic["summary"])
        assert told["severity"] == "info"
        assert f"account: {OTHER}" in told["detail"]
        assert told["file"] == "assistctl.yaml"
        assert "pinned" not in project.run("plan").out
        assert [asked.path for asked in server.asked].count("/v1/models") == 2


@pytest.mark.parametrize(("account", "code"), [("acme", 0), ("another", 3)])
def test_foundry_goes_by_its_endpoint(project: ProjectFolder, tmp_path: Path, account: str, code: int) -> None:
    with serving(Foundry(shelf=tmp_path / "files.db").app()) as server:
        pin(project, "azure-foundry", server.url.removesuffix("/v1") + PROJECT, account)
        outcome = project.run("plan")
        assert outcome.code == code
        assert code == 0 or (server.asked == [] and "acme" in outcome.err)
