"""A branch that is not trusted says neither where the key goes nor what is allowed: ``--config-from``, and CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.checkout.pinned_file import file_at
from assistctl.errors import ProjectError
from assistctl.manifest import load_project
from support.git_project import begin, commit_all, git
from support.projects import ProjectFolder
from support.server import RecordingServer, recording_server

KEY = "sk-the-key-of-the-job"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[RecordingServer]:
    """The server of whoever opened the pull request."""
    with recording_server(tmp_path / "elsewhere.db") as running:
        yield running


def configure(project: ProjectFolder, url: str, more: str = "") -> None:
    """Write ``assistctl.yaml`` with one target at ``url``."""
    project.write(
        "assistctl.yaml",
        f"project: acme\ndefault_target: it\n{more}targets:\n"
        f'  it: {{platform: openai-assistants, base_url: "{url}", api_key: "${{env:JOB_KEY}}"}}\n',
    )


@pytest.fixture
def branch(project: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """A checkout of somebody's branch, in a job that has a key; on ``main`` the target is ``server``."""
    monkeypatch.setenv("JOB_KEY", KEY)
    configure(project, server.url)
    project.manifest("one", instructions="As it was.")
    begin(project.path)
    return project


@pytest.mark.parametrize("command", ["plan", "drift", "list", "apply"])
def test_the_key_goes_where_the_protected_branch_says(
    branch: ProjectFolder, server: RecordingServer, elsewhere: RecordingServer, command: str
) -> None:
    configure(branch, elsewhere.url)
    commit_all(branch.path)
    yes = ["--yes"] if command == "apply" else []
    assert branch.run(command, *yes, "--config-from", "main").code == (2 if command == "drift" else 0)
    assert elsewhere.asked == []
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}


def test_the_environment_of_the_job_pins_it_as_well(
    branch: ProjectFolder, server: RecordingServer, elsewhere: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(branch, elsewhere.url)
    monkeypatch.setenv("ASSISTCTL_CONFIG_FROM", "refs/heads/main")
    assert branch.run("plan").code == 0
    assert (elsewhere.asked, bool(server.asked)) == ([], True)
    monkeypatch.setenv("ASSISTCTL_CONFIG_FROM", "")
    shown = branch.run("plan")
    assert (shown.code, elsewhere.asked) == (64, [])
    assert "ASSISTCTL_CONFIG_FROM is set and empty" in shown.err


def test_the_branch_cannot_say_it_in_its_env_file(
    branch: ProjectFolder, server: RecordingServer, elsewhere: RecordingServer
) -> None:
    configure(branch, elsewhere.url)
    branch.write(".env", "ASSISTCTL_CONFIG_FROM=theirs\nJOB_KEY=another\n")
    commit_all(branch.path)
    assert branch.run("plan", "--config-from", "main").code == 0
    assert elsewhere.asked == []
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}


def test_all_of_the_file_is_taken_from_there(
    branch: ProjectFolder, server: RecordingServer, elsewhere: RecordingServer
) -> None:
    branch.manifest("two")
    assert branch.run("apply", "--yes").code == 0
    server.clear()
    # The branch lifts the thresholds, moves the journal and names another project.
    configure(
        branch,
        elsewhere.url,
        "journal: s3://somebody-elses/journal\nsafety: {max_delete_percent: 100}\nremoved: [one]\n",
    )
    (branch.path / "assistctl.yaml").write_text(
        (branch.path / "assistctl.yaml").read_text().replace("project: acme", "project: other")
    )
    branch.manifest("one", instructions="Changed.")
    plan = branch.run("plan", "--config-from", "main", "--format", "json")
    assert plan.json["project"] == "acme"
    assert [(change["key"], change["action"]) for change in plan.json["changes"]] == [("one", "update")]
    done = branch.run("apply", "--yes", "--config-from", "main")
    assert done.code == 0
    assert (branch.path / ".assistctl/journal").is_dir()
    assert elsewhere.asked == []


