"""``apply --check`` cut off at each of its requests, killed and interrupted: nothing is half put back.

The platform has the whole of what was before or the whole of what was applied, and the next plan says which.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from assistctl.local.runs.model_client import ModelSettings
from assistctl.testing.scripted_model import ModelRequest, ScriptedModel
from support.command_process import exit_code, started
from support.interruptions import Interruption, Mishap, killed_apply
from support.project_snapshots import ProjectSnapshots, project_snapshots
from support.projects import ProjectFolder
from support.server import Asked, RecordingServer
from support.stored_objects import StoredObjects

pytestmark = pytest.mark.from_snapshots

GOOD, BAD = "Name the number of the order in every answer.", "Be brief."
OLD, NEW = "Prices of May.", "Prices of June."


def answer(request: ModelRequest) -> str:
    """The model's answer, which is as good as its instructions."""
    said = " ".join(str(message["content"]) for message in request.messages if message["role"] != "user")
    return "Order 1001 is on its way." if "number" in said else "On its way."


@pytest.fixture(scope="module")
def module_snapshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectSnapshots]:
    """The embedded platform over HTTP, with a model."""
    with ScriptedModel() as model:
        model.on(None, answer)
        folder, settings = tmp_path_factory.mktemp("kept"), ModelSettings(model.url)
        with project_snapshots(folder, model=settings) as snapshots:
            yield snapshots


def declare(project: ProjectFolder, instructions: str, document: str | None = None) -> None:
    """An assistant, with a document if there is one, and its check."""
    fields: dict[str, Any] = {}
    if document is not None:
        project.write("assistants/docs/prices.md", document)
        fields = {"files": ["docs/*"], "tools": [{"type": "file_search"}]}
    checks = [{"ask": "Where is order 1001?", "expect": {"contains": "1001"}}]
    project.manifest("desk", instructions=instructions, checks=checks, **fields)


def state(stored_objects: StoredObjects) -> tuple[str, tuple[int, ...]]:
    """The instructions, and the sizes of the documents that are searched."""
    [assistant] = stored_objects.assistants()
    sizes = stored_objects.sizes()
    ids = assistant["tool_resources"].get("file_search", {}).get("vector_store_ids", [])
    held = [sizes[file["id"]][1] for object_id in ids for file in stored_objects.files_of(object_id)]
    return assistant["instructions"], tuple(sorted(held))


def after(*, documents: bool) -> tuple[str, tuple[int, ...]]:
    """The state that is declared then."""
    return BAD, (len(NEW),) if documents else ()


