"""The process's surroundings: proxies, certificates, a home that is not there, folders of somebody else's."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.cli.main import run
from support.projects import Outcome, ProjectFolder
from support.server import Answer, RecordingServer

pytestmark = pytest.mark.from_snapshots

DEFECT = "something went wrong inside assistctl"
PLATFORMS = ("openai-assistants", "openai-agents", "anthropic-agents", "azure-foundry", "mistral-agents")
NOWHERE = "http://127.0.0.1:9/v1"
VARIABLES = [f"{name}_proxy" for name in ("http", "https", "all", "no")]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of whoever runs the tests."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def planned(project: ProjectFolder, platform: str, **target: str) -> Outcome:
    """``plan`` on a target of ``platform``."""
    settings = {"base_url": NOWHERE, "api_key": "test-key", **target}
    lines = [f"      {name}: {text}" for name, text in settings.items()]
    text = "\n".join(["project: acme", "default_target: it", "targets:", "  it:", f"      platform: {platform}"])
    project.write("assistctl.yaml", "\n".join([text, *lines, ""]))
    project.manifest("desk")
    outcome = project.run("plan")
    assert DEFECT not in outcome.err
    return outcome


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("variable", "address", "said"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9", "SOCKS"),
        ("HTTP_PROXY", "ftp://127.0.0.1:9", "'ftp://127.0.0.1:9'"),
        ("HTTP_PROXY", "http://user:s3cret@127.0.0.1:99999", "127.0.0.1:99999"),
        ("http_proxy", "http://[bad", "'http://[bad'"),
        ("HTTP_PROXY", "http://user:s3cret@127.0.0.1:9", "through the proxy http://…@127.0.0.1:9"),
        ("ALL_PROXY", "127.0.0.1:9", "through the proxy http://127.0.0.1:9"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    project: ProjectFolder,
    monkeypatch: pytest.MonkeyPatch,
    *,
    platform: str,
    variable: str,
    address: str,
    said: str,
) -> None:
    monkeypatch.setenv(variable, address)
    outcome = planned(project, platform)
    assert outcome.code == 1
    assert variable in outcome.err
    assert said in outcome.err
    assert "NO_PROXY" in outcome.err
    assert "s3cret" not in outcome.err


@pytest.mark.parametrize(
    ("exempt", "proxy"),
    [
        ("127.0.0.1", "socks5://127.0.0.1:9"),
        ("127.0.0.1", "http://[bad"),
        *(
            (exempt, "http://127.0.0.1:9")
            for exempt in (
                *("127.0.0.1", "*", "example.com, 127.0.0.0/8"),
                *("http://127.0.0.1", "127.0.0.1:{port}", "::1,127.0.0.1"),
            )
        ),
    ],
)
def test_no_proxy_is_looked_at_first(
    remote: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch, exempt: str, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", exempt.format(port=server.url.removesuffix("/v1").rpartition(":")[2]))
    assert remote.run("list").code == 0


@pytest.mark.parametrize("exempt", ["127.0.0.2", "example.com", "https://127.0.0.1", "127.0.0.1:1", "7.0.0.1", ""])
def test_no_proxy_of_other_places_says_nothing(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch, exempt: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert "through the proxy" in remote.run("list").err


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("exempt", ["", "example.com"])
def test_a_proxy_is_gone_through(
    project: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch, variable: str, exempt: str
) -> None:
    monkeypatch.setenv(variable, server.url.removesuffix("/v1"))
    monkeypatch.setenv("NO_PROXY", exempt)
    server.fault = lambda _: Answer(200, b'{"object": "list", "data": []}')
    assert planned(project, "openai-assistants", base_url="http://assistants.test/v1").code == 0
    assert {asked.headers["host"] for asked in server.asked} == {"assistants.test"}


def test_a_proxy_of_the_other_scheme_is_not_on_the_way(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    assert remote.run("list").code == 0


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_named(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, platform: str, content: str | None
) -> None:
    place = project.path / "company.pem"
    if content is not None:
        place.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(place))
    outcome = planned(project, platform)
    assert outcome.code == 1
    assert f"SSL_CERT_FILE cannot be read: {place}" in outcome.err


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("setting", ["base_url", "api_key", "organization"])
@pytest.mark.parametrize("value", ["", "  "])
def test_a_setting_that_comes_to_nothing_is_no_default(
    project: ProjectFolder,
    server: RecordingServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    platform: str,
    setting: str,
    value: str,
) -> None:
    monkeypatch.setenv("GIVEN", value)
    for vendor in ("OPENAI", "ANTHROPIC", "MISTRAL"):
        monkeypatch.setenv(f"{vendor}_API_KEY", "another")
        monkeypatch.setenv(f"{vendor}_BASE_URL", server.url)
    monkeypatch.setenv("FOUNDRY_PROJECT_ENDPOINT", server.url)
    outcome = planned(project, platform, **{setting: "${env:GIVEN}"})
    assert outcome.code == 1
    assert f"{setting} is empty; it is written as ${{env:GIVEN}}" in outcome.err
    assert "assistctl.yaml:5:" in outcome.err
    assert server.asked == []


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("value", [" s3cret-key", "s3cret-key ", "s3cret-key\n", "s3cret-schlüssel"])
@pytest.mark.parametrize(
    ("setting", "text", "named"),
    [
        ("api_key", "${env:GIVEN}", "the API key of target 'it'"),
        ("options", '{default_headers: {x-key: "${env:GIVEN}"}}', "options.default_headers.x-key of target 'it'"),
    ],
)
def test_what_no_header_can_hold_is_told_as_that(
    project: ProjectFolder,
    monkeypatch: pytest.MonkeyPatch,
    *,
    platform: str,
    value: str,
    setting: str,
    text: str,
    named: str,
) -> None:
    monkeypatch.setenv("GIVEN", value)
    outcome = planned(project, platform, **{setting: text})
    assert outcome.code == 1
    assert named in outcome.err
    assert "no connection" not in outcome.err
    assert "s3cret" not in outcome.err


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id without an entry in the user database, as containers have them."""

    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("home", [None, "", "relative"])
