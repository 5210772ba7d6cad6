"""The pipelines that ``init`` writes: what pull requests, the main branch and the night can do in them.

Their own scripts are run with a shell, each job in a fresh checkout; only the installation is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistctl import __version__
from assistctl.cli.main import COMMANDS
from assistctl.scaffold.surroundings import installed_requirement
from assistctl.testing.scripted_model import ScriptedModel
from support.ci_runner import STEPS_IMPORT, CiRunner, JobRun
from support.comments import Comments, comments
from support.forked_interpreters import ForkedInterpreters, forked_interpreters
from support.git_project import commit_all, git
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import RecordingServer, recording_server

pytestmark = [pytest.mark.usefixtures("assistctl_on_path"), pytest.mark.from_snapshots]

PLACES = {"github": ".github/workflows/assistctl.yml", "gitlab": ".gitlab-ci.yml"}
PLAN_KEY, DEPLOY_KEY = "sk-may-only-read", "sk-may-deploy"
WHEEL = f"./vendor/assistctl-{__version__}-py3-none-any.whl"
_PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")
_OPTIONS = ("-t", "prod", "--staging", "staging", "--checks")


@pytest.fixture(params=PLACES)
def ci(request: pytest.FixtureRequest) -> str:
    """Each system whose pipeline ``init`` can write."""
    return str(request.param)


@pytest.fixture(scope="module")
def server_of_a_stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordingServer]:
    with recording_server(tmp_path_factory.mktemp("elsewhere") / "server.db") as running:
        yield running


@pytest.fixture
def elsewhere(server_of_a_stranger: RecordingServer) -> RecordingServer:
    """The server of whoever opened the pull request."""
    server_of_a_stranger.reset()
    return server_of_a_stranger


@pytest.fixture(scope="module")
def server_of_comments() -> Iterator[Comments]:
    with comments() as running:
        yield running


@pytest.fixture
def written(server_of_comments: Comments) -> Comments:
    """The comments of the pull request."""
    server_of_comments.begin()
    return server_of_comments


@pytest.fixture(scope="module")
def python() -> Iterator[ForkedInterpreters]:
    """What runs the steps in Python."""
    with forked_interpreters(STEPS_IMPORT) as running:
        yield running


@dataclass
class Pipeline:
    """A repository with a scaffolded project, whose pipeline runs for an event."""

    project: ProjectFolder
    ci: str
    file: Path
    runner: CiRunner
    server: RecordingServer
    comments: Comments
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)

    def declare(self, url: str) -> None:
        self.project.write(
            "assistctl.yaml",
            f"""\
            project: acme
            targets:
              local: {{platform: local}}
              staging: {{platform: openai-assistants, base_url: "{url}", api_key: "${{env:STAGING_API_KEY}}"}}
              prod: {{platform: openai-assistants, base_url: "{url}", api_key: "${{env:ASSISTANTS_API_KEY}}"}}
            """,
        )

    def pull_request(self, *, fork: bool = False, job: str = "plan", comments: bool = False) -> JobRun:
        """The run for the branch ``theirs`` as it is now: that of one of its jobs.

        With ``comments``, GitLab's has the token to write them, too; GitHub's always has.
        """
        commit_all(self.project.path)
        if self.ci == "github":
            head = {"repo": {"full_name": "them/shop" if fork else "acme/shop"}, "sha": "0123456789abcdef"}
            event: dict[str, Any] = {
                "event_name": "pull_request",
                "ref": "refs/pull/5/merge",
                "repository": "acme/shop",
                "event": {"pull_request": {"number": 5, "head": head}},
            }
            secrets = {"": {} if fork else self.secrets[""]}
            return self.runner.github(self.file, event, secrets, "theirs", job)[job]
        token = {"ASSISTANTS_COMMENT_TOKEN": "glpat-token"} if comments else {}
        given = {} if fork else {**self.secrets[""], **token}
        name = f"assistants-{job}"
        return self.runner.gitlab(self.file, [name], {"": given}, "theirs")[name]

    def push(self) -> dict[str, JobRun]:
        """The run for main."""
        names = [name for name in ("staging", "release-plan", "release") if f"{name}:" in self.file.read_text()]
        if self.ci == "github":
            event = {"event_name": "push", "ref": "refs/heads/main"}
            return self.runner.github(self.file, event, self.secrets, "main")
        done = self.runner.gitlab(self.file, [f"assistants-{name}" for name in names], self.secrets, "main")
        return {name.removeprefix("assistants-"): run for name, run in done.items()}

    def night(self) -> JobRun:
        """The scheduled run."""
        if self.ci == "github":
            (run,) = self.runner.github(self.file, {"event_name": "schedule"}, self.secrets, "main").values()
            return run
        return self.runner.gitlab(self.file, ["assistants-drift"], self.secrets, "main")["assistants-drift"]

    def plan_of(self, run: JobRun) -> str:
        """The report where the system shows it."""
        return run.summary if self.ci == "github" else self.runner.artifacts["assistants-plan:plan.md"].decode()


def scaffold(project: ProjectFolder, ci: str, options: tuple[str, ...]) -> Path:
    in_repository(project)
    assert project.run("init", "--ci", ci, *options).code == 0
    return project.path / PLACES[ci]


@pytest.fixture
def scaffolded(project: ProjectFolder, ci: str, options: tuple[str, ...]) -> Path:
    """The pipeline of a new project."""
    return scaffold(project, ci, options)


@pytest.fixture
def pipeline(  # noqa: PLR0917  # fixtures
    project: ProjectFolder,
    snapshots: ProjectSnapshots,
    written: Comments,
    python: ForkedInterpreters,
    tmp_path: Path,
    ci: str,
    options: tuple[str, ...],
) -> Pipeline:
    """A scaffolded project on main and on a branch ``theirs``, for a server that knows the keys."""
    (tmp_path / "machines").mkdir()
    api = written.url
    environment = {"GITHUB_API_URL": api, "GITHUB_SERVER_URL": "https://git.example.com"}
    environment |= {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "9"}
    environment |= {"CI_API_V4_URL": api, "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "5"}
    runner = CiRunner(project.path, tmp_path / "machines", environment, python)
    secrets = {
        "": {"ASSISTANTS_PLAN_KEY": PLAN_KEY},
        "production": {"ASSISTANTS_API_KEY": DEPLOY_KEY},
        "staging": {"STAGING_API_KEY": "sk-staging"},
    }
    made = Pipeline(project, ci, project.path / PLACES[ci], runner, snapshots.server, written, secrets)
    snapshots.restore("".join([ci, *options]), lambda: _set_up(made, options))
    return made


def _set_up(pipeline: Pipeline, options: tuple[str, ...]) -> None:
    scaffold(pipeline.project, pipeline.ci, options)
    pipeline.declare(pipeline.server.url)
    pipeline.project.manifest("helper", model="gpt-6-luna")
    commit_all(pipeline.project.path)
    git(pipeline.project.path, "switch", "--quiet", "--create", "theirs")


@pytest.fixture
def options() -> tuple[str, ...]:
    """What ``init`` is called with besides the system."""
    return ("-t", "prod")


def keys_sent(server: RecordingServer) -> set[str]:
    return {asked.headers["authorization"].removeprefix("Bearer ") for asked in server.asked}


def test_a_pull_request_gets_one_comment_that_is_kept_up_to_date(
    pipeline: Pipeline, elsewhere: RecordingServer
) -> None:
    # It cannot send the key elsewhere.
    pipeline.declare(elsewhere.url)
    pipeline.project.manifest("helper", model="gpt-6-luna", instructions="Changed by the branch.")
    run = pipeline.pull_request(comments=True)
    assert run.code == 0, run.log
    assert "Changed by the branch." in pipeline.plan_of(run)
    (comment,) = pipeline.comments.ours
    assert comment.startswith("<!-- assistants prod -->\n<!-- assistctl:plan acme/prod -->\n###")
    assert "Changed by the branch." in comment
    html = "plan" if pipeline.ci == "github" else "assistants-plan:plan.html"
    assert pipeline.runner.artifacts[html].startswith(b"<!doctype html>")
    assert keys_sent(pipeline.server) == {PLAN_KEY}

    pipeline.project.manifest("helper", model="${var:not_on_main}")
    assert pipeline.pull_request(comments=True).code == 1
    (comment,) = pipeline.comments.ours
    assert comment.startswith("<!-- assistants prod -->\nThe plan failed: see the log")
    assert keys_sent(pipeline.server) == {PLAN_KEY}
    assert pipeline.server.mutations == elsewhere.asked == []
    assert pipeline.runner.installed == [f"install {installed_requirement()[0]}"] * 2


def test_a_file_of_settings_on_the_branch_stops_the_plan(pipeline: Pipeline, elsewhere: RecordingServer) -> None:
    pipeline.project.write(".env", f"OPENAI_BASE_URL={elsewhere.url}\nASSISTCTL_TARGET=local\n")
    run = pipeline.pull_request()
    assert run.code == 1
    assert "git tracks this file" in run.log
    assert elsewhere.asked == pipeline.server.asked == []


def test_a_fork_has_no_key_and_is_told_so(pipeline: Pipeline, elsewhere: RecordingServer) -> None:
    pipeline.declare(elsewhere.url)
    run = pipeline.pull_request(fork=True)
    assert run.code == 0, run.log
    assert pipeline.plan_of(run).startswith("No plan: this run has no key to read prod with; a fork's never has.")
    assert pipeline.comments.ours == []
    assert pipeline.server.asked == elsewhere.asked == []


def test_an_invalid_manifest_fails_without_a_key(pipeline: Pipeline) -> None:
    pipeline.project.write("assistants/helper.yaml", "modle: gpt-4.1\n")
    run = pipeline.pull_request(fork=True)
    assert run.code == 1
    assert "assistants/helper.yaml:1:1: error" in run.log


def test_the_first_pull_request_of_all_is_checked_even_where_a_comment_is_refused(pipeline: Pipeline) -> None:
    pipeline.comments.refuses = True
    git(pipeline.project.path, "switch", "--quiet", "main")
    git(pipeline.project.path, "rm", "--quiet", "assistctl.yaml")
    commit_all(pipeline.project.path)
    git(pipeline.project.path, "switch", "--quiet", "theirs")
    run = pipeline.pull_request(comments=True)
    assert run.code == 0, run.log
    assert "main has no assistctl.yaml yet" in pipeline.plan_of(run)
    assert "could not be put into a comment: HTTP Error 403" in run.log


def test_main_without_a_key_that_only_reads_plans_where_it_applies(pipeline: Pipeline) -> None:
    reads, deploys = pipeline.secrets[""], pipeline.secrets["production"]
    empty = {"ASSISTANTS_API_KEY": ""} if pipeline.ci == "gitlab" else {}
    pipeline.secrets |= {"": {}, "production": empty}
    failed = pipeline.push()["release"]
    assert failed.code == 1
    assert "ASSISTANTS_API_KEY is set, but empty" in failed.log
    assert pipeline.server.mutations == []

    pipeline.secrets["production"] = deploys
    runs = pipeline.push()
    assert {name: run.code for name, run in runs.items()} == {"release-plan": 0, "release": 0}, runs
    assert keys_sent(pipeline.server) == {DEPLOY_KEY}
    assert len(pipeline.server.mutations) == 1
    pipeline.server.clear()

    pipeline.secrets[""] = reads
    again = pipeline.push()
    if pipeline.ci == "github":
        assert [*again] == ["release-plan"], "nobody is asked to approve nothing"
        assert "No changes" in again["release-plan"].summary
    assert all(run.code == 0 for run in again.values())
    assert pipeline.server.mutations == []


def test_the_night_is_loud_about_drift_alone(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANTS_API_KEY", DEPLOY_KEY)
    assert pipeline.project.run("apply", "-t", "prod", "--yes").code == 0
    monkeypatch.delenv("ASSISTANTS_API_KEY")
    pipeline.server.clear()
    quiet = pipeline.night()
    assert quiet.code == 0, quiet.log
    assert keys_sent(pipeline.server) == {PLAN_KEY}
    assert pipeline.server.mutations == []
    dashboard = {"model": "gpt-6-luna", "name": "Renamed outside"}
    _change_the_assistant(pipeline.server, dashboard)
    loud = pipeline.night()
    assert loud.code == 2
    assert "Renamed outside" in loud.log
    if pipeline.ci == "github":
        assert "::error title=Drift::" in loud.log
        assert "    " in loud.summary
        assert "Renamed outside" in loud.summary

    pipeline.secrets[""] = {}
    blind = pipeline.night()
    assert blind.code == 1
    assert "ASSISTANTS_PLAN_KEY is not set, so nobody looks for drift." in blind.log


def _change_the_assistant(server: RecordingServer, fields: dict[str, str]) -> None:
    import httpx2

    headers = {"openai-beta": "assistants=v2", "authorization": "Bearer any"}
    (assistant,) = httpx2.get(f"{server.url}/assistants", headers=headers).json()["data"]
    httpx2.post(f"{server.url}/assistants/{assistant['id']}", headers=headers, json=fields).raise_for_status()


@pytest.mark.parametrize("options", [("-t", "prod", "--staging", "staging")])
def test_staging_comes_first_and_the_saved_plan_is_applied_if_it_goes_well(pipeline: Pipeline) -> None:
    runs = pipeline.push()
    assert {name: run.code for name, run in runs.items()} == {"staging": 0, "release-plan": 0, "release": 0}, runs
    assert [asked.headers["authorization"] for asked in pipeline.server.mutations] == [
        "Bearer sk-staging",
        f"Bearer {DEPLOY_KEY}",
    ]
    assert keys_sent(pipeline.server) == {"sk-staging", PLAN_KEY, DEPLOY_KEY}
    del pipeline.secrets["staging"]
    pipeline.server.clear()
    stopped = pipeline.push()
    assert [*stopped] == ["staging"]
    assert stopped["staging"].code == 1
    assert pipeline.server.mutations == []


@pytest.mark.parametrize("options", [()])
def test_without_a_target_all_is_green_and_says_what_local_is(pipeline: Pipeline) -> None:
    run = pipeline.pull_request(fork=True)
    assert run.code == 0, run.log
    assert "is the embedded platform" in run.log
    runs = pipeline.push()
    assert {name: run.code for name, run in runs.items()} == {"release-plan": 0, "release": 0}, runs
    night = pipeline.night()
    assert night.code == 0
    assert "no drift to look for" in night.log


@pytest.mark.parametrize("options", [(), ("-t", "prod"), _OPTIONS[:4], _OPTIONS, ("-t", "prod", "--checks")])
def test_the_systems_schemas_accept_it(ci: str, scaffolded: Path) -> None:
    checker = pytest.importorskip("check_jsonschema")
    kind = {"github": ["vendor.github-workflows"], "gitlab": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]}
    with pytest.raises(SystemExit) as ended:
        checker.main(["--builtin-schema", *kind[ci], str(scaffolded)])
    assert ended.value.code == 0


@pytest.mark.parametrize("options", [_OPTIONS, ("-t", "prod", "--checks")])
def test_checks_gate_production_where_there_is_staging(
    ci: str, scaffolded: Path, options: tuple[str, ...]
) -> None:
    document = yaml.load(scaffolded.read_text(), yaml.CSafeLoader)
    jobs = document["jobs"] if ci == "github" else document
    prefix = "" if ci == "github" else "assistants-"
    needs = {name: jobs[prefix + name].get("needs") for name in ("checks", "release-plan")}
    needs = {name: needed if isinstance(needed, str) else "".join(needed or ()) for name, needed in needs.items()}
    order = ("staging", "checks") if options == _OPTIONS else ("release", "")
    assert (needs["checks"].removeprefix(prefix), needs["release-plan"].removeprefix(prefix)) == order


@pytest.mark.parametrize("options", [_OPTIONS])
def test_it_runs_commands_there_are(scaffolded: Path) -> None:
    used = set(re.findall(r"^[^#\n]*?\bassistctl (\w+)", scaffolded.read_text(), re.MULTILINE))
    assert {"validate", "plan", "show", "apply", "drift"} <= used
    assert used <= {*COMMANDS}


@pytest.mark.parametrize("ci", ["github"], indirect=True)
@pytest.mark.parametrize("options", [_OPTIONS])
def test_the_keys_are_where_they_belong_on_github(scaffolded: Path) -> None:
    document = yaml.load(scaffolded.read_text(), yaml.CSafeLoader)
    jobs = document["jobs"]
    triggers = document[True]  # YAML 1.1 takes `on` for true
    assert set(triggers) == {"pull_request", "push", "schedule"}
    assert triggers["pull_request"]["branches"] == triggers["push"]["branches"] == ["main"]
    assert document["permissions"] == {"contents": "read"}
    assert "secrets." not in yaml.safe_dump({**document, "jobs": None})
    secrets = {name: set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(job))) for name, job in jobs.items()}
    assert secrets == {
        "plan": {"ASSISTANTS_PLAN_KEY"},
        "prompts": {"ASSISTANTS_MODEL_KEY", "ASSISTANTS_MODEL_URL"},
        "staging": {"STAGING_API_KEY"},
        "checks": {"STAGING_API_KEY"},
        "release-plan": {"ASSISTANTS_PLAN_KEY"},
        "release": {"ASSISTANTS_API_KEY"},
        "drift": {"ASSISTANTS_PLAN_KEY"},
    }
    assert jobs["release"]["environment"] == "production"
    assert {name for name, job in jobs.items() if "permissions" in job} == {"plan"}
    for step in (step for job in jobs.values() for step in job["steps"]):
        assert "uses" not in step or _PINNED.fullmatch(step["uses"])
        assert "${{" not in step.get("run", ""), "a name of the event would become a part of the script"
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("ci", ["gitlab"], indirect=True)
def test_the_apply_is_of_the_default_branch_on_gitlab(scaffolded: Path) -> None:
    document = yaml.load(scaffolded.read_text(), yaml.CSafeLoader)
    release = document["assistants-release"]
    (rule,) = release["rules"]
    assert rule["if"] == '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'
    assert release["environment"] == "production"
    assert release["resource_group"]
    assert "$ASSISTANTS_API_KEY" not in yaml.safe_dump(document)


def in_repository(project: ProjectFolder, branch: str = "main") -> None:
    (project.path / "assistctl.yaml").unlink()
    git(project.path, "init", "--quiet", f"--initial-branch={branch}")


def github_document(project: ProjectFolder, name: str = "assistctl") -> dict[Any, Any]:
    parsed: dict[Any, Any] = yaml.load(
        (project.path / f".github/workflows/{name}.yml").read_text(), yaml.CSafeLoader
    )
    return parsed


def test_a_project_in_a_folder_has_its_workflow_at_the_root(project: ProjectFolder) -> None:
    in_repository(project)
    for name in ("shop", "desk"):
        created = project.run("init", "-C", f"services/{name}", "-t", "prod", "--format", "json").json["created"]
        assert f"../../.github/workflows/assistctl-services-{name}.yml" in created
        document = github_document(project, f"assistctl-services-{name}")
        assert document["defaults"]["run"]["working-directory"] == f"services/{name}"
        assert document[True]["push"]["paths"] == [
            f"services/{name}/**",
            f".github/workflows/assistctl-services-{name}.yml",
        ]
        assert f"services-{name}" in document["concurrency"]["group"]


def test_a_workflow_in_a_folder_runs_there(project: ProjectFolder, tmp_path: Path) -> None:
    in_repository(project)
    assert project.run("init", "-C", "services/shop").code == 0
    commit_all(project.path)
    (tmp_path / "machines").mkdir()
    runner = CiRunner(project.path, tmp_path / "machines", {})
    file = project.path / ".github/workflows/assistctl-services-shop.yml"
    runs = runner.github(file, {"event_name": "push"}, {}, "main")
    assert {name: run.code for name, run in runs.items()} == {"release-plan": 0, "release": 0}, runs


@pytest.mark.parametrize("branch", ["master", "trunk", "release/next"])
def test_the_branch_is_the_repositorys(project: ProjectFolder, branch: str) -> None:
    in_repository(project, branch)
    assert project.run("init").code == 0
    document = github_document(project)
    assert document[True]["push"]["branches"] == [branch]
    assert f"refs/remotes/origin/{branch}" in yaml.safe_dump(document)


def test_the_branch_may_be_said_and_must_be_one(project: ProjectFolder) -> None:
    in_repository(project)
    refused = project.run("init", "--branch", "$(id)")
    assert refused.code == 1
    assert "cannot stand in a pipeline" in refused.err
    assert not (project.path / "assistctl.yaml").exists()
    assert project.run("init", "--branch", "production").code == 0
    assert github_document(project)[True]["push"]["branches"] == ["production"]


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        (".", ".github/workflows/assistctl.yml"),
        ("bots", "../.github/workflows/assistctl-bots.yml"),
    ],
)
def test_options_for_what_is_kept_are_said_to_have_no_effect(
    project: ProjectFolder, folder: str, place: str
) -> None:
    in_repository(project)
    wished = ("init", "-C", folder, "--project", "acme", "-t", "openai-agents", "--format", "json")
    assert place in project.run(*wished).json["created"]
    again = project.run(*wished)
    assert (again.code, again.json["created"], again.json["notes"]) == (0, [], []), "it is all as wished"
    other = project.run(*wished, "--project", "other", "--checks")
    end = "Change it by hand, or move it away and run this again to have it written anew."
    assert (other.code, other.json["created"]) == (0, [])
    assert other.json["notes"] == [
        f"assistctl.yaml is there already and was not changed, so --project has no effect. {end}",
        f"{place} is there already and was not changed, so -t, --checks have no effect. {end}",
    ]
    (project.path / folder / place).unlink()
    assert project.run(*wished, "--checks").json["created"] == [place]
    assert "assistctl check" in (project.path / folder / place).read_text()


def test_the_remote_says_which_branch_is_the_default(project: ProjectFolder, tmp_path: Path) -> None:
    in_repository(project, "develop")
    commit_all(project.path)
    clone = ProjectFolder(tmp_path / "clone", project.capture, project.enter)
    git(tmp_path, "clone", "--quiet", str(project.path), "clone")
    git(clone.path, "switch", "--quiet", "--create", "main")
    assert clone.run("init").code == 0
    assert github_document(clone)[True]["push"]["branches"] == ["develop"]


def test_somebody_elses_gitlab_pipeline_is_left_alone_and_told_what_to_include(project: ProjectFolder) -> None:
    in_repository(project)
    theirs = project.write(".gitlab-ci.yml", "build: {script: [make]}\n")
    shown = project.run("init", "--ci", "gitlab", "-C", "bots")
    assert theirs.read_text() == "build: {script: [make]}\n"
    assert 'include: [{local: ".gitlab/assistctl-bots.yml"}]' in shown.out
    assert "assistants-bots-plan" in yaml.safe_load((project.path / ".gitlab/assistctl-bots.yml").read_text())


def test_a_project_that_is_there_says_which_target_and_key(project: ProjectFolder) -> None:
    in_repository(project)
    project.write(
        "assistctl.yaml",
        """\
        project: acme
        assistants: bots
        default_target: live
        journal: s3://acme/journal
        targets:
          live: {platform: openai-assistants, base_url: "https://a.example.com/v1", api_key: "${env:LIVE_KEY}"}
          agents: {platform: openai-agents}
        """,
    )
    shown = project.run("init", "--staging", "agents")
    assert shown.code == 0, shown.err
    assert "LIVE_KEY, OPENAI_API_KEY" in shown.out
    assert "journal" not in shown.out
    document = github_document(project)
    assert document["env"]["ASSISTCTL_TARGET"] == "live"
    assert document[True]["push"]["paths"][0] == "bots/**"
    text = yaml.safe_dump(document["jobs"]["release"])
    assert "secrets.LIVE_KEY" in text

    unknown = project.run("init", "-t", "lvie")
    assert unknown.code == 1
    assert "did you mean 'live'?" in unknown.err.lower()


def test_a_journal_that_is_asked_for_is_written(project: ProjectFolder) -> None:
    in_repository(project)
    explained = project.run("init", "-C", "one").out
    assert "history and rollback end with the runner" in explained
    asked = project.run("init", "-C", "two", "--journal", "s3://acme/two")
    assert "history and rollback" not in asked.out
    assert yaml.safe_load((project.path / "two/assistctl.yaml").read_text())["journal"] == "s3://acme/two"
    refused = project.run("init", "-C", "two", "--journal", "s3://acme/two")
    assert refused.code == 1
    assert "Add `journal: s3://acme/two` to it." in refused.err


@pytest.mark.parametrize(
    ("origin", "requirement", "reachable"),
    [
        (None, f"assistctl=={__version__}", True),
        ('{"url": "file:///home/me/assistctl", "dir_info": {}}', WHEEL, False),
        (
            '{"url": "https://me:pass@git.example.com/tool", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}}',
            "assistctl @ git+https://git.example.com/tool@0a1b",
            True,
        ),
        (
            '{"url": "ssh://git@git.example.com/tool", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}}',
            "assistctl @ git+ssh://git@git.example.com/tool@0a1b",
            True,
        ),
        (
            '{"url": "file:///home/me/tool", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}}',
            WHEEL,
            False,
        ),
        (
            '{"url": "https://files.example.com/assistctl.whl", "archive_info": {"hashes": {"sha256": "00ff"}}}',
            "assistctl @ https://files.example.com/assistctl.whl#sha256=00ff",
            True,
        ),
    ],
)
def test_the_pipeline_installs_what_runs_here(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, origin: str | None, requirement: str, reachable: bool
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return origin

    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed())
    in_repository(project)
    shown = project.run("init")
    assert github_document(project)["env"]["ASSISTCTL_REQUIREMENT"] == requirement
    assert ("where a runner cannot get it" not in shown.out) is reachable
    given = project.run("init", "-C", "sub", "--requirement", "./vendor/assistctl-1.0-py3-none-any.whl")
    assert "where a runner cannot get it" not in given.out
    assert github_document(project, "assistctl-sub")["env"]["ASSISTCTL_REQUIREMENT"].startswith("./vendor/")


@pytest.mark.parametrize(
    ("options", "extras"),
    [
        ((), ""),
        (("-t", "mistral-agents"), "[mistral]"),
        (("-t", "anthropic-agents", "--staging", "azure-foundry"), "[anthropic,azure]"),
        (("-t", "mistral-agents", "--journal", "s3://acme/journal"), "[journal,mistral]"),
    ],
)
@pytest.mark.parametrize("reachable", [True, False])
def test_the_pipeline_installs_what_its_targets_need(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], extras: str, reachable: bool
) -> None:
    class Installed:
        def read_text(self, _: str) -> str | None:
            return None if reachable else '{"url": "file:///somewhere", "dir_info": {}}'

    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed())
    in_repository(project)
    shown = project.run("init", *options)
    requirement: str = github_document(project)["env"]["ASSISTCTL_REQUIREMENT"]
    assert requirement.startswith(f"assistctl{extras}==" if reachable else "./vendor/assistctl-")
    assert requirement.endswith(extras if not reachable else "")
    assert reachable or f"wheel at {requirement.removesuffix(extras)} and commit" in shown.out


def test_init_asks_which_system(project: ProjectFolder) -> None:
    (project.path / "assistctl.yaml").unlink()
    assert project.run("init", "--ci", "jenkins").code == 64
    created = project.run("init", "--ci", "gitlab", "--format", "json").json["created"]
    assert ".gitlab-ci.yml" in created
    assert not (project.path / ".github").exists()


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """The model that a pipeline may ask, of whoever owns the repository."""
    with ScriptedModel() as running:
        yield running.on("order", "Order 1001 is on its way.").on(None, "I cannot say.")


def _declare_checks(pipeline: Pipeline, *asked: str) -> None:
    checks = [{"ask": ask, "expect": {"contains": "1001"}} for ask in asked]
    pipeline.project.manifest("helper", model="gpt-6-luna", checks=checks)


@pytest.mark.parametrize("options", [("-t", "prod", "--checks")])
def test_the_prompts_of_a_branch_are_asked_before_anything_is_deployed(
    pipeline: Pipeline, model: ScriptedModel, elsewhere: RecordingServer
) -> None:
    pipeline.secrets[""] |= {"ASSISTANTS_MODEL_URL": model.url, "ASSISTANTS_MODEL_KEY": "sk-model"}
    # It cannot send the key elsewhere.
    pipeline.project.write(
        "assistctl.yaml",
        f'project: acme\ntargets: {{local: {{platform: local, options: {{model_url: "{elsewhere.url}"}}}}}}\n',
    )
    _declare_checks(pipeline, "Where is my order?")
    run = pipeline.pull_request(job="prompts")
    assert run.code == 0, run.log
    assert [request.headers["authorization"] for request in model.requests] == ["Bearer sk-model"]
    assert pipeline.server.mutations == []
    _declare_checks(pipeline, "Where is my order?", "And the other one?")
    run = pipeline.pull_request(job="prompts")
    assert run.code == 2, run.log
    if pipeline.ci == "github":
        assert "**1 passed, 1 failed.**" in run.summary
        assert "I cannot say." in run.summary
    assert pipeline.server.mutations == elsewhere.asked == []


@pytest.mark.parametrize("options", [("-t", "prod", "--checks")])
def test_without_a_model_nothing_is_asked_and_that_is_told(pipeline: Pipeline, model: ScriptedModel) -> None:
    _declare_checks(pipeline, "Where is my order?")
    run = pipeline.pull_request(job="prompts", fork=True)
    assert run.code == 0, run.log
    assert "Not asked: this run has no ASSISTANTS_MODEL_URL" in run.log + run.summary
    assert model.requests == []
