"""``serve`` as somebody with the OpenAI SDK meets it, and ``init`` as somebody with an empty folder."""

from __future__ import annotations

import re
import signal
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import yaml
from openai import OpenAI

from assistctl.testing import Failure, ScriptedModel
from support.projects import ProjectFolder

pytestmark = pytest.mark.usefixtures("assistctl_on_path")


@contextmanager
def serving(folder: Path, *args: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """``assistctl serve --port 0 ARGS`` until the block ends: its address and the process."""
    process = subprocess.Popen(
        ["assistctl", "serve", "--port", "0", *args],  # noqa: S607  # on the path of the tests
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            found = re.search(r"http://[\d.]+:\d+(/v1)?", said)
            if found:
                yield found[0].removesuffix("/v1") + "/v1", process
                break
        else:
            pytest.fail(said)
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def test_serve_to_the_sdk_and_what_it_makes_is_seen_by_the_command(project: ProjectFolder) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import openai

        project.manifest("one", instructions="Be brief.")
        assert project.run("apply", "--yes").code == 0
        with serving(project.path, "-t", "local") as (address, process):
            with openai.OpenAI(base_url=address, api_key="any", max_retries=0) as client:
                listed = client.beta.assistants.with_raw_response.list()
                assert re.fullmatch(r"org-[0-9a-f]{24}", listed.headers["openai-organization"])
                (mine,) = listed.parse()
                assert (mine.name, mine.instructions) == ("one", "Be brief.")
                client.beta.assistants.update(mine.id, instructions="Edited.")
                with pytest.raises(openai.NotFoundError):
                    client.beta.assistants.retrieve("asst_none")
            process.send_signal(signal.SIGINT)
            assert process.wait(20) in {0, 130}
    (drift,) = project.run("plan", "--format", "json").json["drift"]
    assert (drift["observed"], drift["desired"]) == ("Edited.", "Be brief.")


def test_serve_wants_its_key_and_keeps_to_its_database(project: ProjectFolder, tmp_path: Path) -> None:
    with serving(project.path, "--db", str(tmp_path / "team.db"), "--api-key", "right-key") as (address, process):
        for key, status in (("wrong", 401), ("right-key", 200), (None, 401)):
            headers = {"openai-beta": "assistants=v2"} | ({"authorization": f"Bearer {key}"} if key else {})
            answer = httpx2.post(f"{address}/assistants", headers=headers, json={"model": "gpt-4.1"})
            assert answer.status_code == status
            if status == 401:
                assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        assert "127.0.0.1" in address, "loopback by default"
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert (tmp_path / "team.db").is_file()
    assert not (project.path / ".assistctl").exists()


@pytest.mark.parametrize(("args", "warned"), [((), True), (("--api-key", "a-key"), False)])
def test_serve_warns_when_others_can_reach_it_and_need_no_key(
    project: ProjectFolder, args: tuple[str, ...], warned: bool
) -> None:
    with serving(project.path, "--host", "0.0.0.0", *args) as (_, process):  # noqa: S104  # the case under test
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert ("pass --api-key" in process.stdout.read()) is warned


def test_a_port_that_is_taken_is_told(project: ProjectFolder) -> None:
    with serving(project.path) as (address, _):
        port = address.split(":")[2].removesuffix("/v1")
        done = subprocess.run(
            ["assistctl", "serve", "--port", port],  # noqa: S607  # on the path of the tests
            cwd=project.path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert port in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("key", ["", "  ", "two words"])
@pytest.mark.parametrize("in_environment", [False, True])
def test_serve_refuses_a_key_that_is_none(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, key: str, in_environment: bool
) -> None:
    if in_environment:
        monkeypatch.setenv("ASSISTCTL_SERVE_API_KEY", key)
    refused = project.run("serve", "--port", "0", *([] if in_environment else ["--api-key", key]))
    assert refused.code == 64
    assert "The API key" in refused.err
    assert "http://" not in refused.err


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--model-url", "localhost:11434", "begin with http:// or https://"),
        ("--model-alias", "gpt-4o", "is not NAME=NAME"),
        ("--model-alias", "=x", "is not NAME=NAME"),
    ],
)
def test_serve_refuses_a_model_that_cannot_be_asked(
    project: ProjectFolder, option: str, value: str, words: str
) -> None:
    refused = project.run("serve", "--port", "0", option, value)
    assert (refused.code, words in refused.err) == (64, True)


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_serve_answers_runs_with_the_model_under_its_own_name(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTCTL_MODEL_API_KEY", "sk-of-the-model\n")
    with ScriptedModel() as model:
        model.on("leak", Failure(401, "wrong key sk-of-the-model")).on(None, "Hello.")
        options = ["--model-url", model.url, "--model-alias", "gpt-4o=llama:8b"]
        with serving(project.path, *options) as (address, _), OpenAI(base_url=address, api_key="any") as client:
            made = client.beta.assistants.create(model="gpt-4o")
            runs = [
                client.beta.threads.create_and_run_poll(
                    assistant_id=made.id, thread={"messages": [{"role": "user", "content": text}]}
                )
                for text in ("Hi", "leak")
            ]
    assert [run.status for run in runs] == ["completed", "failed"]
    assert runs[0].model == "gpt-4o"
    assert runs[1].last_error is not None
    assert "sk-of-the-model" not in runs[1].last_error.message
    [asked, _] = model.requests
    assert (asked.body["model"], asked.headers["authorization"]) == ("llama:8b", "Bearer sk-of-the-model")


def test_serve_refuses_more_connections_than_it_can_open(project: ProjectFolder) -> None:
    refused = project.run("serve", "--port", "0", "--max-connections", "1000000000")
    assert refused.code == 1
    assert "pass --max-connections" in refused.err


def test_serve_tells_its_own_errors_to_whoever_runs_it(project: ProjectFolder) -> None:
    path = project.write("some.db", "no database\n" * 100)
    with serving(project.path, "--db", str(path)) as (address, process):
        refused = httpx2.get(f"{address}/files")
        assert (refused.status_code, str(path) in refused.text) == (500, False)
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        said = process.stdout.read()
    assert f"error: The file {path} is not a usable SQLite database" in said
    assert refused.headers["x-request-id"] in said
    assert "Traceback" not in said


# init


@pytest.fixture
def empty(project: ProjectFolder, tmp_path: Path) -> ProjectFolder:
    """A folder with nothing in it."""
    project.path = tmp_path / "new-shop"
    project.path.mkdir()
    return project


def test_init_then_validate_plan_apply_plan(empty: ProjectFolder) -> None:
    assert empty.run("init").code == 0
    assert empty.run("validate").code == 0
    assert empty.run("plan", "--detailed-exitcode").code == 2
    assert empty.run("apply", "--yes").code == 0
    assert empty.run("plan", "--detailed-exitcode").code == 0


def test_init_scaffolds_project_and_workflow(empty: ProjectFolder) -> None:
    assert empty.run("init").code == 0
    settings = yaml.safe_load((empty.path / "assistctl.yaml").read_text())
    assert settings["project"] == "new-shop"
    (workflow,) = (empty.path / ".github/workflows").iterdir()
    jobs = yaml.safe_load(workflow.read_text())["jobs"]
    commands = " ".join(step.get("run", "") for job in jobs.values() for step in job["steps"])
    assert "assistctl plan" in commands
    assert "assistctl apply" in commands


def test_init_overwrites_nothing(empty: ProjectFolder) -> None:
    empty.write("assistctl.yaml", "project: mine\n")
    empty.write("assistants/own.yaml", "model: gpt-4.1\n")
    before = empty.snapshot()
    empty.run("init")
    after = empty.snapshot()
    assert {name: after[name] for name in before} == before
    again = empty.run("init")
    assert again.code in {0, 1}
    assert empty.snapshot() == after


@pytest.mark.parametrize("name", ["Üml äut", "-dash", "with space", "x" * 200, "a:b #c"])
def test_init_in_a_folder_whose_name_is_no_project_name(empty: ProjectFolder, tmp_path: Path, name: str) -> None:
    empty.path = tmp_path / name
    empty.path.mkdir()
    shown = empty.run("init")
    if shown.code == 0:
        assert empty.run("plan").code == 0
    else:
        assert shown.code in {1, 64}
        assert "--project" in shown.err
    assert empty.run("init", "--project", "fine").code == 0
    assert empty.run("plan").code == 0


def test_init_in_another_folder(empty: ProjectFolder) -> None:
    assert empty.run("init", "-C", "sub/folder").code in {0, 1}
    if (empty.path / "sub/folder/assistctl.yaml").exists():
        assert empty.run("-C", "sub/folder", "plan").code == 0


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_serve_takes_its_model_from_the_environment_file_too(project: ProjectFolder) -> None:
    with ScriptedModel() as model:
        model.on(None, "Hello.")
        project.write(".env", f"ASSISTCTL_MODEL_URL={model.url}\nASSISTCTL_MODEL_API_KEY=sk-of-the-file\n")
        with serving(project.path) as (address, _), OpenAI(base_url=address, api_key="any") as client:
            made = client.beta.assistants.create(model="gpt-4o")
            run = client.beta.threads.create_and_run_poll(
                assistant_id=made.id, thread={"messages": [{"role": "user", "content": "Hi"}]}
            )
    assert run.status == "completed"
    assert [asked.headers["authorization"] for asked in model.requests] == ["Bearer sk-of-the-file"]