@pytest.mark.usefixtures("homeless")
def test_a_cache_is_a_luxury(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch, home: str | None) -> None:
    if home is not None:
        monkeypatch.setenv("HOME", home)
        monkeypatch.setenv("XDG_CACHE_HOME", home)
    remote.write("assistants/guide.md", "# Guide\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["guide.md"])
    os.utime(remote.path / "assistants/guide.md", (1_000_000_000, 1_000_000_000))
    before = {*remote.path.iterdir()}
    outcome = remote.run("plan")
    assert outcome.code == 0, outcome.err
    assert {*remote.path.iterdir()} == before
    applied = remote.run("apply", "--yes")
    assert applied.code == 0, applied.err


def test_a_plan_needs_no_folder_of_ours(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """``.assistctl`` is another user's. (Permissions do not hold back the root that tests may run as.)"""
    remote.write("assistants/guide.md", "# Guide\n")
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["guide.md"])
    ours = remote.path / ".assistctl"
    really = Path.iterdir

    def refused(path: Path) -> Iterator[Path]:
        if path.is_relative_to(ours):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(Path, "iterdir", refused)
    for command in ("plan", "drift"):
        assert DEFECT not in remote.run(command).err
    assert remote.run("plan").code == 0
    collected = remote.run("gc")
    assert collected.code == 1
    assert "cannot be read: Permission denied" in collected.err


def test_what_the_system_refuses_is_no_defect(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, **_: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", refused)
    outcome = project.run("validate")
    assert outcome.code == 1
    assert ".env: permission denied" in outcome.err
    assert DEFECT not in outcome.err


def test_a_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(["plan"]) == 1
    assert capsys.readouterr().err.startswith("error: the folder this runs in is gone")
