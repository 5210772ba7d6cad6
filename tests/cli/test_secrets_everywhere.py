"""A secret through every command, every format and every field that can hold one: it comes out nowhere."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Never
from urllib.parse import quote

import pytest

from assistctl.cli.main import run
from assistctl.operations.deployment import Deployment
from support.dashboard import Dashboard
from support.projects import Outcome, ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body
from support.stored_objects import StoredObjects

WORD = "hunter2-4f9a8b7c-swordfish"
SECRETS = {
    "WORD": WORD,
    "ODD": 'p&a"ss\\w<o>rd/ü%4f9a8b7c',
    "PEM": "-----BEGIN KEY-----\nMIIEvQ+IBADANBg/kqhk==\n-----END KEY-----",
    "KEY": "key-of-the-target-9d8e7f6a",
}
TEXT = "${env:WORD} ${env:ODD} ${env:PEM}"
DESK: dict[str, Any] = {
    "name": "Desk ${env:WORD}",
    "description": f"d {TEXT}",
    "model": "gpt-4.1",
    "instructions": f"first line\nuse {TEXT} to log in\nlast line\n",
    "metadata": {"team": f"m {TEXT}"},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "n", "description": f"r {TEXT}", "schema": {"type": "object", "title": TEXT}},
    },
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "f_${env:WORD}",
                "description": f"t {TEXT}",
                "parameters": {"type": "object", "properties": {"a": {"type": "string", "description": TEXT}}},
            },
        },
        {"type": "file_search"},
    ],
    "vector_store": {"name": "Own ${env:WORD}", "metadata": {"by": TEXT}},
    "files": [{"path": "docs/a.md", "attributes": {"by": "${env:WORD}"}}],
}
SHARED = """\
kind: vector_store
key: handbook
name: Books ${env:WORD}
metadata: {by: "${env:ODD}"}
files: [docs/b.md]
"""
READS_SHARED = {"model": "gpt-4.1", "tools": [{"type": "file_search"}], "vector_store": "handbook"}
FORMATS = ("text", "json", "markdown", "html")
SHOWS_WHAT_IS_THERE = [
    [command, "--format", name] for command in ("list", "history", "gc") for name in ("text", "json")
]
SHOWS_WHAT_IS_DECLARED = [
    ["validate", "-v"],
    ["validate", "--format", "json"],
    *(["plan", "--format", name] for name in FORMATS),
    ["plan", "--color", "always", "-v", "--out", "x.plan"],
]
CHANGES_NOTHING = [
    *SHOWS_WHAT_IS_THERE,
    *SHOWS_WHAT_IS_DECLARED,
    *(["plan", "--destroy", "--format", name] for name in ("json", "html")),
    *(["drift", "--format", name] for name in ("text", "json")),
    *(["output", "--format", name] for name in ("json", "dotenv", "github")),
    *(["migrate", "--from", "prod", "--to", "local", "--check", "--format", name] for name in ("text", "json")),
    ["destroy"],
    ["unlock", "no-such-lock"],
    ["apply", "no-such-plan.json"],
]


@pytest.fixture
def desk(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """A project with the secrets in every field that takes a text."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    text = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", text.replace("api_key: test-key", "api_key: '${env:KEY}'"))
    remote.write("assistants/docs/a.md", "a")
    remote.write("assistants/docs/b.md", "b")
    remote.write("assistants/handbook.yaml", SHARED)
    remote.manifest("desk", **DESK)
    remote.manifest("reader", **READS_SHARED, instructions=f"read {TEXT}")
    return remote


@pytest.fixture
def person(server: RecordingServer) -> Any:
    """Somebody else on the account."""
    someone = Dashboard(server.url)
    yield someone
    someone.close()


def pieces(secret: str) -> set[str]:
    """What must not come out of a secret: its lines that tell, as they are and as formats write them."""
    whole = {secret, *(line for line in secret.splitlines() if len(line) > 8 and "-----" not in line)}
    writings: tuple[Callable[[str], str], ...] = (
        str,
        html.escape,
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
        lambda text: repr(text)[1:-1],
        lambda text: quote(text, safe=""),
        lambda text: base64.b64encode(text.encode()).decode(),
    )
    return {write(piece) for piece in whole for write in writings}


