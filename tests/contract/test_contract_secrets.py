"""No secret, key or ``${env:}`` value anywhere, except in its own field on the platform."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot
from support.projects import Outcome, ProjectFolder
from support.python_process import started_code
from support.server import Answer, Asked, RecordingServer, error_body

pytestmark = pytest.mark.from_snapshots

SECRETS = {
    "a word": "sk-hunter2-4f9a8b7c",
    "odd characters": 'p&a"ss\\w<o>rd/ü%4f9a8b7c',
    "several lines": "-----BEGIN KEY-----\nMIIEvQ+IBADANBg/kqhk==\n-----END KEY-----",
    "like markup": "[bold]4f9a8b7c[/bold]`*_4f9a",
}
# As with OPENAI_LOG, which the SDK looks at when it is imported: where this is run, it is.
LOGGING_COMMAND = """\
import logging
logging.basicConfig()
logging.getLogger("openai").setLevel(logging.DEBUG)
from assistctl.cli.main import main
main()
"""
KEY = "key-of-the-target-9d8e7f6a"


def spellings(secret: str) -> set[str]:
    """The secret as text, and as each output format might spell it; of one with lines, each line that tells."""
    pieces = {secret, *(line for line in secret.splitlines() if len(line) > 8 and "-----" not in line)}
    encoded = {base64.b64encode(secret.encode()).decode()}
    for piece in pieces:
        encoded |= {
            piece,
            json.dumps(piece)[1:-1],
            json.dumps(piece, ensure_ascii=False)[1:-1],
            html.escape(piece),
            repr(piece)[1:-1],
            quote(piece, safe=""),
        }
    return encoded


def leaks(secret: str, *texts: str) -> list[str]:
    """The spellings of a secret that are in a text."""
    return [spelling for spelling in spellings(secret) for text in texts if spelling in text]


def streams(shown: Outcome) -> str:
    """All that a command printed."""
    return shown.out + shown.err


EVERYWHERE = """\
name: Desk ${{env:TOKEN}}
description: d ${{env:TOKEN}}
model: gpt-4.1
instructions: |
  {revision}: use ${{env:TOKEN}} to log in.
metadata: {{team: "m ${{env:TOKEN}}"}}
tools:
  - type: function
    function:
      name: f
      description: t ${{env:TOKEN}}
      parameters: {{type: object, properties: {{a: {{type: string, description: "${{env:TOKEN}}"}}}}}}
"""


@pytest.fixture(autouse=True)
def tokens(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets in the environment as TOKEN_0 …, the first also as TOKEN, and the target's key in it too."""
    for number, secret in enumerate(SECRETS.values()):
        monkeypatch.setenv(f"TOKEN_{number}", secret)
    monkeypatch.setenv("TOKEN", SECRETS["a word"])
    monkeypatch.setenv("TARGET_KEY", KEY)
    text = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", text.replace("api_key: test-key", "api_key: '${env:TARGET_KEY}'"))


def declare_everywhere(remote: ProjectFolder, revision: str) -> None:
    """A manifest for each secret, with it in every field that takes a text."""
    for number in range(len(SECRETS)):
        text = EVERYWHERE.format(revision=revision).replace("TOKEN", f"TOKEN_{number}")
        remote.write(f"assistants/desk-{number}.yaml", text)


def leaked(*texts: str) -> list[str]:
    """What of any secret, and of the key, is in a text."""
    return [spelling for secret in (*SECRETS.values(), KEY) for spelling in leaks(secret, *texts)]


# What `plan` prints is printed with --out as well.
PLANS = [
    ["plan", "--out", "x.plan"],
    ["plan", "-v"],
    ["plan", "--format", "json"],
    ["plan", "--format", "markdown"],
    ["plan", "--format", "html"],
    ["plan", "--color", "always"],
]
OF_WHAT_IS_THERE = [
    ["plan", "--destroy", "--format", "json"],
    ["list"],
    ["list", "--format", "json"],
]
COMMANDS = {"first": [*PLANS, ["validate", "-v"]], "second": [*PLANS, *OF_WHAT_IS_THERE, ["output"]]}


