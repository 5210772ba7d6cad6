"""A list that is answered with 404 for a moment is not taken for an empty one: nothing of ours is left behind."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.clouds import CLOUDS, Cloud
from support.dashboard import Dashboard
from support.projects import ProjectFolder, applied
from support.server import Answer, Asked, error_body
from support.stored_objects import StoredObjects

SKILL = "---\nname: refunds\ndescription: How to refund\n---\nAsk first.\n"


@dataclass(frozen=True)
class Listed:
    """A kind of things on a platform: where they are listed, and the manifest of one."""

    cloud: str
    noun: str
    path: str
    document: str


CASES = {
    "vector stores": Listed("openai_assistants", "vector store", "/vector_stores", "kind: vector_store\n"),
    "vector stores of foundry": Listed("azure_foundry", "vector store", "/vector_stores", "kind: vector_store\n"),
    "skills of openai": Listed("openai_agents", "skill", "/skills", "kind: skill\nfolder: skills/refunds\n"),
    "templates": Listed("openai_agents", "environment", "/environments/templates", "kind: environment\n"),
    "skills of anthropic": Listed("anthropic_agents", "skill", "/skills", "kind: skill\nfolder: skills/refunds\n"),
    "environments": Listed("anthropic_agents", "environment", "/environments", "kind: environment\n"),
    "memory stores": Listed("anthropic_agents", "memory store", "/memory_stores", "kind: memory_store\n"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Listed:
    return CASES[request.param]


@pytest.fixture
def cloud(case: Listed, tmp_path: Path) -> Iterator[Cloud]:
    with CLOUDS[case.cloud](tmp_path) as running:
        yield running


@pytest.fixture
def live(project: ProjectFolder, case: Listed, cloud: Cloud) -> ProjectFolder:
    """The project with one thing of the kind, applied."""
    project.use(cloud.platform, cloud.url)
    project.write("assistants/skills/refunds/SKILL.md", SKILL)
    if case.noun == "vector store":
        project.write("assistants/guide.md", "Two years.\n")
    project.write("assistants/thing.yaml", case.document + ("files: [guide.md]\n" if "store" in case.path else ""))
    if case.noun == "memory store":
        project.write("assistants/thing.yaml", case.document)
    applied(project)
    return project


@contextmanager
def not_listed(case: Listed, cloud: Cloud, status: int = 404) -> Iterator[None]:
    """The server answers the list of the kind as if it knew of no such thing."""

    def refused(asked: Asked) -> Answer | None:
        is_list = asked.method == "GET" and asked.path.endswith(case.path)
        return Answer(status, error_body("Not Found")) if is_list else None

    before, cloud.server.fault = cloud.server.fault, refused
    yield
    cloud.server.fault = before


def forget_applies(project: ProjectFolder) -> None:
    """Take the journal away, as in a fresh clone."""
    shutil.rmtree(project.path / ".assistctl")


def undeclare(project: ProjectFolder) -> None:
    project.remove("thing")


def manifest_alone(project: ProjectFolder) -> None:
    """Nothing but the manifest knows of it."""
    forget_applies(project)


def journal_alone(project: ProjectFolder) -> None:
    """Nothing but the journal knows of it."""
    undeclare(project)


COMMANDS = (
    ("destroy", "--yes"),
    ("plan",),
    ("apply", "--yes", "--allow-deletes"),
    ("drift",),
    ("gc", "--yes"),
    ("dump", "--to", "elsewhere"),
)


@pytest.mark.parametrize(
    ("known_by", "shown"),
    [(manifest_alone, "a manifest declares thing"), (journal_alone, "an earlier apply made")],
)
def test_nothing_is_decided_upon_a_list_that_cannot_be_empty(
    live: ProjectFolder, case: Listed, cloud: Cloud, known_by: Callable[[ProjectFolder], None], shown: str
) -> None:
    known_by(live)
    with not_listed(case, cloud):
        for command in COMMANDS:
            cloud.server.clear()
            refused = live.run(*command)
            assert refused.code == 1, (command, refused)
            assert f"the platform said that it has no {case.noun}s, and {shown}" in refused.err, command
            assert "try again" in refused.err
            assert {asked.method for asked in cloud.server.asked} == {"GET"}, command
    assert live.run("destroy", "--yes").code == 0
    assert not (live.path / "elsewhere").exists()
    with not_listed(case, cloud):
        # What was deleted shows nothing any more, and what is declared does.
        left = live.run("plan", "--format", "json")
    assert left.code == (1 if known_by is manifest_alone else 0)


def test_what_nothing_shows_is_believed_and_told_by_destroy(
    live: ProjectFolder, case: Listed, cloud: Cloud
) -> None:
    undeclare(live)
    forget_applies(live)
    live.manifest("desk", model=cloud.models[0])
    with not_listed(case, cloud):
        cloud.server.clear()
        assert live.run("plan").code == 0
        asked = Counter((asked.method, asked.path, asked.query) for asked in cloud.server.asked)
        assert {*asked.values()} == {1}, "what else is known costs no request"
        told = live.run("destroy", "--yes", "--format", "json")
        assert told.code == 0
        [warning] = [
            diagnostic for diagnostic in told.json["diagnostics"] if "not looked at" in diagnostic["summary"]
        ]
        assert warning["severity"] == "warning"
        assert warning["summary"].startswith(f"{case.noun}s were not looked at: ")
        assert "404" in warning["summary"]
        assert warning["summary"] in live.run("plan", "--destroy").out
    assert live.run("plan", "--destroy", "--format", "json").json["diagnostics"] == []


@pytest.fixture
def knowing(tmp_path: Path) -> Iterator[Cloud]:
    """A server with vector stores."""
    with CLOUDS[CASES["vector stores"].cloud](tmp_path) as running:
        yield running


@pytest.fixture
def theirs(knowing: Cloud) -> Iterator[StoredObjects]:
    """What is stored there."""
    stored = StoredObjects(knowing.url)
    yield stored
    stored.close()


@pytest.fixture
def held_elsewhere(project: ProjectFolder, knowing: Cloud, theirs: StoredObjects) -> str:
    """An upload of the project, which is applied, that a vector store of somebody else holds: that store."""
    project.use(knowing.platform, knowing.url)
    project.write("assistants/data/prices.csv", "a,1\n")
    project.manifest("desk", tools=[{"type": "code_interpreter"}], files=["data/*"])
    applied(project)
    store = theirs.make_store(name="theirs")
    theirs.attach(store, *theirs.uploads())
    return store


def test_vector_stores_that_assistants_search_are_asked_for_where_there_is_no_list(
    project: ProjectFolder, knowing: Cloud, theirs: StoredObjects, held_elsewhere: str
) -> None:
    """Else the upload would be deleted that such a store holds."""
    [upload] = theirs.uploads()
    dashboard = Dashboard(knowing.url)
    dashboard.create(tool_resources={"file_search": {"vector_store_ids": [held_elsewhere]}})
    dashboard.close()
    project.write("assistants/data/prices.csv", "a,2\n")
    forget_applies(project)
    with not_listed(CASES["vector stores"], knowing):
        assert project.run("apply", "--yes").code == 0
        assert upload in theirs.uploads()
        # Of that one is on record that it was left.
        assert project.run("gc", "--yes", "--unproven").code == 1
    assert project.run("destroy", "--yes").code == 0
    assert theirs.uploads().keys() == {upload}


def test_an_upload_that_was_left_to_a_vector_store_shows_that_there_are_some(
    project: ProjectFolder, knowing: Cloud, theirs: StoredObjects, held_elsewhere: str
) -> None:
    """Else gc would delete it, for nothing that is listed holds it."""
    [upload] = theirs.uploads()
    assert project.run("destroy", "--yes").code == 0
    with not_listed(CASES["vector stores"], knowing):
        refused = project.run("gc", "--yes")
    assert refused.code == 1, refused
    assert f"no vector stores, and an earlier apply left {upload} in one" in refused.err
    assert [*theirs.uploads()] == [upload]
    theirs.delete_store(held_elsewhere)
    assert project.run("gc", "--yes").code == 0
    assert theirs.uploads() == {}
    with not_listed(CASES["vector stores"], knowing):
        assert project.run("gc", "--yes").code == 0, "that is settled"


@pytest.mark.parametrize("case", ["skills of openai", "skills of anthropic", "memory stores"], indirect=True)
def test_what_the_key_may_not_see_is_told_by_destroy(live: ProjectFolder, case: Listed, cloud: Cloud) -> None:
    with not_listed(case, cloud, status=403):
        refused = live.run("destroy", "--yes")
        assert refused.code == 1, "it is declared, and would be left there"
        undeclare(live)
        told = live.run("destroy", "--yes", "--format", "json")
        listed = live.run("list", "--format", "json")
    assert told.code == 0
    assert [
        diagnostic["summary"]
        for diagnostic in told.json["diagnostics"]
        if f"may not see {case.noun}s" in diagnostic["summary"]
    ]
    assert listed.json["hidden"] == [case.noun.replace(" ", "_")]