@pytest.fixture
def good_one(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """A good assistant that is deployed, and a bad one that is declared."""
    snapshots.restore("good one", lambda: deploy(remote, None))
    declare(remote, BAD)
    return remote


@pytest.fixture
def good_one_with_document(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """The same with documents."""
    snapshots.restore("good one with document", lambda: deploy(remote, OLD))
    declare(remote, BAD, NEW)
    return remote


def deploy(project: ProjectFolder, document: str | None) -> None:
    """Apply a good assistant."""
    declare(project, GOOD, document)
    assert project.run("apply", "--yes").code == 0


def wrong_later(
    project: ProjectFolder, stored_objects: StoredObjects, *options: str, documents: bool
) -> Iterator[str]:
    """What is not as it should be afterwards: the plan of the next apply with ``options``, what is left over."""
    now = state(stored_objects)
    again = project.run("apply", "--yes", "--format", "json", *options)
    if bool(changes := again.json["changes"]) is (now == after(documents=documents)):
        yield f"there is {now}, and the plan says {changes}"
    # What is there as it is declared did not get worse; else what a check found is there again.
    expected, there = (4, now) if options and now[0] != BAD else (0, after(documents=documents))
    if (again.code, (left := state(stored_objects))) != (expected, there):
        yield f"the next apply exits {again.code} and leaves {left}: {again.out}{again.err}"
    # Without documents nothing but the assistant is ever made.
    found = project.run("gc", "--format", "json", "--yes", "--unproven") if documents else None
    if found and found.code != 0:
        yield f"gc exits {found.code}: {found.err}"
    if len(stored_objects.uploads()) != len(there[1]) or len(stored_objects.stores()) != documents:
        yield f"something is left: {stored_objects.uploads()}, {stored_objects.stores()}"


def wrong_after_kill(project: ProjectFolder, stored_objects: StoredObjects, *, documents: bool) -> Iterator[str]:
    """The same with checks; and whether the manifest can be applied when it was put back."""
    yield from wrong_later(project, stored_objects, "--check", documents=documents)
    if state(stored_objects) == after(documents=documents):
        return
    end = project.run("apply", "--yes")
    if end.code != 0 or state(stored_objects) != after(documents=documents):
        yield f"the manifest cannot be applied: {end.out}{end.err}"


# Each conversation is made, written to, run and deleted; between them the update, and behind them the way back.
# To whoever asked, a request without an answer is the same whether it was carried out or not, and so is an answer
# that is cut off for all but a stream; an error is another.
FIRST_CONVERSATION = [
    *((Mishap.ANSWER_LOST, place) for place in range(3)),
    *((Mishap.ERROR_AFTER, place) for place in (0, 2)),
    (Mishap.TRUNCATED, 2),
]


@pytest.mark.parametrize(("mishap", "place"), FIRST_CONVERSATION)
def test_cut_before_anything_is_changed(
    good_one: ProjectFolder, server: RecordingServer, mishap: Mishap, place: int
) -> None:
    """Nothing is there to put in order: all is as it was, but for a conversation."""
    before = good_one.snapshot()
    interruption = Interruption(mishap, place)
    interruption.on(server)
    outcome = good_one.run("apply", "--yes", "--check", "--format", "json")
    assert interruption.hit is not None
    assert (outcome.code, "checks" in outcome.json) == (1, False)
    assert [asked.path for asked in server.mutations if not asked.path.startswith("/v1/threads")] == []
    assert good_one.snapshot() == before


# The end of either conversation is asked for again, and so is the update: each is a request more.
ASKED_AGAIN = [
    *((Mishap.DROPPED, 3), (Mishap.DROPPED, 5)),
    *((Mishap.ANSWER_LOST, 10), (Mishap.ANSWER_LOST, 12), (Mishap.ERROR_AFTER, 13)),
]


# What cannot be asked is all the same to what was changed, wherever the conversation ended and however.
@pytest.mark.parametrize("cuts", [ASKED_AGAIN, [(Mishap.DROPPED, 5)], [(Mishap.TRUNCATED, 7)]])
def test_cut_at_each_request(
    good_one: ProjectFolder,
    server: RecordingServer,
    stored_objects: StoredObjects,
    cuts: list[tuple[Mishap, int]],
) -> None:
    interruptions = all_on(server, cuts)
    outcome = good_one.run("apply", "--yes", "--check", "--format", "json")
    Interruption.over(server)
    assert None not in [interruption.hit for interruption in interruptions]
    assert_told_truly(outcome.code, outcome.json, state(stored_objects))
    assert (state(stored_objects)[0] == GOOD) is (cuts is ASKED_AGAIN)
    assert list(wrong_later(good_one, stored_objects, "--check", documents=False)) == []


def all_on(server: RecordingServer, cuts: list[tuple[Mishap, int]]) -> list[Interruption]:
    """All these mishaps of one apply, each at its place; what is sent again counts."""
    interruptions = [Interruption(mishap, place) for mishap, place in cuts]
    gates, faults = [], []
    for interruption in interruptions:
        interruption.on(server)
        gates.append(server.gate)
        faults.append(server.fault)

    def count(asked: Asked) -> None:
        for gate in gates:
            gate(asked)

    server.gate = count
    server.fault = lambda asked: next(filter(None, (fault(asked) for fault in faults)), None)
    return interruptions


def assert_told_truly(code: int, document: Any, now: tuple[str, tuple[int, ...]]) -> None:
    """That the results say what is there."""
    [check] = document["checks"]
    status = check["after"] and check["after"]["status"]
    if now[0] == GOOD:
        assert (code, check["worse"], document["put_back"][0]["status"]) == (4, True, "ok")
    else:
        # It could not be asked, or could not be put back.
        assert (code, status) in {(4, None), (4, "error"), (4, "failed")}
        assert status != "failed" or document["put_back"][0]["status"] == "failed"


# Of conversations and of the update there is enough above. The upload and the batch are not sent again, so that it
# matters whether they were carried out; the documents of the batch that takes some back in are those of before.
@pytest.mark.parametrize(
    ("mishap", "places"),
    [
        # The upload, the settling, and the batch that takes some back in: each is made once more.
        (Mishap.DROPPED, (4, 7, 15)),
        # The upload, that batch, and the settling behind it.
        (Mishap.ANSWER_LOST, (4, 14, 15)),
        # A question after the change, which then stays.
        (Mishap.ANSWER_LOST, (11,)),
    ],
)
def test_cut_with_documents(
    good_one_with_document: ProjectFolder,
    server: RecordingServer,
    stored_objects: StoredObjects,
    mishap: Mishap,
    places: tuple[int, ...],
) -> None:
    interruptions = all_on(server, [(mishap, place) for place in places])
    outcome = good_one_with_document.run("apply", "--yes", "--check", "--format", "json")
    Interruption.over(server)
    assert None not in [interruption.hit for interruption in interruptions]
    assert_told_truly(outcome.code, outcome.json, state(stored_objects))
    was_put_back = state(stored_objects) == (GOOD, (len(OLD),))
    assert was_put_back is (len(places) > 1)
    assert list(wrong_later(good_one_with_document, stored_objects, documents=True)) == []


def test_killed_before_anything_is_changed(good_one: ProjectFolder, server: RecordingServer) -> None:
    """Nothing is there to put in order, and nothing was written down."""
    before = good_one.snapshot()
    interruption = Interruption(Mishap.KILLED_AFTER, 2)
    interruption.on(server)
    assert killed_apply(good_one.path, interruption, "--check") == -9
    assert [asked.path for asked in server.mutations if not asked.path.startswith("/v1/threads")] == []
    assert good_one.snapshot() == before


# Before and after each change of the assistant. While a conversation is under way nothing is written down, and
# nothing of it is read later: the one above will do, and one with documents below.
@pytest.mark.parametrize(
    ("mishap", "place"),
    [(Mishap.KILLED, 4), (Mishap.KILLED_AFTER, 4), (Mishap.KILLED, 9), (Mishap.KILLED_AFTER, 9)],
)
def test_killed_at(
    good_one: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, place: int, mishap: Mishap
) -> None:
    interruption = Interruption(mishap, place)
    interruption.on(server)
    assert killed_apply(good_one.path, interruption, "--check") == -9
    interruption.over(server)
    assert list(wrong_after_kill(good_one, stored_objects, documents=False)) == []


# What puts something back is an apply, of which ``test_killed_applies.py`` kills more of the requests.
@pytest.mark.parametrize("place", [5, 12, 14])
def test_killed_with_documents(
    good_one_with_document: ProjectFolder, server: RecordingServer, stored_objects: StoredObjects, place: int
) -> None:
    interruption = Interruption(Mishap.KILLED_AFTER, place)
    interruption.on(server)
    assert killed_apply(good_one_with_document.path, interruption, "--check") == -9
    interruption.over(server)
    assert list(wrong_after_kill(good_one_with_document, stored_objects, documents=True)) == []


# Both signals mean the same wherever they come.
@pytest.mark.parametrize(("number", "conversation"), [(signal.SIGTERM, 1), (signal.SIGINT, 2)])
def test_interrupted_while_it_asks(
    good_one: ProjectFolder,
    server: RecordingServer,
    stored_objects: StoredObjects,
    number: signal.Signals,
    conversation: int,
) -> None:
    begun, held, seen = threading.Event(), threading.Event(), []

    def gate(asked: Asked) -> threading.Event | None:
        if not asked.path.endswith("/runs") or asked.method != "POST":
            return None
        seen.append(asked)
        if len(seen) != conversation:
            return None
        begun.set()
        return held

    server.gate = gate
    out = good_one.path / "results.json"
    process = started(good_one.path, "apply", "--yes", "--check", "--format", "json", out=out)
    assert process.pid
    assert begun.wait(30)
    os.kill(process.pid, number)
    threading.Timer(0.5, held.set).start()
    code, document = exit_code(process, 30), json.loads(out.read_bytes())
    server.wait_until_idle()
    server.gate = lambda _: None
    if conversation == 1:
        assert (code, state(stored_objects)[0]) == (130, GOOD)
    else:
        [check] = document["checks"]
        assert (code, check["after"], state(stored_objects)[0]) == (4, None, BAD)
        assert [result["status"] for result in document["results"]] == ["ok"]
    assert list(wrong_later(good_one, stored_objects, documents=False)) == []