def test_no_secret_in_any_output_of_any_command(remote: ProjectFolder, dashboard: Dashboard) -> None:
    for revision, commands in COMMANDS.items():
        declare_everywhere(remote, revision)
        for command in commands:
            shown = remote.run(*command)
            assert shown.code == 0, shown.err
            assert leaked(streams(shown)) == [], command
        assert leaked((remote.path / "x.plan").read_text()) == []
        applied = remote.run("apply", "--yes", "-v", *(["--format", "json"] if revision == "first" else []))
        assert applied.code == 0
        assert leaked(streams(applied)) == []
    for stored, secret in zip(dashboard.all(), SECRETS.values(), strict=True):
        dashboard.change(stored, instructions=f"edited, with {secret}", name=f"x {secret}")
    for command in (*PLANS, *OF_WHAT_IS_THERE, ["destroy"], ["destroy", "--yes", "-v"]):
        assert leaked(streams(remote.run(*command))) == [], command
    kept = {name: text for name, text in remote.snapshot().items() if not name.endswith((".yaml", ".env"))}
    assert leaked(*(text.decode("utf-8", "replace") for text in kept.values())) == []


def test_it_is_where_it_belongs_and_nowhere_else_on_the_platform(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    declare_everywhere(remote, "first")
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0
    secrets = {f"first: use {secret} to log in.\n": secret for secret in SECRETS.values()}
    for stored in dashboard.all():
        secret = secrets.pop(stored["instructions"])
        pairs = stored["metadata"]
        assert pairs.pop("team") == f"m {secret}"
        assert leaks(secret, *pairs, *pairs.values()) == []
        assert leaks(KEY, json.dumps(stored)) == []
    assert secrets == {}


def test_a_secret_is_shown_by_name_the_text_around_as_it_is_and_as_changed_when_it_is(
    remote: ProjectFolder, apply_snapshot: ApplySnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_snapshot(desk={"instructions": "use ${env:TOKEN}"})
    assert remote.run("plan", "--detailed-exitcode").code == 0
    monkeypatch.setenv("TOKEN", "another-secret-1234")
    (change,) = remote.run("plan", "--format", "json").json["changes"]
    (diff,) = change["diffs"]
    assert (diff["path"], diff["old"], diff["new"]) == ("instructions", "use (secret)", "use (secret TOKEN)")
    assert diff["secret"] is True
    for output in ("text", "markdown", "html"):
        shown = remote.run("plan", "--format", output)
        assert "use (secret)" in shown.out
        assert "use (secret TOKEN)" in shown.out
        assert leaks("another-secret-1234", streams(shown)) == leaked(streams(shown)) == []
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_a_secret_that_drifted_is_shown_as_secret(
    remote: ProjectFolder, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(desk={"instructions": "use ${env:TOKEN}"})
    dashboard.change(dashboard.all()[0], instructions="half of the secret: hunter2")
    document = remote.run("plan", "--format", "json").json
    [drift] = document["drift"]
    assert (drift["observed"], drift["desired"], drift["secret"]) == ("(secret)", "use (secret TOKEN)", True)
    assert leaked(json.dumps(document)) == []


REPLACED: dict[str, dict[str, object]] = {
    "by-a-plain-text": {"instructions": "plain"},
    "by-nothing": {},
    "by-null": {"instructions": None},
}


@pytest.mark.parametrize("still_set", [True, False], ids=["still set", "no longer set"])
def test_a_secret_that_was_applied_is_not_shown_when_the_manifest_drops_it(
    remote: ProjectFolder, apply_snapshot: ApplySnapshot, monkeypatch: pytest.MonkeyPatch, still_set: bool
) -> None:
    """What is there is still the value of ``${env:}``: the old side of the diff."""
    apply_snapshot(**{key: {"instructions": "use ${env:TOKEN}"} for key in REPLACED})
    if not still_set:
        monkeypatch.delenv("TOKEN")
    for key, fields in REPLACED.items():
        remote.manifest(key, **fields)
    for output in ("text", "json", "markdown", "html"):
        shown = remote.run("plan", "--format", output)
        assert shown.out.count("instructions") >= len(REPLACED)
        assert leaks(SECRETS["a word"], streams(shown)) == []


def test_a_secret_of_dotenv_is_masked_too(remote: ProjectFolder) -> None:
    remote.write(".env", "TOKEN=dotenv-secret-5678\n")
    remote.write("assistants/desk.yaml", "model: gpt-4.1\ninstructions: use ${env:TOKEN}\n")
    for command in (["plan"], ["apply", "--yes", "-v"], ["list"]):
        shown = remote.run(*command)
        assert shown.code == 0
        assert "dotenv-secret-5678" not in streams(shown)


def test_a_secret_in_a_variable_of_the_target_is_masked_too(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "secret-of-a-variable")
    text = (remote.path / "assistctl.yaml").read_text()
    variables = 'variables: {greeting: "hello ${env:TOKEN}"}'
    remote.write("assistctl.yaml", text.replace("api_key: ", f"{variables}, api_key: "))
    remote.write("assistants/desk.yaml", "model: gpt-4.1\ninstructions: ${var:greeting}\n")
    for output in ("text", "json", "markdown", "html"):
        shown = remote.run("plan", "--format", output)
        assert shown.code == 0
        assert "secret-of-a-variable" not in streams(shown)
    assert remote.run("apply", "--yes").code == 0


# Errors that give back what was sent


@pytest.mark.parametrize("status", [400, 500])
def test_a_platform_that_gives_the_secret_back_in_an_error(
    remote: ProjectFolder, server: RecordingServer, status: int
) -> None:
    def fault(asked: Asked) -> Answer | None:
        if asked.method != "POST":
            return None
        said = f"{asked.body['instructions']} and {asked.body['name']} are not allowed"
        return Answer(status, error_body(said, param="instructions"))

    server.fault = fault
    declare_everywhere(remote, "first")
    for args in (["-v"], ["--format", "json"], *([[]] if status == 400 else [])):
        shown = remote.run("apply", "--yes", *args)
        assert shown.code == 1
        assert leaked(streams(shown)) == []


@pytest.mark.parametrize("command", [["plan"], ["plan", "-v"], ["list", "--format", "json"], ["apply", "--yes"]])
def test_a_platform_that_gives_the_key_back_in_an_error(
    remote: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    text = (remote.path / "assistctl.yaml").read_text()
    server.fault = lambda _: Answer(401, error_body(f"Incorrect API key provided: {KEY}. Header: Bearer {KEY}"))
    remote.manifest("one")
    for written in ("'${env:TARGET_KEY}'", KEY):
        remote.write("assistctl.yaml", text.replace("'${env:TARGET_KEY}'", written))
        shown = remote.run(*command)
        assert shown.code == 1
        assert KEY not in streams(shown)
    remote.write("assistctl.yaml", text.replace(", api_key: '${env:TARGET_KEY}'", ""))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert KEY not in streams(remote.run(*command))


def test_secrets_in_the_address_and_the_headers_are_not_told(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY", "gateway-secret-123")
    options = "options: {default_headers: {x-gateway: '${env:GATEWAY}'}, default_query: {code: '${env:GATEWAY}'}}"
    project.write(
        "assistctl.yaml",
        "project: acme\ndefault_target: p\ntargets:\n  p: {platform: openai-assistants, api_key: k-123456, "
        f"base_url: 'http://user:${{env:GATEWAY}}@127.0.0.1:9/v1', {options}}}\n",
    )
    project.manifest("one")
    shown = project.run("plan", "-v")
    assert shown.code == 1
    assert "gateway-secret-123" not in streams(shown)


def test_a_defect_tells_no_secret(remote: ProjectFolder) -> None:
    """With ``-v``, in a process of its own, with a database that is no database, and all that the SDK logs."""
    remote.write("assistctl.yaml", "project: acme\ntargets: {local: {variables: {x: '${env:TOKEN}'}}}\n")
    remote.write("assistants/desk.yaml", "model: gpt-4.1\ninstructions: ${var:x} ${env:TOKEN}\n")
    remote.write(".assistctl/local.db", b"this is no database" * 100)
    environment = {"PATH": "/usr/bin:/bin", "TOKEN": SECRETS["a word"]}
    process = started_code(LOGGING_COMMAND, "apply", "--yes", "-v", folder=remote.path, environment=environment)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "openai._base_client" in err, "the SDK does log"
    assert leaks(SECRETS["a word"], out, err) == []
    assert "Traceback" not in err


def test_validation_errors_do_not_quote_a_secret(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: dict[str, dict[str, Any]] = {
        "x" * 300: {"name": "${env:TOKEN}"},
        "not-a-tool-secret": {"tools": [{"type": "function", "function": {"name": "a ${env:TOKEN}"}}]},
        "v" * 600: {"metadata": {"a": "${env:TOKEN}"}},
    }
    for value, fields in cases.items():
        monkeypatch.setenv("TOKEN", value)
        remote.manifest("desk", **fields)
        for command in (["plan"], ["validate"], ["plan", "--format", "json"]):
            shown = remote.run(*command)
            assert shown.code == 1, shown.out
            assert value[:100] not in streams(shown)
