"""The pipelines that ``init`` writes: what a pull request can do in them, and what it cannot.

Their own steps are run with a shell, in a checkout of somebody's branch; only the installation is left out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistctl import __version__
from support.git_project import commit_all, git
from support.projects import ProjectFolder
from support.server import RecordingServer, recording_server

PLACES = {"github": ".github/workflows/assistctl.yml", "gitlab": ".gitlab-ci.yml"}
PLAN_KEY = "sk-may-only-read"
_PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


@pytest.fixture(params=PLACES)
def ci(request: pytest.FixtureRequest) -> str:
    """Each system whose pipeline ``init`` can write."""
    return str(request.param)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[RecordingServer]:
    """The server of whoever opened the pull request."""
    with recording_server(tmp_path / "elsewhere.db") as running:
        yield running


@pytest.fixture
def branch(project: ProjectFolder, server: RecordingServer, tmp_path: Path, ci: str) -> ProjectFolder:
    """A checkout, as a job has it, of a branch on top of a scaffolded project with a target ``prod``."""
    (project.path / "assistctl.yaml").unlink()
    assert project.run("init", "--ci", ci).code == 0
    declare(project, server.url)
    project.manifest("helper")
    git(project.path, "init", "--quiet", "--initial-branch=main")
    commit_all(project.path)
    checkout = ProjectFolder(tmp_path / "checkout", project.capture, project.enter)
    git(tmp_path, "clone", "--quiet", str(project.path), str(checkout.path))
    git(checkout.path, "switch", "--quiet", "--detach")
    return checkout


def declare(project: ProjectFolder, url: str) -> None:
    project.write(
        "assistctl.yaml",
        f"""\
        project: acme
        targets:
          local: {{platform: local}}
          prod: {{platform: openai-assistants, base_url: "{url}", api_key: "${{env:ASSISTANTS_API_KEY}}"}}
        """,
    )


def pipeline(folder: Path, ci: str) -> dict[Any, Any]:
    parsed: dict[Any, Any] = yaml.safe_load((folder / PLACES[ci]).read_text())
    return parsed


def steps_of_plan(document: Mapping[Any, Any], ci: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The commands of the job that plans, each with the variables it gets on top of the job's."""
    job = document["jobs"]["plan"] if ci == "github" else document["plan"]
    if ci == "gitlab":
        yield "\n".join(one for one in job["script"] if not one.startswith("pip ")), {**job["variables"]}
        return
    for step in job["steps"]:
        if "run" in step and not step["run"].startswith("pip "):
            yield step["run"], {**job["env"], **step.get("env", {}), "IF": step.get("if", "")}


def run_plan_job(folder: Path, ci: str, *, key: str) -> tuple[int, str]:
    """Run the job that plans as its system would; the exit code and what became of the plan."""
    summary, output = folder.parent / "summary.md", folder.parent / "output"
    output.write_text("")
    summary.write_text("")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CI": "true",
        "ASSISTCTL_TARGET": "prod",
        "CI_DEFAULT_BRANCH": "main",
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_OUTPUT": str(output),
    }
    if ci == "gitlab" and key:
        environment["ASSISTANTS_PLAN_KEY"] = key
    for command, own in steps_of_plan(pipeline(folder, ci), ci):
        if own.get("IF") and "plan=yes" not in output.read_text():
            continue
        mine = {
            name: text.replace("${{ secrets.ASSISTANTS_PLAN_KEY }}", key).replace("$CI_DEFAULT_BRANCH", "main")
            for name, text in own.items()
        }
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command],  # noqa: S607  # as the systems start it
            cwd=folder,
            env={**environment, **mine},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode != 0:
            return done.returncode, done.stdout + done.stderr
    return 0, (folder / "plan.md" if ci == "gitlab" else summary).read_text()


