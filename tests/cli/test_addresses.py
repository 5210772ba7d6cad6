"""Addresses with a password in them, mistyped or not, and keys that go over plain HTTP."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.secrets.addresses import secrets_in_address, shown_address
from support.projects import ProjectFolder

PASSWORD = "p4ssw0rd"
MISTYPED = [
    *(f"htps://user:{PASSWORD}@host/v1", f"https:/user:{PASSWORD}@host/v1", f"https//user:{PASSWORD}@host/v1"),
    *(f"user:{PASSWORD}@host", f"{PASSWORD}@host", f"//user:{PASSWORD}@host", f"https://user:{PASSWORD}@/v1"),
    *(f"https://user:{PASSWORD}@[host", f"https://user:x/{PASSWORD}@host", f"https://user:x?{PASSWORD}@host"),
    *(f"http://user:{PASSWORD}@host:99999/v1", f"https://user:{PASSWORD}", f"https://us er:{PASSWORD}@h ost:x/"),
    *(
        f"https://user:{PASSWORD}@{PASSWORD}@host:0/",
        f"{PASSWORD}:x@host",
        f"htps://host/v1?key={PASSWORD}#{PASSWORD}",
    ),
]
PLATFORMS = ("openai-assistants", "openai-agents", "anthropic-agents", "azure-foundry", "mistral-agents")
COMMANDS = (["plan"], ["plan", "--format", "json"], ["apply", "--yes"], ["drift"], ["list"], ["validate"])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_mistyped_address_is_told_without_its_password(project: ProjectFolder, platform: str) -> None:
    project.manifest("one")
    for address in MISTYPED:
        target = json.dumps({"platform": platform, "api_key": "some-key", "base_url": address})
        project.write("assistctl.yaml", f"project: acme\ntargets: {{it: {target}}}\n")
        done = project.run("plan", "-t", "it", "--format", "json")
        assert (address, done.code) == (address, 1)
        assert PASSWORD not in done.out + done.err
        assert "defect" not in done.err


def test_a_mistyped_address_in_the_environment(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "some-key")
    project.manifest("one")
    for address in MISTYPED:
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        done = project.run("plan", "-t", "openai-assistants")
        assert (address, done.code) == (address, 1)
        assert PASSWORD not in done.out + done.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_address_that_nobody_answers_at(project: ProjectFolder, command: list[str]) -> None:
    target = json.dumps({"platform": "openai-assistants", "base_url": f"http://user:{PASSWORD}@127.0.0.1:1/v1"})
    project.write("assistctl.yaml", f"project: acme\ndefault_target: it\ntargets: {{it: {target}}}\n")
    project.manifest("one", instructions=f"Say {PASSWORD}.")
    done = project.run(*command, *(() if command == ["validate"] else ("--timeout", "0s")))
    assert done.code == (0 if command == ["validate"] else 1)
    assert PASSWORD not in done.err + done.out


@pytest.mark.parametrize(
    "address",
    [
        *(f"s3:/user:{PASSWORD}@bucket/x", f"s3//user:{PASSWORD}@bucket", f"s3:user:{PASSWORD}@bucket"),
        *(f"s3:///{PASSWORD}@bucket", f"file:user:{PASSWORD}@x", f"file://user:{PASSWORD}@x/y"),
        *(f"{PASSWORD}:x@bucket", f"az:///x?sig={PASSWORD}", f"s4://user:{PASSWORD}@bucket"),
    ],
)
def test_a_mistyped_address_of_the_journal(project: ProjectFolder, address: str) -> None:
    project.write("assistctl.yaml", f"project: acme\njournal: {json.dumps(address)}\n")
    project.manifest("one")
    for command in (["history"], ["apply", "--yes"], ["unlock", "x"]):
        done = project.run(*command)
        assert done.code == 1
        assert PASSWORD not in done.out + done.err


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://user:x@api.example.com:443/v1?q=1#f", "https://…@api.example.com:443/v1"),
        ("htps://user:x@host", "htps://…@host"),
        ("https://user:x", "https://user:…"),
        ("s3://bucket/a/b", "s3://bucket/a/b"),
        ("", ""),
    ],
)
def test_what_is_shown_of_an_address(address: str, shown: str) -> None:
    assert shown_address(address) == shown


AROUND = st.text() | st.text("@:/?#[]a")


@settings(max_examples=40)
@given(AROUND, st.text(min_size=4).filter(lambda text: "@" not in text), AROUND)
def test_nothing_before_an_at_sign_is_ever_shown(before: str, password: str, after: str) -> None:
    hidden = f"<{password}>"
    assert hidden not in shown_address(f"{before}://user:{hidden}@{after.replace(hidden, '')}")
    assert hidden not in shown_address(f"x:{hidden}@host")


def test_the_secrets_in_an_address() -> None:
    assert secrets_in_address("https://user:p%40ss@host") == {"p%40ss", "p@ss"}
    assert secrets_in_address("https://token@host") == {"token"}
    assert secrets_in_address("https://host/v1") == set()


def warnings(project: ProjectFolder, *command: str) -> list[dict[str, object]]:
    """The warnings about plain HTTP that a command's JSON has."""
    done = project.run(*command, "--format", "json")
    return [diagnostic for diagnostic in done.json["diagnostics"] if "plain HTTP" in diagnostic["summary"]]


@pytest.mark.parametrize(
    ("address", "is_warned_of"),
    [
        ("http://api.example.com/v1", True),
        ("http://10.0.0.7:8080/v1", True),
        ("http://127.0.0.1.example.com/v1", True),
        ("HTTP://api.example.com", True),
        ("https://api.example.com/v1", False),
        ("http://127.0.0.1:8080/v1", False),
        ("http://127.9.9.9/v1", False),
        ("http://[::1]:8080/v1", False),
        ("http://localhost:8080/v1", False),
    ],
)
def test_validate_warns_of_plain_http(project: ProjectFolder, address: str, is_warned_of: bool) -> None:
    project.write(
        "assistctl.yaml",
        f"project: acme\ntargets:\n  it:\n    platform: openai-assistants\n    base_url: {json.dumps(address)}\n",
    )
    project.manifest("one")
    for command in (["validate"], ["validate", "-t", "it"]):
        found = warnings(project, *command)
        assert bool(found) is is_warned_of
        for warning in found:
            assert (warning["severity"], warning["file"], warning["path"]) == (
                "warning",
                "assistctl.yaml",
                "targets.it.base_url",
            )
        assert project.run(*command).code == 0
    assert not warnings(project, "validate", "-t", "local")


def test_validate_shows_nothing_of_an_address_from_the_environment(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERE", "http://secret-host.example/v1")
    target = '{platform: openai-assistants, base_url: "${env:WHERE}"}'
    project.write("assistctl.yaml", f"project: acme\ntargets: {{it: {target}}}\n")
    project.manifest("one")
    assert warnings(project, "validate")
    assert "secret-host" not in project.run("validate").out
    monkeypatch.delenv("WHERE")
    assert not warnings(project, "validate")


def test_plan_and_apply_warn_of_plain_http(remote: ProjectFolder) -> None:
    remote.manifest("one")
    assert not warnings(remote, "plan")
    # This machine by an address that is no loopback one.
    text = (remote.path / "assistctl.yaml").read_text()
    remote.write("assistctl.yaml", text.replace("127.0.0.1", "0.0.0.0"))  # noqa: S104  # nothing listens on it
    assert len(warnings(remote, "plan")) == 1
    assert "plain HTTP" in remote.run("plan").out
    assert len(warnings(remote, "apply", "--yes")) == 1