def test_an_error_names_the_commit_and_the_place(branch: ProjectFolder) -> None:
    branch.write("assistctl.yaml", "project: acme\nnonsense: 1\n")
    sha = commit_all(branch.path)
    branch.write("assistctl.yaml", "project: acme\n")
    shown = branch.run("validate", "--config-from", "theirs", "--format", "json")
    assert shown.code == 1
    assert "theirs:assistctl.yaml:2:1: error" in shown.err
    assert shown.json["diagnostics"][0]["file"] == "theirs:assistctl.yaml"
    assert f"{sha}:assistctl.yaml:2:1" in branch.run("plan", "--config-from", sha).err


def test_what_is_not_there_is_said(branch: ProjectFolder, tmp_path: Path) -> None:
    for ref in ("nowhere", "", "-h", "--help", "main:assistctl.yaml", "main\n", "a" * 300):
        shown = branch.run("plan", f"--config-from={ref}")
        assert shown.code == 1, ref
        assert "there is no commit" in shown.err, ref
    git(branch.path, "switch", "--quiet", "--orphan", "empty")
    commit_all(branch.path)
    shown = branch.run("plan", "--config-from", "empty")
    assert shown.code == 1
    assert "there is no assistctl.yaml in empty" in shown.err
    assert "merged there first" in shown.err
    assert "there is no folder" in branch.run("plan", "--config-from", "main", "-C", tmp_path / "nowhere").err
    with pytest.raises(ProjectError, match="there is no commit"):
        file_at(tmp_path, "main", "assistctl.yaml")