def test_a_pull_request_cannot_send_the_key_elsewhere(
    branch: ProjectFolder, server: RecordingServer, elsewhere: RecordingServer, ci: str
) -> None:
    declare(branch, elsewhere.url)
    branch.write(".env", f"OPENAI_BASE_URL={elsewhere.url}\nASSISTCTL_TARGET=local\nASSISTCTL_CONFIG_FROM=HEAD\n")
    branch.manifest("helper", instructions="Changed by the branch.")
    code, plan = run_plan_job(branch.path, ci, key=PLAN_KEY)
    assert code == 0, plan
    assert "Changed by the branch." in plan
    assert elsewhere.asked == []
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {PLAN_KEY}"}
    assert server.mutations == []


def test_a_fork_has_no_key_and_is_told_so(
    branch: ProjectFolder, server: RecordingServer, elsewhere: RecordingServer, ci: str
) -> None:
    declare(branch, elsewhere.url)
    code, plan = run_plan_job(branch.path, ci, key="")
    assert code == 0, plan
    assert plan.startswith("No plan: this run has no key to read prod with; a fork's never has.")
    assert "The manifests were checked" in plan
    assert server.asked == elsewhere.asked == []


def test_an_invalid_manifest_fails_without_a_key(branch: ProjectFolder, ci: str) -> None:
    branch.write("assistants/helper.yaml", "modle: gpt-4.1\n")
    code, said = run_plan_job(branch.path, ci, key="")
    assert code == 1
    assert "assistants/helper.yaml:1:1: error" in said


def test_what_init_writes_is_pinned(branch: ProjectFolder, ci: str) -> None:
    text = (branch.path / PLACES[ci]).read_text()
    assert f'ASSISTCTL_VERSION: "{__version__}"' in text
    assert text.count('pip install "assistctl==$ASSISTCTL_VERSION"') == 2


@pytest.mark.parametrize("ci", ["github"], indirect=True)
def test_the_keys_are_where_they_belong_on_github(branch: ProjectFolder, ci: str) -> None:
    document = pipeline(branch.path, ci)
    plan, apply = document["jobs"]["plan"], document["jobs"]["apply"]
    triggers = document[True]  # YAML 1.1 takes `on` for true
    assert set(triggers) == {"pull_request", "push"}
    assert triggers["pull_request"]["branches"] == triggers["push"]["branches"] == ["main"]
    assert document["permissions"] == {"contents": "read"}
    assert "secrets." not in yaml.safe_dump({**document, "jobs": None})
    assert set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(plan))) == {"ASSISTANTS_PLAN_KEY"}
    assert set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(apply))) == {"ASSISTANTS_API_KEY"}
    assert apply["environment"] == "production"
    assert (plan["if"], apply["if"]) == (
        "github.event_name == 'pull_request'",
        "github.event_name == 'push' && github.ref == 'refs/heads/main'",
    )
    for step in (*plan["steps"], *apply["steps"]):
        assert "uses" not in step or _PINNED.fullmatch(step["uses"])
        assert "${{" not in step.get("run", ""), "a name of the event would become a part of the script"
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("ci", ["gitlab"], indirect=True)
def test_the_apply_is_of_the_default_branch_on_gitlab(branch: ProjectFolder, ci: str) -> None:
    document = pipeline(branch.path, ci)
    (rule,) = document["apply"]["rules"]
    assert rule["if"] == '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'
    assert document["apply"]["environment"] == "production"
    assert document["apply"]["resource_group"]
    assert "ASSISTANTS_API_KEY" not in yaml.safe_dump(document["apply"])
    assert "$ASSISTANTS_API_KEY" not in yaml.safe_dump(document["plan"])


def test_init_asks_which_system(project: ProjectFolder) -> None:
    (project.path / "assistctl.yaml").unlink()
    assert project.run("init", "--ci", "jenkins").code == 64
    created = project.run("init", "--ci", "gitlab", "--format", "json").json["created"]
    assert ".gitlab-ci.yml" in created
    assert not (project.path / ".github").exists()
