"""What programs build on: the names, signatures and fields that ``assistctl`` exports, and what they do."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import doctest
import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import assistctl
from assistctl.operations.deployment import open_deployment
from support.projects import ProjectFolder

SIGNATURES = {
    "open_project": (
        "(directory: 'str | Path' = '.', target: 'str | None' = None, *, "
        "variables: 'Mapping[str, str] | None' = None, environ: 'Mapping[str, str] | None' = None, "
        "timeout: 'float' = 600.0, on_message: 'Callable[[str], None]' = ...) -> 'OpenProject'"
    ),
    "OpenProject.plan": (
        "(self, keys: 'Sequence[str]' = (), *, destroy: 'bool' = False, adopt: 'bool | None' = None, "
        "allow_deletes: 'bool' = False, out: 'Path | None' = None) -> 'Plan'"
    ),
    "OpenProject.drift": "(self, keys: 'Sequence[str]' = ()) -> 'Plan'",
    "OpenProject.apply": (
        "(self, plan: 'Plan | Path | None' = None, *, keys: 'Sequence[str]' = (), "
        "confirm: 'Confirm | None' = None, progress: 'ProgressListener | None' = None, "
        "cancellation: 'CancellationToken | None' = None, adopt: 'bool | None' = None, "
        "allow_deletes: 'bool' = False, "
        "limits: 'ApplyLimits' = ApplyLimits(parallelism=8, wait=600.0, lock_timeout=60.0)) -> 'ApplyOutcome'"
    ),
    "OpenProject.rollback": (
        "(self, apply_id: 'str', *, confirm: 'Confirm | None' = None, "
        "progress: 'ProgressListener | None' = None, cancellation: 'CancellationToken | None' = None, "
        "allow_deletes: 'bool' = False, "
        "limits: 'ApplyLimits' = ApplyLimits(parallelism=8, wait=600.0, lock_timeout=60.0)) -> 'ApplyOutcome'"
    ),
    "OpenProject.collect_garbage": (
        "(self, *, unproven: 'bool' = False, confirm: 'ConfirmDeletion | None' = None, "
        "cancellation: 'CancellationToken | None' = None, lock_timeout: 'float' = 60.0) -> 'GarbageCollection'"
    ),
    "OpenProject.migrate_from": (
        "(self, source: 'str | Path', folder: 'Path | None' = None, *, write: 'bool' = True) -> 'MigrationOutcome'"
    ),
    "OpenProject.history": "(self) -> 'list[PastApply]'",
    "OpenProject.assistants": "(self) -> 'list[DeployedAssistant]'",
    "Plan.from_document": "(document: 'Mapping[str, Json]') -> 'Plan'",
    "Plan.to_document": "(self) -> 'dict[str, Json]'",
    "ApplyOutcome.to_document": "(self) -> 'dict[str, Json]'",
    "MigrationOutcome.to_document": "(self) -> 'dict[str, Json]'",
    "ProgressListener.started": "(self, plan: 'Plan') -> 'None'",
    "ProgressListener.uploading": "(self, files: 'int', size: 'int') -> 'None'",
    "ProgressListener.sent": "(self, size: 'int') -> 'None'",
    "ProgressListener.uploaded": "(self) -> 'None'",
    "ProgressListener.indexing": "(self, key: 'str', done: 'int', files: 'int', failed: 'int') -> 'None'",
    "ProgressListener.finished": "(self, result: 'Result') -> 'None'",
    "ProgressListener.ended": "(self) -> 'None'",
}
FIELDS = {
    "ApplyLimits": "parallelism wait lock_timeout",
    "ApplyOutcome": "plan status results warnings",
    "Change": "kind key id action reason diffs blocked name",
    "DeployedAssistant": "key id name model prevent_destroy",
    "Diagnostic": "severity summary detail key path position",
    "Drift": "kind key id path observed desired secret",
    "FieldDiff": "path old new origin secret",
    "Garbage": "kind id name size proven reason",
    "GarbageCollection": "found chosen status results warnings",
    "MigrationOutcome": "folder is_written",
    "Missing": "kind key id reason",
    "PastApply": "id target state command started problem",
    "Plan": "project target changes drift diagnostics summary seen fingerprint",
    "Result": "kind key id action status error touched unknown sent",
    "Summary": "create update delete adopt unchanged forget",
    "TargetName": "name platform",
}
MEMBERS = {
    "Action": "create update delete adopt forget",
    "ExitCode": "0 1 2 3 4 64 130",
    "Kind": "assistant vector_store file environment mcp_server memory_store skill",
    "OperationStatus": "no changes, invalid, blocked, declined, done, partial, failed, interrupted",
    "Severity": "error warning info",
    "Status": "ok failed skipped",
}
ERRORS = {"JournalError", "LockedError", "ManifestError", "PlatformError", "ProjectError", "RefusedError"}
OTHERS = {"AssistctlError", "CancellationToken", "OpenProject", "ProgressListener", "__version__"}


def test_every_name_is_guarded() -> None:
    guarded = {name for name in SIGNATURES if "." not in name} | FIELDS.keys() | MEMBERS.keys() | ERRORS | OTHERS
    assert {*assistctl.__all__} == guarded
    assert len(assistctl.__all__) == len(guarded)


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_signatures(name: str) -> None:
    found: object = assistctl
    for part in name.split("."):
        found = getattr(found, part)
    assert callable(found)
    signature = inspect.signature(found)
    plain = [
        parameter.replace(default=...) if inspect.isfunction(parameter.default) else parameter
        for parameter in signature.parameters.values()
    ]
    assert str(signature.replace(parameters=plain)).replace("Ellipsis", "...") == SIGNATURES[name]
    assert found.__doc__


METHODS = ["plan", "drift", "apply", "rollback", "collect_garbage", "migrate_from", "history", "assistants"]


@pytest.mark.parametrize("name", METHODS)
def test_the_async_methods_take_the_same(name: str) -> None:
    method, twin = (getattr(assistctl.OpenProject, prefix + name) for prefix in ("", "a"))
    assert inspect.iscoroutinefunction(twin)
    assert inspect.signature(twin) == inspect.signature(method)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_fields(name: str) -> None:
    fields = [field.name for field in dataclasses.fields(getattr(assistctl, name))]
    assert fields[: len(FIELDS[name].split())] == FIELDS[name].split()


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_members(name: str) -> None:
    members = [str(member.value) for member in getattr(assistctl, name)]
    assert members == MEMBERS[name].split(", " if "," in MEMBERS[name] else None)


def test_errors_have_one_base() -> None:
    assert all(issubclass(getattr(assistctl, name), assistctl.AssistctlError) for name in ERRORS)


def test_a_type_checker_sees_what_is_imported() -> None:
    """The imports that only a type checker makes are those that ``__getattr__`` makes."""
    tree = ast.parse(Path(assistctl.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "importlib"]
    seen = {(node.module, alias.name) for node in imports for alias in node.names}
    assert {name for _, name in seen} == {*assistctl.__all__}
    for module, name in seen:
        assert module is not None
        assert getattr(assistctl, name) is getattr(import_module(module), name)


def test_what_is_not_there() -> None:
    assert {*assistctl.__all__} <= {*dir(assistctl)}
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        getattr(assistctl, "nothing")  # noqa: B009  # mypy would not let it pass


def test_the_import_is_light() -> None:
    code = "import sys; before = {*sys.modules}; import assistctl; print(*({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["assistctl"]


def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert assistctl.__doc__ is not None
    example = doctest.DocTestParser().get_doctest(assistctl.__doc__, {}, "assistctl", assistctl.__file__, 0)
    said: list[str] = []
    outcome = doctest.DocTestRunner().run(example, out=said.append)
    assert (outcome.failed, outcome.attempted > 10) == (0, True), "".join(said)


def test_documents_are_what_the_command_prints(project: ProjectFolder) -> None:
    project.manifest("desk")
    opened = assistctl.open_project(project.path)
    plan = opened.plan()
    assert plan.to_document() == project.run("plan", "--format", "json").json
    assert assistctl.Plan.from_document(plan.to_document()).to_document() == plan.to_document()
    outcome = opened.apply(plan)
    assert outcome.exit_code == assistctl.ExitCode.OK
    document = json.loads(json.dumps(outcome.to_document()))
    assert [(result["key"], result["status"]) for result in document["results"]] == [("desk", "ok")]
    assert project.run("output").json == {"desk": outcome.results[0].id}
    assert [apply["command"] for apply in project.run("history", "--format", "json").json["applies"]] == ["apply"]


@pytest.mark.parametrize("answers", ["at once", "later"])
def test_nothing_is_changed_without_a_yes(project: ProjectFolder, answers: str) -> None:
    project.manifest("desk")
    asked: list[assistctl.Plan] = []

    def no(plan: assistctl.Plan) -> bool:
        asked.append(plan)
        return False

    async def no_later(plan: assistctl.Plan) -> bool:
        await asyncio.sleep(0)
        return no(plan)

    opened = assistctl.open_project(project.path)
    outcome = opened.apply(confirm=no if answers == "at once" else no_later)
    assert (outcome.status, outcome.results) == (assistctl.OperationStatus.DECLINED, ())
    assert outcome.exit_code == assistctl.ExitCode.REFUSED
    assert [plan.summary.create for plan in asked] == [1]
    assert opened.assistants() == []


def test_what_somebody_changes_before_the_answer_is_seen_after_it(project: ProjectFolder) -> None:
    project.manifest("desk", instructions="First.")
    opened = assistctl.open_project(project.path)
    opened.apply()
    project.manifest("desk", instructions="Second.")

    async def yes_after_another_apply(_: assistctl.Plan) -> bool:
        other = await assistctl.open_project(project.path).aapply()
        return other.status is assistctl.OperationStatus.DONE

    with pytest.raises(assistctl.RefusedError, match=r"the platform changed since it was made: desk"):
        opened.apply(confirm=yes_after_another_apply)


def test_a_plan_is_applied_as_it_is_or_not_at_all(project: ProjectFolder) -> None:
    project.manifest("desk")
    project.manifest("night")
    opened = assistctl.open_project(project.path)
    plan = opened.plan(["desk"])
    project.manifest("desk", instructions="Other.")
    with pytest.raises(assistctl.RefusedError, match=r"stale.*desk"):
        opened.apply(plan)
    assert opened.assistants() == []
    outcome = opened.apply(opened.plan(["desk"]))
    assert [result.key for result in outcome.results] == ["desk"]
    assert [assistant.key for assistant in opened.assistants()] == ["desk"]


def test_a_plan_that_destroys_wants_to_be_allowed(project: ProjectFolder) -> None:
    project.manifest("desk")
    opened = assistctl.open_project(project.path)
    opened.apply()
    plan = opened.plan(destroy=True)
    refused = opened.apply(plan)
    assert (refused.status, refused.exit_code) == (assistctl.OperationStatus.BLOCKED, assistctl.ExitCode.REFUSED)
    assert [assistant.key for assistant in opened.assistants()] == ["desk"]
    assert opened.apply(plan, allow_deletes=True).status is assistctl.OperationStatus.DONE
    assert opened.assistants() == []


def test_a_saved_plan(project: ProjectFolder, tmp_path: Path) -> None:
    project.manifest("desk")
    opened = assistctl.open_project(project.path)
    opened.plan(out=tmp_path / "change.plan")
    assert project.run("show", tmp_path / "change.plan").code == 0
    assert opened.apply(tmp_path / "change.plan").status is assistctl.OperationStatus.DONE
    assert opened.apply().status is assistctl.OperationStatus.NO_CHANGES


def test_a_plan_that_was_read_is_not_applied(project: ProjectFolder) -> None:
    project.manifest("desk")
    opened = assistctl.open_project(project.path)
    read = assistctl.Plan.from_document(opened.plan().to_document())
    with pytest.raises(assistctl.AssistctlError, match="read from a document"):
        opened.apply(read)
    with pytest.raises(assistctl.AssistctlError, match="applied by itself"):
        opened.apply(opened.plan(), keys=["desk"])
    assert opened.assistants() == []


def test_history_and_the_way_back(project: ProjectFolder) -> None:
    project.manifest("desk", instructions="First.")
    opened = assistctl.open_project(project.path)
    opened.apply()
    project.manifest("desk", instructions="Second.")
    opened.apply()
    latest, first = opened.history()
    assert [(past.command, past.state, past.target, past.problem) for past in (latest, first)] == [
        ("apply", "done", "local", None)
    ] * 2
    assert latest.started is not None
    assert first.started is not None
    assert latest.started > first.started
    declined = opened.rollback(latest.id, confirm=lambda _: False)
    assert declined.status is assistctl.OperationStatus.DECLINED
    back = opened.rollback(latest.id)
    assert (back.status, back.plan.changes[0].diffs[0].new) == (assistctl.OperationStatus.DONE, "First.")
    assert opened.history()[0].command == f"rollback {latest.id}"
    with pytest.raises(assistctl.JournalError):
        opened.rollback("nothing")


def test_garbage_is_found_and_deleted_only_with_a_yes(project: ProjectFolder) -> None:
    project.write("assistants/a.md", "# A")
    project.manifest("desk", tools=[{"type": "file_search"}], files=["a.md"])
    opened = assistctl.open_project(project.path)
    opened.apply()
    (project.path / ".assistctl/journal").rename(project.path / "journal-elsewhere")
    asyncio.run(_delete_all_assistants(project.path))
    kept = opened.collect_garbage(confirm=lambda _: False)
    assert kept.status is assistctl.OperationStatus.DECLINED
    assert {(garbage.kind, garbage.proven) for garbage in kept.found} == {
        (assistctl.Kind.VECTOR_STORE, True),
        (assistctl.Kind.FILE, True),
    }
    assert project.run("gc", "--format", "json").json["garbage"][0]["id"] == kept.found[0].id
    deleted = opened.collect_garbage()
    assert (deleted.status, deleted.left) == (assistctl.OperationStatus.DONE, ())
    assert opened.collect_garbage().found == ()


def test_a_migration_is_reported_as_the_command_does(project: ProjectFolder, tmp_path: Path) -> None:
    project.write(
        "assistctl.yaml",
        "project: acme\ntargets:\n  agents: {platform: openai-agents, api_key: sk-none}\n",
    )
    project.manifest("desk", temperature=0.5)
    assistctl.open_project(project.path, "local").apply()
    project.remove("desk")
    opened = assistctl.open_project(project.path, "agents")
    checked = opened.migrate_from("local", write=False)
    printed = project.run("migrate", "--from", "local", "--to", "agents", "--check", "--format", "json")
    assert checked.to_document() == printed.json
    assert (checked.is_written, checked.loses, printed.code) == (False, True, assistctl.ExitCode.PENDING)
    outcome = opened.migrate_from("local", tmp_path / "moved")
    assert outcome.is_written
    assert (outcome.folder / "desk.yaml").is_file()
    with pytest.raises(assistctl.ProjectError, match="no target, file or folder"):
        opened.migrate_from("nowhere")
    with pytest.raises(assistctl.ProjectError):
        opened.migrate_from(tmp_path / "nothing.json")


async def _delete_all_assistants(folder: Path) -> None:
    deployment = open_deployment(folder, None, {}, {})
    async with deployment.open() as platform:
        for assistant in await platform.list_assistants():
            await platform.delete_assistant(assistant.id)


def test_in_an_event_loop(project: ProjectFolder) -> None:
    project.manifest("desk")
    opened = assistctl.open_project(project.path)

    async def everything() -> tuple[str, list[str], int]:
        outcome = await opened.aapply(await opened.aplan())
        return (
            outcome.status,
            [aassistant.key for aassistant in await opened.aassistants()],
            len((await opened.adrift()).drift),
        )

    assert asyncio.run(everything()) == ("done", ["desk"], 0)


def test_progress_and_cancellation(project: ProjectFolder) -> None:
    project.manifest("desk")
    project.manifest("night")

    class Listener(assistctl.ProgressListener):
        def __init__(self) -> None:
            self.told: list[str] = []

        def started(self, plan: assistctl.Plan) -> None:
            self.told.append(f"started {plan.summary.changes}")

        def finished(self, result: assistctl.Result) -> None:
            self.told.append(f"{result.key} {result.status}")

        def ended(self) -> None:
            self.told.append("ended")

    opened, listener, cancellation = (
        assistctl.open_project(project.path),
        Listener(),
        assistctl.CancellationToken(),
    )
    cancellation.stop.set()
    stopped = opened.apply(progress=listener, cancellation=cancellation)
    assert stopped.status is assistctl.OperationStatus.INTERRUPTED
    assert {result.status for result in stopped.results} == {assistctl.Status.SKIPPED}
    assert listener.told == ["started 2", "desk skipped", "night skipped", "ended"]
    listener.told.clear()
    assert opened.apply(progress=listener).status is assistctl.OperationStatus.DONE
    assert (listener.told[0], {*listener.told[1:-1]}, listener.told[-1]) == (
        "started 2",
        {"desk ok", "night ok"},
        "ended",
    )


def test_no_secret_in_documents_and_errors(project: ProjectFolder) -> None:
    word = "correct-horse-battery-staple"
    project.write("assistants/desk.yaml", "model: gpt-4.1\ninstructions: The word is ${env:WORD}.\n")
    opened = assistctl.open_project(project.path, environ={"WORD": word})
    plan = opened.plan()
    assert word not in json.dumps(plan.to_document())
    assert "(secret WORD)" in json.dumps(plan.to_document())
    assert word not in json.dumps(opened.apply(plan).to_document())
    with pytest.raises(assistctl.ProjectError) as raised:
        opened.plan([word])
    assert word not in f"{raised.value} {raised.value.summary} {raised.value.hint} {raised.value.args}"


def test_an_error_about_a_target_says_where_it_is_declared(project: ProjectFolder) -> None:
    project.write("assistctl.yaml", "project: acme\ntargets:\n  local:\n    platform: nowhere\n")
    with pytest.raises(assistctl.ProjectError) as raised:
        assistctl.open_project(project.path)
    assert str(raised.value) == f"{raised.value.position}: {raised.value.summary}"
    assert str(raised.value).startswith("assistctl.yaml:4:")


def test_two_projects_have_the_secrets_of_both_masked(tmp_path: Path) -> None:
    words = {"FIRST": "correct-horse-battery", "SECOND": "staple-horse-correct"}
    opened = []
    for name in words:
        folder = tmp_path / name.lower()
        (folder / "assistants").mkdir(parents=True)
        (folder / "assistctl.yaml").write_text(f"project: {name.lower()}\n")
        (folder / "assistants" / "desk.yaml").write_text(f"model: gpt-4.1\nname: ${{env:{name}}}\n")
        opened.append(assistctl.open_project(folder, environ=words))
    for project, word in zip(opened, words.values(), strict=True):
        with pytest.raises(assistctl.ProjectError) as raised:
            project.plan([word])
        assert word not in str(raised.value)
