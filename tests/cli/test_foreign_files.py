"""Somebody else's file of the same name and size, and ids that were there before: never taken, never deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.dashboard import Dashboard
from support.interruptions import KILLS, TIMEOUT, Interruption, Mishap, hurry_uploads, killed_apply
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import Asked, RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

OURS, THEIRS = "our words", "not yours"
DOCUMENT = "assistants/docs/one.md"
UPLOAD = ("POST", "/v1/files")


def write_config(project: ProjectFolder, server: RecordingServer, *, timeout: float = 30) -> None:
    project.write(
        "assistctl.yaml",
        f"""\
        project: acme
        default_target: prod
        targets:
          prod:
            platform: openai-assistants
            base_url: "{server.url}"
            api_key: test-key
            options: {{timeout: {timeout}}}
        """,
    )


@pytest.fixture
def desk(remote: ProjectFolder) -> ProjectFolder:
    """An assistant with one document, not applied yet."""
    assert len(OURS) == len(THEIRS)
    remote.write(DOCUMENT, OURS)
    remote.manifest("desk", tools=[{"type": "file_search"}], files=["docs/*"])
    return remote


@pytest.fixture
def coder(desk: ProjectFolder) -> ProjectFolder:
    """The same, read by its code interpreter: no vector store says whose the upload is."""
    desk.manifest("desk", tools=[{"type": "code_interpreter"}], files=["docs/*"])
    return desk


@pytest.fixture
def dashboard(server: RecordingServer) -> Iterator[Dashboard]:
    seen = Dashboard(server.url)
    yield seen
    seen.close()


def attached(stored_objects: StoredObjects) -> set[str]:
    """The uploads that are read."""
    tools = [each["tool_resources"].get("code_interpreter", {}) for each in stored_objects.assistants()]
    read = {file_id for tool in tools for file_id in tool.get("file_ids", ())}
    return read | {
        file["id"] for store in stored_objects.stores() for file in stored_objects.files_of(store["id"])
    }


def garbage(project: ProjectFolder, *options: str) -> dict[str, bool]:
    """What ``gc`` lists of uploads, and whether it is proven."""
    found = project.run("gc", "--format", "json", *options)
    assert found.code in {0, 3}, found.err
    return {item["id"]: item["proven"] for item in found.json["garbage"] if item["kind"] == "file"}


# An answer that is cut off, and an error with any status, are to an upload what no answer at all is. Who takes
# what was there before, takes what comes meanwhile, too.
WITH_THEIRS_BEFORE = (Mishap.ERROR_AFTER, Mishap.TRUNCATED)
ALIKE = {*WITH_THEIRS_BEFORE, Mishap.ERROR, Mishap.UNAVAILABLE}
# They leave what the others leave, too: nothing or an upload of ours, known to an apply that goes on or to nobody.
CHANGED_AFTERWARDS = {Mishap.DROPPED, Mishap.ANSWER_LOST, Mishap.KILLED_AFTER}


@pytest.mark.parametrize(
    ("when", "mishap"),
    [
        *(("before", mishap) for mishap in WITH_THEIRS_BEFORE),
        *(("meanwhile", mishap) for mishap in Mishap if mishap not in ALIKE),
    ],
)
def test_an_upload_whose_answer_is_lost_is_sent_again_and_no_look_alike_is_taken(  # noqa: PLR0917  # fixtures
    desk: ProjectFolder,
    server: RecordingServer,
    stored_objects: StoredObjects,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
    mishap: Mishap,
) -> None:
    hurry_uploads(monkeypatch.setattr)
    theirs = [stored_objects.upload("one.md", THEIRS.encode())] if when == "before" else []
    write_config(desk, server, timeout=TIMEOUT if mishap is Mishap.LATE else 30)
    elsewhere = StoredObjects(server.url)
    interruption = Interruption(mishap, 0, "/v1/files")
    if when == "meanwhile":
        interruption.meanwhile = lambda: theirs.append(elsewhere.upload("one.md", THEIRS.encode()))
    interruption.on(server)
    killed_apply(desk.path, interruption) if mishap in KILLS else desk.run("apply", "--yes")
    interruption.over(server)
    elsewhere.close()
    assert interruption.hit is not None
    assert len(theirs) == 1
    write_config(desk, server)
    again = desk.run("apply", "--yes")
    assert again.code == 0, again.err
    assert not attached(stored_objects) & {*theirs}

    if mishap in CHANGED_AFTERWARDS:
        desk.write(DOCUMENT, "other words, longer")
        assert desk.run("apply", "--yes").code == 0
        assert {*theirs} <= stored_objects.uploads().keys()
        assert desk.run("plan", "--detailed-exitcode").code == 0
    # What the lost request may have left cannot be told from theirs: both are named, and neither is deleted.
    left = stored_objects.uploads().keys() - attached(stored_objects)
    found = garbage(desk, "--yes")
    assert all(not proven for file_id, proven in found.items() if file_id in theirs)
    assert {file_id for file_id in left if file_id not in theirs} <= found.keys()
    assert {*theirs} <= stored_objects.uploads().keys()
    if len(left) > 1:
        assert left == found.keys()
        assert garbage(desk, "--yes", "--unproven").keys() == left
        assert stored_objects.uploads().keys() == attached(stored_objects)


def hands_out(server: RecordingServer, path: str, old: str) -> None:
    """Let the server answer a POST to ``path`` with an id that is there already."""

    def tell(asked: Asked, _: int, body: Any) -> Any:
        return {**body, "id": old} if (asked.method, asked.path) == ("POST", path) else body

    server.tell = tell


def test_an_upload_that_is_answered_with_an_old_id_fails_and_the_old_one_stays(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    # Another name and size: what was not kept as it was sent is deleted again, if it is ours.
    theirs = stored_objects.upload("theirs.md", b"quite another thing")
    for body in ({"id": theirs}, {"id": theirs, "filename": "theirs.md", "bytes": 19}):
        server.tell = lambda asked, _, answer, body=body: (
            {**answer, **body} if (asked.method, asked.path) == UPLOAD else answer
        )
        outcome = desk.run("apply", "--yes", "--format", "json")
        assert outcome.code in {1, 4}
        errors = " ".join(result["error"] or "" for result in outcome.json["results"])
        assert f"with {theirs}, which was there before" in errors
        assert theirs not in attached(stored_objects)
        assert theirs in stored_objects.uploads()
    server.tell = None
    assert desk.run("apply", "--yes").code == 0
    assert desk.run("gc", "--yes", "--unproven").code == 0
    assert theirs in stored_objects.uploads()


def test_an_assistant_that_is_answered_with_an_old_id_fails_and_the_old_one_stays(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard
) -> None:
    remote.manifest("desk")
    theirs = dashboard.create(name="theirs", model="m")
    hands_out(server, "/v1/assistants", theirs["id"])
    outcome = remote.run("apply", "--yes", "--format", "json")
    assert outcome.code in {1, 4}
    [result] = outcome.json["results"]
    assert f"with {theirs['id']}, which was there before" in result["error"]
    assert theirs in dashboard.all()


def test_a_vector_store_that_is_answered_with_an_old_id_fails_and_the_old_one_stays(
    desk: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    theirs = stored_objects.make_store(name="theirs")
    hands_out(server, "/v1/vector_stores", theirs)
    outcome = desk.run("apply", "--yes", "--format", "json")
    assert outcome.code in {1, 4}
    store = next(result for result in outcome.json["results"] if result["kind"] == "vector_store")
    assert f"with {theirs}, which was there before" in store["error"]
    there = {stored["id"]: stored for stored in stored_objects.stores()}
    assert (there[theirs]["name"], stored_objects.files_of(theirs)) == ("theirs", [])
    assert stored_objects.assistants() == []


@pytest.fixture
def killed(snapshots: ProjectSnapshots, coder: ProjectFolder) -> ProjectFolder:
    """The coder, whose apply was killed once its upload was written down."""
    snapshots.restore("killed", lambda: killed_after_upload(coder, snapshots.server))
    return coder


def record_of(project: ProjectFolder) -> Path:
    """The file in which uploads are written down."""
    [record] = (project.path / ".assistctl/uploads").glob("*.jsonl")
    return record


def killed_after_upload(project: ProjectFolder, server: RecordingServer) -> Path:
    """An apply that was killed once its upload was written down; the file of the record."""
    interruption = Interruption(Mishap.KILLED, 0, "/v1/assistants")
    interruption.on(server)
    assert killed_apply(project.path, interruption) == -9
    interruption.over(server)
    return record_of(project)


def forge(record: Path, theirs: str, others: str) -> None:
    """Say of their file what the record says of ours, and of another one what anybody can write."""
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    for line in lines:
        if "id" in line:
            line["id"] = theirs
    lines.append({"scope": lines[0]["scope"], "id": others})
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_record_that_was_forged_is_nobodys_word(killed: ProjectFolder, stored_objects: StoredObjects) -> None:
    theirs = [stored_objects.upload(name, THEIRS.encode()) for name in ("one.md", "two.md")]
    forge(record_of(killed), *theirs)
    found = garbage(killed, "--yes")
    assert [found[file_id] for file_id in theirs] == [False, False]
    assert {*theirs} <= stored_objects.uploads().keys()
    assert killed.run("apply", "--yes").code == 0
    assert not attached(stored_objects) & {*theirs}
    killed.remove("desk")
    assert killed.run("apply", "--yes", "--allow-deletes").code == 0
    assert killed.run("gc", "--yes").code == 0
    assert {*theirs} <= stored_objects.uploads().keys()


def test_a_record_of_another_project_on_this_machine_proves_nothing_here(
    killed: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects
) -> None:
    """Whoever writes the checkout may have seen lines of another project; their seal does not fit this one."""
    record = record_of(killed)
    [ours] = stored_objects.uploads()
    assert garbage(killed) == {ours: True}
    text = (killed.path / "assistctl.yaml").read_text()
    killed.write("assistctl.yaml", text.replace("project: acme", "project: other"))
    assert garbage(killed) == {ours: False}  # declared here as well
    another = killed_after_upload_elsewhere(killed, record, server)
    assert another != json.loads(record.read_text().splitlines()[0])["scope"]
    record.write_text(record.read_text().replace(json.loads(record.read_text().splitlines()[0])["scope"], another))
    assert garbage(killed)[ours] is False


def killed_after_upload_elsewhere(project: ProjectFolder, record: Path, server: RecordingServer) -> str:
    """The scope that the project has now."""
    kept = record.read_text()
    record.unlink()
    scope = json.loads(killed_after_upload(project, server).read_text().splitlines()[0])["scope"]
    record.write_text(kept)
    return str(scope)


@pytest.mark.parametrize("case", ["renamed on the platform", "another size"])
def test_what_the_platform_has_under_a_recorded_id_must_be_what_was_recorded(
    killed: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, case: str
) -> None:
    [ours] = stored_objects.uploads()
    other = {"filename": "two.md"} if case == "renamed on the platform" else {"bytes": 7}

    def tell(asked: Asked, _: int, body: Any) -> Any:
        if asked.method != "GET":
            return body
        if asked.path == f"/v1/files/{ours}":
            return {**body, **other}
        if asked.path == "/v1/files":
            return {**body, "data": [{**item, **other} if item["id"] == ours else item for item in body["data"]]}
        return body

    server.tell = tell
    assert garbage(killed, "--yes") == {ours: False}
    assert killed.run("apply", "--yes").code == 0
    assert ours in stored_objects.uploads()
    assert ours not in attached(stored_objects)


def test_a_recorded_upload_is_used_by_the_next_apply(killed: ProjectFolder, stored_objects: StoredObjects) -> None:
    [ours] = stored_objects.uploads()
    assert killed.run("apply", "--yes").code == 0
    assert attached(stored_objects) == {ours} == stored_objects.uploads().keys()


def test_without_a_place_for_the_key_nothing_is_proven_and_everything_works(
    coder: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    (coder.path.parent / "a-file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(coder.path.parent / "a-file" / "state"))
    killed_after_upload(coder, server)
    [ours] = stored_objects.uploads()
    assert garbage(coder, "--yes") == {ours: False}
    assert coder.run("apply", "--yes").code == 0
    assert ours not in attached(stored_objects)
    assert coder.run("gc", "--yes", "--unproven").code == 0
    assert stored_objects.uploads().keys() == attached(stored_objects)
    assert keys_in(coder) == []


def test_a_folder_for_the_key_that_the_repository_brought_along_is_none(
    coder: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(coder.path / "state"))
    killed_after_upload(coder, server)
    [ours] = stored_objects.uploads()
    assert garbage(coder) == {ours: False}
    assert keys_in(coder) == []


def keys_in(project: ProjectFolder) -> list[Path]:
    return [path for path in project.path.rglob("*") if path.name == "record.key"]


def test_machines_of_ci_may_be_given_the_key(
    coder: ProjectFolder,
    server: RecordingServer,
    stored_objects: StoredObjects,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("ASSISTCTL_RECORD_KEY", "k" * 64)
    killed_after_upload(coder, server)
    [ours] = stored_objects.uploads()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    assert garbage(coder) == {ours: True}
    monkeypatch.setenv("ASSISTCTL_RECORD_KEY", "j" * 64)
    assert garbage(coder) == {ours: False}
    monkeypatch.setenv("ASSISTCTL_RECORD_KEY", "short")
    refused = coder.run("gc")
    assert refused.code == 1
    assert "ASSISTCTL_RECORD_KEY is too short" in refused.err
    # A committed .env is part of the checkout.
    monkeypatch.delenv("ASSISTCTL_RECORD_KEY")
    coder.write(".env", f"ASSISTCTL_RECORD_KEY={'k' * 64}\n")
    assert garbage(coder) == {ours: False}