def leaked(*texts: str) -> list[str]:
    """What of any secret is in a text, whatever colours are in between."""
    bare = [re.sub(r"\x1b\[[0-9;]*m", "", text) for text in texts]
    return sorted(
        {piece for secret in SECRETS.values() for piece in pieces(secret) for text in bare if piece in text}
    )


def check(shown: Outcome, about: object) -> None:
    """Neither stream has a secret on it, and what is JSON parses."""
    assert leaked(shown.out, shown.err) == [], about


def files_of(project: ProjectFolder) -> dict[str, str]:
    """Every file that was written: all but manifests and what they include, and the local database."""
    written = {str(path) for path in project.written}
    return {
        name: content.decode("utf-8", "replace")
        for name, content in project.snapshot().items()
        if name not in written and ".db" not in Path(name).name
    }


def run_all(project: ProjectFolder, *more: list[str], commands: Iterable[list[str]] = CHANGES_NOTHING) -> None:
    """Every command that changes nothing, in every format; or other ones."""
    for command in (*commands, *more):
        shown = project.run(*command)
        check(shown, command)
        assert "inside assistctl" not in shown.err, command
        if "json" in command:
            assert shown.json is not None
    assert leaked(*files_of(project).values()) == []


def test_through_the_life_of_a_project(
    desk: ProjectFolder, person: Dashboard, stored_objects: StoredObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_all(desk, commands=SHOWS_WHAT_IS_DECLARED)
    check(applied := desk.run("apply", "--yes", "-v"), "create")
    assert applied.code == 0, applied.err
    name = f"other {WORD} {SECRETS['ODD']}"
    edits = {"instructions": f"x {' '.join(SECRETS.values())}", "name": name, "description": "plain"}
    for assistant in person.all():
        person.change(assistant, **edits)
    for store in stored_objects.stores():
        stored_objects.change(
            store["id"], name=f"theirs {name}", metadata={**store["metadata"], "by": SECRETS["ODD"]}
        )
    # One secret is not the present one any more; those beside it in every field are.
    monkeypatch.setenv("WORD", f"{WORD}-rotated")
    run_all(desk)
    check(desk.run("apply", "--yes", "--format", "json"), "update")
    applies = desk.run("history", "--format", "json").json["applies"]
    # Manifests and platform agree again, so that there is nothing for a plan to show.
    past = (["history", apply["id"], "--format", name] for apply in applies for name in ("text", "json"))
    run_all(desk, *past, commands=SHOWS_WHAT_IS_THERE)
    for command in ([], ["--yes"], ["--yes", "--format", "json"]):
        check(desk.run("rollback", applies[0]["id"], *command), ["rollback", *command])
    desk.remove("desk")
    deletes = (["plan", "--format", name] for name in ("text", "html"))
    run_all(desk, ["dump", "--to", "dumped"], ["apply", "--yes", "--format", "json"], commands=deletes)
    check(desk.run("destroy", "--yes", "-v"), "destroy")
    run_all(desk, commands=SHOWS_WHAT_IS_THERE)


def test_what_gc_finds(desk: ProjectFolder, person: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store whose name holds a secret is left behind, known or not any more."""
    assert desk.run("apply", "--yes").code == 0
    (desk.path / "assistants/handbook.yaml").unlink()
    desk.remove("reader")
    for assistant in person.all():
        person.delete(assistant)
    for value in (WORD, None, "another-4f9a8b7c-word"):
        monkeypatch.setenv("WORD", value) if value else desk.remove("desk")
        found = desk.run("gc", "--format", "json")
        check(found, "gc")
        assert [item["name"] for item in found.json["garbage"] if item["kind"] == "vector_store"].count(
            "(secret)"
        ) == 2
        check(desk.run("gc"), "gc")
    check(desk.run("gc", "--yes", "--format", "json"), "gc")


def test_dump_writes_none_that_somebody_typed_in(desk: ProjectFolder, person: Dashboard) -> None:
    """Not ours, so no baseline tells which field holds one."""
    person.create(
        name=f"Theirs {WORD}", instructions=f"use {SECRETS['PEM']}", metadata={"a": SECRETS["ODD"], "b": "c"}
    )
    shown = desk.run("dump", "--format", "json")
    check(shown, "dump")
    assert leaked(*files_of(desk)) == []
    assert leaked(*files_of(desk).values()) == []
    assert "name, instructions, metadata.a" in shown.err
    [dumped] = shown.json["assistants"]
    assert "b: c" in (desk.path / "assistants" / f"{dumped['key']}.yaml").read_text()
    check(desk.run("dump", f"Theirs {WORD[:-1]}", "--to", "x"), "did you mean")
    check(desk.run("migrate", "--from", "prod", "--to", "local", "--to", "local", "--output", "y"), "migrate")


# One that is searched for, one that is decoded first, and a part; ``tests/secrets/test_redaction.py`` has all.
WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "every unit escaped": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "starred": lambda text: f"{text[:6]}********{text[-4:]}",
}


@pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS)
def test_what_a_platform_gives_back(
    desk: ProjectFolder, server: RecordingServer, write: Callable[[str], str]
) -> None:
    """In an error, by the words or the name of a field, to whoever prints, logs or records it."""
    echoed = {name: write(value) for name, value in SECRETS.items()}
    said = " and ".join(echoed.values())

    def fault(asked: Asked) -> Answer | None:
        return Answer(400, error_body(f"not allowed: {said}", param=said)) if asked.method == "POST" else None

    server.fault = fault
    for arguments in (["-v"], ["--format", "json"]):
        shown = desk.run("apply", "--yes", *arguments)
        assert shown.code == 1
        check(shown, arguments)
        assert [text for text in echoed.values() if text in shown.out + shown.err] == []
        assert shown.out.count("(secret WORD)") + shown.err.count("(secret WORD)") >= 1
    [past, *_] = desk.run("history", "--format", "json").json["applies"]
    recorded = desk.run("history", past["id"], "--format", "json")
    assert "(secret ODD)" in recorded.out
    assert [text for text in echoed.values() if text in recorded.out + "".join(files_of(desk).values())] == []


def test_what_a_platform_gives_back_to_a_reader(desk: ProjectFolder, server: RecordingServer) -> None:
    said = f"Incorrect API key provided: {SECRETS['KEY'][:8]}***{SECRETS['KEY'][-4:]} ({SECRETS['KEY'][:15]}...)"
    server.fault = lambda _: Answer(401, error_body(said))
    for command in CHANGES_NOTHING:
        shown = desk.run(*command)
        check(shown, command)
        assert SECRETS["KEY"][:8] not in shown.out + shown.err, command


def test_an_id_that_is_a_secret(desk: ProjectFolder, server: RecordingServer) -> None:
    """A platform that gives back what it was sent where an id is expected."""

    def tell(asked: Asked, _: int, answer: Any) -> Any:
        return {**answer, "id": WORD} if asked.method == "POST" and asked.path.endswith("/assistants") else answer

    server.tell = tell
    check(shown := desk.run("apply", "--yes", "--format", "json"), "apply")
    results = [result for result in shown.json["results"] if result["kind"] == "assistant"]
    # The list has it under another id, and the same id again is nothing new: none of it is believed.
    assert {result["status"] for result in results} == {"failed"}
    assert leaked(*files_of(desk).values()) == []


def test_the_log_of_an_sdk(desk: ProjectFolder, server: RecordingServer, caplog: pytest.LogCaptureFixture) -> None:
    """With everything logged, and whole requests too, which one SDK's version logs and another's does not."""

    def log_in_full(asked: Asked) -> None:
        logging.getLogger("an.sdk").debug("request options: %s", asked.body)

    server.fault = log_in_full
    caplog.set_level(logging.DEBUG)
    assert desk.run("apply", "--yes").code == 0
    assert leaked(caplog.text) == []
    assert "(secret WORD)" in caplog.text
    assert "openai._base_client" in {record.name for record in caplog.records}


def test_a_traceback(
    desk: ProjectFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(self: Deployment) -> Never:
        raise SystemError(f"with {self.project.environment['WORD']}")

    monkeypatch.setattr(Deployment, "manifests", broken)
    monkeypatch.chdir(desk.path)
    assert run(["plan", "-v"]) == 1
    said = capsys.readouterr()
    assert leaked(said.out, said.err) == []
    assert "Traceback" in said.err
    assert "SystemError: with (secret WORD)" in said.err