def test_without_git_it_is_said(branch: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    shown = branch.run("plan", "--config-from", "main")
    assert shown.code == 1
    assert "git is not installed" in shown.err


def test_a_project_below_the_top_of_the_repository(branch: ProjectFolder, server: RecordingServer) -> None:
    git(branch.path, "switch", "--quiet", "main")
    below = ProjectFolder(branch.path / "deep/below", branch.capture, branch.enter)
    below.write("assistctl.yaml", 'project: deep\ntargets: {it: {platform: local}}\ndefault_target: "it"\n')
    below.manifest("one")
    commit_all(branch.path)
    below.write("assistctl.yaml", "project: changed\n")
    assert below.run("plan", "--config-from", "main", "--format", "json").json["project"] == "deep"
    assert server.asked == []


def test_a_tag_of_the_same_name_is_not_taken(branch: ProjectFolder, elsewhere: RecordingServer) -> None:
    configure(branch, elsewhere.url)
    git(branch.path, "tag", "main", commit_all(branch.path))
    shown = branch.run("plan", "--config-from", "main")
    assert (shown.code, elsewhere.asked) == (1, [])
    assert "names more than one thing" in shown.err
    assert "refs/heads/main" in shown.err
    assert branch.run("plan", "--config-from", "refs/heads/main").code == 0


def test_nothing_that_the_checkout_brings_is_run(branch: ProjectFolder, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    # Attributes and settings that would start a command, in the repository's own configuration as in a
    # repository that lies in the project's folder as files.
    for key, value in {
        "filter.evil.smudge": f"touch {ran}",
        "filter.evil.clean": f"touch {ran}",
        "diff.evil.textconv": f"touch {ran}",
        "core.fsmonitor": f"touch {ran}",
        "core.pager": f"touch {ran}",
    }.items():
        git(branch.path, "config", key, value)
    branch.write(".gitattributes", "* filter=evil diff=evil\n")
    assert branch.run("plan", "--config-from", "main").code == 0
    bare = tmp_path / "bare"
    git(branch.path, "clone", "--quiet", "--bare", str(branch.path), str(bare))
    git(bare, "config", "core.fsmonitor", f"touch {ran}")
    shutil.copytree(bare, branch.path / "assistants", dirs_exist_ok=True)
    assert branch.run("plan", "--config-from", "main").code == 0
    for name in ("HEAD", "config", "objects", "refs", "packed-refs"):
        shutil.move(branch.path / "assistants" / name, branch.path / name)
    shown = branch.run("plan", "--config-from", "main")
    assert shown.code == 0 or "bare repository" in shown.err
    assert not ran.exists()


def test_a_hook_that_runs_this_does_not_point_git_elsewhere(
    branch: ProjectFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert branch.run("plan", "--config-from", "main").code == 0


def test_in_ci_an_address_does_not_come_from_the_env_file(
    project: ProjectFolder, elsewhere: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_KEY", KEY)
    configure(project, "${env:WHERE}")
    project.write(".env", f"WHERE={elsewhere.url}\n")
    project.manifest("one")
    monkeypatch.setenv("CI", "true")
    shown = project.run("plan")
    assert (shown.code, elsewhere.asked) == (1, [])
    assert "base_url refers to ${env:WHERE}, which is not set" in shown.err
    assert "where CI is set, or --config-from is given, .env says nothing about targets" in shown.err
    monkeypatch.setenv("WHERE", elsewhere.url)
    assert project.run("plan").code == 0
    monkeypatch.delenv("WHERE")
    monkeypatch.setenv("CI", "false")
    assert project.run("plan").code == 0


@pytest.mark.parametrize(
    ("platform", "setting", "said"),
    [
        ("azure-foundry", "FOUNDRY_PROJECT_ENDPOINT=http://127.0.0.1:9/api/projects/p", "has no base_url"),
        ("openai-assistants", "OPENAI_API_KEY=theirs", "there is no API key"),
        ("anthropic-agents", "ANTHROPIC_API_KEY=theirs", "there is no API key"),
        ("mistral-agents", "MISTRAL_SA_TOKEN_PATH=/etc/hostname", "there is no API key"),
    ],
)
def test_in_ci_an_sdk_takes_nothing_from_the_env_file(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, platform: str, setting: str, said: str
) -> None:
    project.write("assistctl.yaml", f"project: acme\ntargets: {{it: {{platform: {platform}}}}}\n")
    project.write(".env", f"{setting}\n")
    monkeypatch.setenv("CI", "1")
    shown = project.run("plan", "--target", "it")
    assert shown.code == 1
    assert said in shown.err


def test_in_ci_settings_in_the_env_file_are_warned_of(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(".env", "OPENAI_BASE_URL=http://127.0.0.1:9\nASSISTCTL_TARGET=prod\nHTTPS_PROXY=x\nTEAM=blue\n")
    project.manifest("one", instructions="For ${env:TEAM}.")
    monkeypatch.setenv("CI", "1")
    shown = project.run("plan", "--format", "json")
    assert shown.code == 0
    assert shown.json["target"]["name"] == "local"
    embedded, warning = shown.json["diagnostics"]
    assert "is the embedded platform" in embedded["summary"]
    named = "ASSISTCTL_TARGET, HTTPS_PROXY, OPENAI_BASE_URL"
    assert warning["summary"].startswith(f"{named} in this file are not used")
    assert warning["file"] == ".env"
    loaded = load_project(project.path, os.environ)
    assert loaded.environment["TEAM"] == "blue"
    assert {"OPENAI_BASE_URL", "ASSISTCTL_TARGET", "HTTPS_PROXY", "TEAM"}.isdisjoint(loaded.settings)
    monkeypatch.delenv("CI")
    assert load_project(project.path, os.environ).settings["OPENAI_BASE_URL"] == "http://127.0.0.1:9"


def test_a_proxy_never_comes_from_the_env_file(remote: ProjectFolder, elsewhere: RecordingServer) -> None:
    proxy = elsewhere.url.removesuffix("/v1")
    remote.write(".env", f"HTTP_PROXY={proxy}\nHTTPS_PROXY={proxy}\nALL_PROXY={proxy}\n")
    remote.manifest("one")
    assert remote.run("plan").code == 0
    assert elsewhere.asked == []
