"""Uploads of ours that somebody else's vector store or assistant reads: nothing deletes them, and plans say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clouds import CLOUDS, Cloud
from support.dashboard import Dashboard
from support.person import somebody_who
from support.projects import Outcome, ProjectFolder, applied, nothing_to_do
from support.server import Answer, error_body
from support.stored_objects import StoredObjects

# Where the files and vector stores are, below the address of each platform that has them.
FILES_AT = {"local": "", "openai_assistants": "", "azure_foundry": "/openai/v1"}
SEARCH = [{"type": "file_search"}]
DOCUMENT = "assistants/docs/one.md"


@pytest.fixture(params=FILES_AT)
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud]:
    (tmp_path / "acme" / ".assistctl").mkdir(parents=True)
    with CLOUDS[request.param](tmp_path) as running:
        yield running


@pytest.fixture
def desk(project: ProjectFolder, cloud: Cloud) -> ProjectFolder:
    """An assistant that searches two documents, beside another assistant."""
    if cloud.platform != "local":
        project.use(cloud.platform, cloud.url)
    project.write(DOCUMENT, "our words")
    project.write("assistants/docs/two.md", "more of them")
    project.manifest("desk", tools=SEARCH, files=["docs/*"])
    project.manifest("other")
    applied(project)
    return project


@pytest.fixture
def theirs(cloud: Cloud) -> Iterator[StoredObjects]:
    """Somebody else on the account."""
    seen = StoredObjects(cloud.url + FILES_AT[cloud.platform.replace("-", "_")])
    yield seen
    seen.close()


def upload_of(stored: StoredObjects, name: str) -> str:
    """The id of the upload of that name."""
    [found] = [upload for upload, called in stored.uploads().items() if called == name]
    return found


def held_by_others(stored: StoredObjects, name: str = "one.md") -> tuple[str, str]:
    """Put our upload of that name into a vector store of somebody else's: the ids of both."""
    upload, store = upload_of(stored, name), stored.make_store(name="theirs")
    stored.attach(store, upload)
    return upload, store


def told_of(outcome: Outcome, upload: str) -> list[str]:
    """The warnings about an upload in a command's JSON."""
    diagnostics = outcome.json["diagnostics"]
    return [
        diagnostic["summary"]
        for diagnostic in diagnostics
        if diagnostic["severity"] == "warning" and upload in diagnostic["summary"]
    ]


def taken_away(how: str, project: ProjectFolder) -> list[str]:
    """Have the desk read ``one.md`` no longer; the command that brings it about."""
    if how == "destroy":
        return ["destroy"]
    if how == "rollback":
        [first] = project.run("history", "--format", "json").json["applies"]
        return ["rollback", first["id"], "--allow-deletes"]
    if how == "changed":
        project.write(DOCUMENT, "other words, longer")
    elif how == "no longer declared":
        project.manifest("desk", tools=SEARCH, files=["docs/two.md"])
    else:
        project.remove("desk")
    return ["apply", "--allow-deletes"]


@pytest.mark.parametrize("how", ["changed", "no longer declared", "no assistant", "destroy", "rollback"])
def test_an_upload_that_a_vector_store_of_others_holds_stays(
    desk: ProjectFolder, theirs: StoredObjects, how: str
) -> None:
    upload, store = held_by_others(theirs)
    command = taken_away(how, desk)
    done = desk.run(*command, "--yes", "--format", "json")
    assert done.code == 0, done.out + done.err
    assert upload in theirs.uploads()
    assert [file["id"] for file in theirs.files_of(store)] == [upload]
    assert theirs.found(store, "our words") == ["one.md"]
    assert told_of(done, upload) == [f"the upload {upload} of {DOCUMENT} stays: the vector store {store} holds it"]
    others = [each for each in theirs.stores() if each["id"] != store]
    assert all(file["id"] != upload for each in others for file in theirs.files_of(each["id"]))
    if how in {"no assistant", "destroy", "rollback"}:
        assert {*theirs.uploads()} == {upload}, "what only we read goes"
    if how not in {"destroy", "rollback"}:
        nothing_to_do(desk)
    # What nothing else says is written down: once they let go of it, gc knows whose it is.
    assert desk.run("gc", "--format", "json").json["garbage"] == []
    theirs.delete_store(store)
    assert [
        (garbage["id"], garbage["proven"]) for garbage in desk.run("gc", "--format", "json").json["garbage"]
    ] == [(upload, True)]
    assert desk.run("gc", "--yes").code == 0
    assert upload not in theirs.uploads()


