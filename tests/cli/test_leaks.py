"""Places where a secret could come out, or a plan go where it was not made for; each was found the hard way."""

from __future__ import annotations

import os
import subprocess

import pytest

from support.projects import ProjectFolder
from support.server import Answer, RecordingServer

SECRET = "-----BEGIN\nMIIabcdefgh\n"


@pytest.fixture
def with_secret(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """An assistant whose name and instructions come from the environment."""
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("NAME", "topsecretname")
    remote.write(
        "assistants/bot.yaml", "name: Bot ${env:NAME}\nmodel: gpt-4.1\ninstructions: 'It is ${env:SECRET}'\n"
    )
    return remote


def test_a_key_with_a_line_break_is_refused_and_not_shown(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = remote.path / "assistctl.yaml"
    path.write_text(path.read_text().replace("test-key", '"${env:OUR_KEY}"'))
    remote.manifest("one")
    for key in ("sk-verysecret123\n", "sk-vérysecret123", "sk-very\x1bsecret123"):
        monkeypatch.setenv("OUR_KEY", key)
        shown = remote.run("plan", "-v")
        assert shown.code == 1
        assert "secret123" not in shown.out + shown.err
        assert "line break" in shown.err


def test_a_secret_that_the_server_quotes_is_hidden(with_secret: ProjectFolder, server: RecordingServer) -> None:
    def echo(asked: object) -> Answer | None:
        body = getattr(asked, "body", None)
        if not isinstance(body, dict):
            return None
        detail = {"detail": [{"input": body["instructions"], "padding": "x" * 580}]}
        import json

        return Answer(422, json.dumps(detail).encode())

    server.fault = echo
    for output_format in ("text", "json"):
        shown = with_secret.run("apply", "--yes", "--format", output_format)
        assert shown.code == 1
        assert "MIIabc" not in shown.out + shown.err


def test_dump_writes_no_secret(with_secret: ProjectFolder) -> None:
    assert with_secret.run("apply", "--yes").code == 0
    with_secret.remove("bot")
    shown = with_secret.run("dump")
    assert shown.code == 0
    assert "instructions" in shown.err
    files = b"".join(path.read_bytes() for path in (with_secret.path / "assistants").rglob("*") if path.is_file())
    assert b"topsecretname" not in files
    assert b"MII" not in files
    assert "topsecretname" not in with_secret.run("dump", "Bot topsecretnam").err.replace("'Bot topsecretnam'", "")


def test_a_saved_plan_goes_to_the_place_it_was_made_for(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(
        "assistctl.yaml", "project: acme\ntargets: {local: {platform: local, options: {database: '${env:DBF}'}}}\n"
    )
    project.manifest("one")
    monkeypatch.setenv("DBF", "a.db")
    assert project.run("plan", "--out", "x.plan").code == 0
    monkeypatch.setenv("DBF", "b.db")
    assert project.run("apply", "x.plan", "--yes").code == 3
    assert project.run("output").json == {}
    monkeypatch.setenv("DBF", "a.db")
    assert project.run("apply", "x.plan", "--yes").code == 0


def test_a_plan_is_saved_to_plain_files_only(project: ProjectFolder) -> None:
    os.mkfifo(project.path / "pipe")
    assert project.run("plan", "--out", "pipe").code == 1
    (project.path / "link").symlink_to("real.plan")
    assert project.run("plan", "--out", "link").code == 0
    assert (project.path / "link").is_symlink()
    assert (project.path / "real.plan").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("redirect", "code"),
    [("2>&1 | head -1; exit ${PIPESTATUS[0]}", 0), ("2>&-", 0), ("| true; exit ${PIPESTATUS[0]}", 0)],
)
@pytest.mark.usefixtures("assistctl_on_path")
def test_nobody_listening_stops_nothing(project: ProjectFolder, redirect: str, code: int) -> None:
    for number in range(8):
        project.manifest(f"a{number}")
    done = subprocess.run(
        ["/bin/bash", "-c", f"assistctl apply --yes {redirect}"],
        cwd=project.path,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code
    assert len(project.run("output").json) == 8
