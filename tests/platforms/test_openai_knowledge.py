"""Files and vector stores on the wire: what is asked for, how often, and what is made of the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from assistctl.errors import NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.knowledge import Attachment, Indexing
from assistctl.platforms.base import Connection
from assistctl.platforms.openai import wire as openai_wire
from assistctl.platforms.openai.assistants import OpenAIAssistants
from assistctl.platforms.openai.wire import OpenAIKnowledge
from support.server import Answer, Asked, RecordingServer, error_body
from support.sources import Connect, unseen, with_knowledge, written

CHUNKING: dict[str, Json] = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50},
}
MISSING = Answer(404, error_body("No such thing"))


async def indexed(knowledge: OpenAIKnowledge, store: str, batch: str) -> Indexing:
    while True:
        found = await knowledge.indexing(store, batch)
        if not found.in_progress:
            return found
        await asyncio.sleep(0.002)


async def new_store(knowledge: OpenAIKnowledge, name: str = "docs") -> str:
    return (await knowledge.create_store({"name": name}, {})).id


async def new_file(knowledge: OpenAIKnowledge, folder: Path, name: str, content: bytes = b"some words") -> str:
    return (await knowledge.upload(written(folder, name, content), unseen)).id


def test_a_life_of_a_store(connect: Connect, tmp_path: Path) -> None:
    async def life(knowledge: OpenAIKnowledge) -> None:
        policy: Json = {"anchor": "last_active_at", "days": 3}
        store = await knowledge.create_store({"name": "docs", "expires_after": policy}, {"team": "a"})
        assert store.fields == {"name": "docs", "expires_after": policy}
        assert (store.metadata, store.expired, store.total) == ({"team": "a"}, False, 0)

        good = await new_file(knowledge, tmp_path, "good.md")
        bad = await new_file(knowledge, tmp_path, "bad.pdf", b"no such document")
        wishes = [Attachment(good, {"sha256": "abc", "page": 2, "new": True}, CHUNKING), Attachment(bad)]
        batch = await knowledge.attach(store.id, wishes)
        found = await indexed(knowledge, store.id, batch)
        assert (found.completed, found.failed) == (1, 1)
        (there,) = await knowledge.list_stores()
        assert (there.completed, there.failed, there.in_progress, there.total) == (1, 1, 0, 2)

        files = {file.id: file for file in await knowledge.list_store_files(store.id)}
        assert (files[good].status, files[good].error, files[good].chunking) == ("completed", None, CHUNKING)
        assert files[good].attributes == {"sha256": "abc", "page": 2, "new": True}
        assert (files[bad].status, files[bad].attributes) == ("failed", {})
        assert files[bad].error
        await knowledge.set_attributes(store.id, good, {"only": "this"})
        assert {file.id: file.attributes for file in await knowledge.list_store_files(store.id)}[good] == {
            "only": "this"
        }

        changed = await knowledge.update_store(store.id, {"name": "new", "expires_after": None}, {"team": "b"})
        assert (changed.fields, changed.metadata) == ({"name": "new", "expires_after": None}, {"team": "b"})
        for _ in range(2):
            await knowledge.detach(store.id, bad)
        assert [file.id for file in await knowledge.list_store_files(store.id)] == [good]
        assert await knowledge.find_file(bad)
        for _ in range(2):
            await knowledge.delete_file(bad)
            await knowledge.delete_store(store.id)
        assert await knowledge.find_file(bad) is None
        assert await knowledge.list_stores() == []
        assert [file.id for file in await knowledge.list_files()] == [good]

    with_knowledge(connect, life)


# Pages are cut by the same code whichever way requests go.
@pytest.mark.parametrize("connect", ["in process"], indirect=True)
def test_lists_of_many(connect: Connect, tmp_path: Path) -> None:
    """Of stores, the conformance tests have more than a page, in process and over HTTP."""

    async def work(knowledge: OpenAIKnowledge) -> None:
        store = await new_store(knowledge)
        files = [await new_file(knowledge, tmp_path, f"{number}.md") for number in range(102)]
        assert [file.id for file in await knowledge.list_files()] == files
        batch = await knowledge.attach(store, [Attachment(file) for file in files])
        assert (await indexed(knowledge, store, batch)).completed == 102
        assert sorted(file.id for file in await knowledge.list_store_files(store)) == sorted(files)

    with_knowledge(connect, work)


def test_what_is_asked(server: RecordingServer, connect_remote: Connect, tmp_path: Path) -> None:
    async def work(knowledge: OpenAIKnowledge) -> None:
        file = await new_file(knowledge, tmp_path, "a.md")
        store = await new_store(knowledge)
        await indexed(knowledge, store, await knowledge.attach(store, [Attachment(file)]))
        server.clear()
        await knowledge.list_files()
        await knowledge.list_stores()
        await knowledge.list_store_files(store)
        batch = await knowledge.attach(store, [Attachment(file), Attachment(file, {"a": 1}, CHUNKING)])
        await indexed(knowledge, store, batch)

    with_knowledge(connect_remote, work)
    assert {asked.headers["openai-beta"] for asked in server.asked} == {"assistants=v2"}
    queries = [sorted(asked.query.split("&")) for asked in server.asked[:3]]
    assert queries == [
        ["limit=10000", "order=asc", "purpose=assistants"],
        ["limit=100", "order=asc"],
        ["limit=100", "order=asc"],
    ]
    first, second = server.mutations[0].body["files"]
    assert set(first) == {"file_id"}
    assert second == {"file_id": first["file_id"], "attributes": {"a": 1}, "chunking_strategy": CHUNKING}


def test_files_for_other_purposes_are_not_listed(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path
) -> None:
    """Not even by a server that does not mind the filter."""

    def tell(asked: Asked, _status: int, payload: Any) -> Any:
        if asked.method == "GET" and payload["data"]:
            payload["data"][0]["purpose"] = "batch"
        return payload

    server.tell = tell

    async def work(knowledge: OpenAIKnowledge) -> None:
        for name in ("a.md", "b.md"):
            await new_file(knowledge, tmp_path, name)
        assert [file.name for file in await knowledge.list_files()] == ["b.md"]

    with_knowledge(connect_remote, work)


def missing(path: str, times: int = 10**6) -> Callable[[Asked], Answer | None]:
    left = [MISSING] * times

    def fault(asked: Asked) -> Answer | None:
        return left.pop() if left and asked.path.endswith(path) else None

    return fault


def test_a_server_without_stores_has_none(server: RecordingServer, connect_remote: Connect) -> None:
    server.fault = missing("/vector_stores")
    assert [*with_knowledge(connect_remote, OpenAIKnowledge.list_stores)] == []


@pytest.mark.parametrize(
    "work",
    [
        lambda knowledge: knowledge.list_store_files("vs_none"),
        lambda knowledge: knowledge.update_store("vs_none", {}, {}),
        lambda knowledge: knowledge.attach("vs_none", [Attachment("file-none")]),
        lambda knowledge: knowledge.indexing("vs_none", "vsfb_none"),
    ],
)
def test_a_store_that_is_not_there(connect: Connect, work: Callable[[OpenAIKnowledge], Awaitable[object]]) -> None:
    with pytest.raises(NotFoundError):
        with_knowledge(connect, work)


def test_a_page_that_is_not_there_is_no_end(server: RecordingServer, connect_remote: Connect) -> None:
    server.fault = lambda asked: MISSING if "after=" in asked.query else None
    server.tell = lambda _, __, payload: {**payload, "has_more": True}

    async def work(knowledge: OpenAIKnowledge) -> None:
        await new_store(knowledge)
        with pytest.raises(NotFoundError):
            await knowledge.list_stores()

    with_knowledge(connect_remote, work)


def test_a_batch_may_take_a_moment_to_appear(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(knowledge: OpenAIKnowledge) -> None:
        store = await new_store(knowledge)
        files = [Attachment(await new_file(knowledge, tmp_path, name)) for name in ("a.md", "b.md")]
        batch = await knowledge.attach(store, files)
        server.fault = missing(batch, times=2)
        assert (await knowledge.indexing(store, batch)).in_progress == 2
        for _ in range(2):
            assert await knowledge.indexing(store, batch) == Indexing(2, 0, 0, 1.0)
        assert (await indexed(knowledge, store, batch)).completed == 2

        monkeypatch.setattr(openai_wire, "_APPEARS_WITHIN", -1.0)
        late = await knowledge.attach(store, files)
        await knowledge.indexing(store, late)
        server.fault = missing(late)
        with pytest.raises(NotFoundError):
            await knowledge.indexing(store, late)

    with_knowledge(connect_remote, work)


def test_a_batch_that_was_attached_in_progress_is_not_asked_for_at_once(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path
) -> None:
    async def work(knowledge: OpenAIKnowledge) -> None:
        store = await new_store(knowledge)
        files = [Attachment(await new_file(knowledge, tmp_path, "a.md"))]
        # Not every server counts yet what it was given this moment.
        body = {"id": "vsfb_1", "status": "in_progress", "file_counts": {}}
        header = (b"openai-poll-after-ms", b"250")
        server.fault = lambda asked: (
            Answer(200, json.dumps(body).encode(), headers=(header,)) if asked.method == "POST" else None
        )
        batch = await knowledge.attach(store, files)
        server.clear()
        assert await knowledge.indexing(store, batch) == Indexing(1, 0, 0, 0.25)
        assert not server.asked
        server.fault = missing(batch)
        assert await knowledge.indexing(store, batch) == Indexing(1, 0, 0, 1.0)

    with_knowledge(connect_remote, work)


def test_a_batch_of_somebody_else_is_missing_at_once(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path
) -> None:
    async def attach(knowledge: OpenAIKnowledge) -> tuple[str, str]:
        store = await new_store(knowledge)
        return store, await knowledge.attach(store, [Attachment(await new_file(knowledge, tmp_path, "a.md"))])

    store, batch = with_knowledge(connect_remote, attach)
    server.fault = missing(batch)
    with pytest.raises(NotFoundError):
        with_knowledge(connect_remote, lambda knowledge: knowledge.indexing(store, batch))


def test_when_to_ask_again(server: RecordingServer, connect_remote: Connect) -> None:
    body = {"id": "vsfb_1", "status": "in_progress", "file_counts": {"in_progress": 3, "completed": 1}}
    header = (b"openai-poll-after-ms", b"250")
    server.fault = lambda _: Answer(200, json.dumps(body).encode(), headers=(header,))
    found = with_knowledge(connect_remote, lambda knowledge: knowledge.indexing("vs_1", "vsfb_1"))
    assert found == Indexing(3, 1, 0, 0.25)


@pytest.mark.parametrize(("times", "appears"), [(2, True), (3, False)])
def test_a_file_just_attached_may_take_a_moment_to_appear(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path, times: int, appears: bool
) -> None:
    async def work(knowledge: OpenAIKnowledge) -> None:
        store, file = await new_store(knowledge), await new_file(knowledge, tmp_path, "a.md")
        await knowledge.attach(store, [Attachment(file)])
        server.fault = missing(f"/files/{file}", times)
        if appears:
            await knowledge.set_attributes(store, file, {"a": "b"})
            (there,) = await knowledge.list_store_files(store)
            assert there.attributes == {"a": "b"}
            return
        with pytest.raises(NotFoundError):
            await knowledge.set_attributes(store, file, {"a": "b"})

    with_knowledge(connect_remote, work)
    assert sum(asked.path.count("/files/") for asked in server.mutations) == 3


CREATES: list[Callable[[OpenAIKnowledge], Awaitable[object]]] = [
    lambda knowledge: knowledge.create_store({}, {}),
    lambda knowledge: knowledge.attach("vs_1", [Attachment("file-1")]),
]


@pytest.mark.parametrize("create", CREATES)
@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, error_body("oops")),
        Answer(hangs_up=True),
        Answer(200, b"<html>"),
        Answer(200, b"{}"),
        Answer(200, b'{"id": 7}'),
    ],
)
def test_what_adds_is_sent_once(
    server: RecordingServer,
    connect_remote: Connect,
    create: Callable[[OpenAIKnowledge], Awaitable[object]],
    answer: Answer,
) -> None:
    server.fault = lambda _: answer
    with pytest.raises(OutcomeUnknownError):
        with_knowledge(connect_remote, create)
    assert len(server.asked) == 1


REPEATED: list[Callable[[OpenAIKnowledge], Awaitable[object]]] = [
    lambda knowledge: knowledge.update_store("vs_1", {"name": "x"}, {}),
    lambda knowledge: knowledge.set_attributes("vs_1", "file-1", {}),
    lambda knowledge: knowledge.delete_store("vs_1"),
    lambda knowledge: knowledge.delete_file("file-1"),
    lambda knowledge: knowledge.detach("vs_1", "file-1"),
    lambda knowledge: knowledge.list_files(),
    lambda knowledge: knowledge.find_file("file-1"),
    lambda knowledge: knowledge.indexing("vs_1", "vsfb_1"),
]


@pytest.mark.parametrize("work", REPEATED)
def test_what_replaces_deletes_or_reads_is_repeated(
    server: RecordingServer, connect_remote: Connect, work: Callable[[OpenAIKnowledge], Awaitable[object]]
) -> None:
    async def impatient(knowledge: OpenAIKnowledge) -> object:
        return await work(knowledge)

    server.fault = lambda _: Answer(503, error_body("oops"))
    with pytest.raises(PlatformError, match="oops"):
        with_knowledge(connect_remote, impatient)
    assert len(server.asked) == 3


@pytest.mark.parametrize("work", [REPEATED[2], REPEATED[3], REPEATED[4]])
def test_what_stays_was_not_deleted(
    server: RecordingServer, connect_remote: Connect, work: Callable[[OpenAIKnowledge], Awaitable[object]]
) -> None:
    server.fault = lambda _: Answer(200, b'{"id": "x", "deleted": false}')
    with pytest.raises(PlatformError, match="did not delete"):
        with_knowledge(connect_remote, work)


def test_ids_stay_in_their_place(server: RecordingServer, connect_remote: Connect) -> None:
    server.fault = lambda _: MISSING
    with_knowledge(connect_remote, lambda knowledge: knowledge.detach("a/../b", "c?d"))
    assert server.asked[0].path == "/v1/vector_stores/a/../b/files/c?d"
    assert server.asked[0].query == ""


def test_files_at_openai_are_not_said_to_be_switched_off(tmp_path: Path) -> None:
    """Its assistants are; its files and vector stores are not."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(404, content=error_body("No such thing")))

    def connect() -> OpenAIAssistants:
        client = httpx2.AsyncClient(transport=transport)
        return OpenAIAssistants(Connection("prod", tmp_path, api_key="k", http_client=client))

    with pytest.raises(NotFoundError, match="No such thing"):
        with_knowledge(connect, lambda knowledge: knowledge.list_store_files("vs_1"))