def test_text_says_what_json_says(desk: ProjectFolder, theirs: StoredObjects) -> None:
    upload, store = held_by_others(theirs)
    words = f"the upload {upload} of {DOCUMENT} stays: the vector store {store} holds it"
    assert words in desk.run("plan", "--destroy").out
    assert words in desk.run("plan", "--destroy", "--format", "markdown").out.replace("\\", "")
    done = desk.run("destroy", "--yes")
    assert done.code == 0
    assert words in done.out + done.err


def test_so_does_one_that_an_assistant_of_others_reads(project: ProjectFolder, tmp_path: Path) -> None:
    """It did, and nobody was told; nor did gc know it, once they let go of it."""
    (tmp_path / "acme" / ".assistctl").mkdir()
    with CLOUDS["openai_assistants"](tmp_path) as cloud:
        project.use(cloud.platform, cloud.url)
        project.write("assistants/data/prices.csv", "a,1\n")
        project.manifest("coder", tools=[{"type": "code_interpreter"}], files=["data/*"])
        applied(project)
        dashboard, stored = Dashboard(cloud.url), StoredObjects(cloud.url)
        upload = upload_of(stored, "prices.csv")
        resources = {"code_interpreter": {"file_ids": [upload]}}
        theirs = dashboard.create(name="theirs", tools=[{"type": "code_interpreter"}], tool_resources=resources)
        done = project.run("destroy", "--yes", "--format", "json")
        assert done.code == 0, done.err
        assert told_of(done, upload) == [
            f"the upload {upload} of assistants/data/prices.csv stays: {theirs['id']} names it by its id"
        ]
        assert [*stored.uploads()] == [upload]
        assert project.run("gc", "--yes").code == 0
        assert [*stored.uploads()] == [upload]
        dashboard.delete(theirs)
        assert project.run("gc", "--yes").code == 0
        assert stored.uploads() == {}
        dashboard.close()
        stored.close()


def contents_asked_for(cloud: Cloud) -> Counter[str]:
    """How often the files of each vector store were listed."""
    paths = (asked.path for asked in cloud.server.asked if asked.method == "GET")
    return Counter(path.split("/")[-2] for path in paths if path.endswith("/files") and "/vector_stores/" in path)


# The embedded platform is asked in the command's own process.
@pytest.mark.parametrize("cloud", ["openai_assistants", "azure_foundry"], indirect=True)
def test_only_a_plan_that_deletes_an_upload_looks_into_the_stores_of_others(
    desk: ProjectFolder, cloud: Cloud, theirs: StoredObjects
) -> None:
    [ours] = [store["id"] for store in theirs.stores()]
    elsewhere = [theirs.make_store(name=f"theirs {number}") for number in range(2)]
    desk.write("assistants/docs/three.md", "and more")
    desk.manifest("another", tools=SEARCH, files=["docs/three.md"])
    cloud.server.clear()
    assert desk.run("plan").code == 0
    assert desk.run("drift").code in {0, 2}
    assert not contents_asked_for(cloud).keys() & {*elsewhere}
    applied(desk)
    cloud.server.clear()
    assert desk.run("plan", "--destroy").code == 0
    asked = contents_asked_for(cloud)
    assert {store: asked[store] for store in (ours, *elsewhere)} == dict.fromkeys((ours, *elsewhere), 1)
    desk.write(DOCUMENT, "other words, longer")
    assert desk.run("plan", "--out", "saved.plan").code == 0
    cloud.server.clear()
    # With options of its own, it is planned twice from the same lists.
    assert desk.run("apply", "saved.plan", "--allow-deletes", "--yes").code == 0
    asked = contents_asked_for(cloud)
    assert {store: asked[store] for store in elsewhere} == dict.fromkeys(elsewhere, 1)


@pytest.mark.parametrize("cloud", ["openai_assistants"], indirect=True)
@pytest.mark.parametrize("is_gone", [True, False])
def test_a_vector_store_of_others_that_cannot_be_looked_into_stops_nobody(
    desk: ProjectFolder, cloud: Cloud, theirs: StoredObjects, is_gone: bool
) -> None:
    """One that is gone meanwhile holds nothing; what another one may hold stays, and is told of."""
    upload, store = held_by_others(theirs)
    path = f"/v1/vector_stores/{store}"
    gone = {path, f"{path}/files"} if is_gone else {f"{path}/files"}
    cloud.server.fault = lambda asked: Answer(404, error_body("Not here")) if asked.path in gone else None
    done = desk.run("destroy", "--yes", "--format", "json")
    cloud.server.fault = lambda _: None
    assert done.code == 0, done.out + done.err
    if is_gone:
        assert told_of(done, upload) == []
        assert upload not in theirs.uploads()
    else:
        [told] = told_of(done, upload)
        assert f"{DOCUMENT} stays: whether the vector store {store} holds it is not known (Not here" in told
        assert len(theirs.uploads()) == 2
        assert desk.run("gc", "--yes").code == 0
        assert {*theirs.uploads()} == {upload}


@pytest.mark.parametrize("cloud", ["openai_assistants"], indirect=True)
def test_a_server_that_fails_deletes_nothing(desk: ProjectFolder, cloud: Cloud, theirs: StoredObjects) -> None:
    _, store = held_by_others(theirs)
    before = theirs.uploads()
    broken = f"/v1/vector_stores/{store}/files"
    cloud.server.fault = lambda asked: Answer(501, error_body("Broken")) if asked.path == broken else None
    assert desk.run("destroy", "--yes").code == 1
    cloud.server.fault = lambda _: None
    assert theirs.uploads() == before
    assert desk.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("how", ["destroy", "apply"])
def test_what_another_vector_store_of_ours_holds_stays_when_the_plan_is_not_about_that(
    desk: ProjectFolder, theirs: StoredObjects, how: str
) -> None:
    """Both were filled with the same upload, and only one of them was looked into."""
    desk.manifest("second", tools=SEARCH, files=["docs/*"])
    applied(desk)
    upload = upload_of(theirs, "one.md")
    stores = {store["name"]: store["id"] for store in theirs.stores()}
    if how == "apply":
        desk.manifest("desk", tools=SEARCH, files=["docs/two.md"])
    done = desk.run(how, "desk", "--yes", "--format", "json")
    assert done.code == 0, done.out + done.err
    assert upload in theirs.uploads()
    assert theirs.found(stores["second"], "our words") == ["one.md"]
    assert told_of(done, upload) == [], "it goes on being read by the project"
    assert desk.run("destroy", "--yes").code == 0
    assert theirs.uploads() == {}


@pytest.mark.parametrize("when", ["saved", "asked"])
def test_a_plan_that_deletes_an_upload_is_stale_once_others_read_it(
    desk: ProjectFolder, theirs: StoredObjects, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    taken_away("no longer declared", desk)
    upload = upload_of(theirs, "one.md")
    if when == "saved":
        assert desk.run("plan", "--out", "saved.plan").code == 0
        held_by_others(theirs)
        done = desk.run("apply", "saved.plan", "--yes")
    else:
        person = somebody_who(monkeypatch, lambda: held_by_others(theirs))
        done = desk.run("apply")
        assert person.questions == 1
    assert done.code == 3, done.out + done.err
    assert f"what others read of {DOCUMENT} ({upload}) was changed" in done.err
    assert upload in theirs.uploads()
    assert desk.run("plan", "--out", "again.plan").code == 0
    assert desk.run("show", "again.plan").code == 0
    assert desk.run("apply", "again.plan", "--yes").code == 0
    assert upload in theirs.uploads()
