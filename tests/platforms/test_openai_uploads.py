"""Uploads: what arrives, what is refused, and what is left when something goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
import tracemalloc
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assistctl.errors import ChangedFileError, OutcomeUnknownError, PlatformError
from assistctl.model.knowledge import UploadedFile
from assistctl.model.source_file import SourceFile
from assistctl.platforms.base import Connection
from assistctl.platforms.local import Local
from assistctl.platforms.openai.wire import OpenAIKnowledge, OpenAIWire, upload
from support.server import Answer, Asked, RecordingServer, error_body
from support.sources import Connect, unseen, with_knowledge, written

PIECES = 1_000_000


def uploaded(connect: Connect, source: SourceFile, sent: Callable[[int], None] = unseen) -> UploadedFile:
    return with_knowledge(connect, lambda knowledge: knowledge.upload(source, sent))


def listed(connect: Connect) -> Sequence[UploadedFile]:
    return with_knowledge(connect, OpenAIKnowledge.list_files)


def kept(folder: Path) -> list[Path]:
    """What the embedded platform has on its disk, uploads cut off half way too."""
    return [path for content in folder.rglob("*.db.files") for path in content.iterdir()]


def uploads(server: RecordingServer) -> list[Asked]:
    return [asked for asked in server.asked if (asked.method, asked.path) == ("POST", "/v1/files")]


NAMES = [
    "plain.txt",
    'it\'s "quoted".md',
    "Stra\N{LATIN SMALL LETTER SHARP S}e, caf\N{LATIN SMALL LETTER E WITH ACUTE}.md",
    unicodedata.normalize("NFD", "caf\N{LATIN SMALL LETTER E WITH ACUTE}.md"),
    "\N{HIRAGANA LETTER A}\N{GRINNING FACE}.txt",
    "with  spaces .txt",
    ".leading-dot",
    "100%.txt",
    "back\\slash.txt",
    "a;b=c, d.txt",
    "line\nbreak\ttab.txt",
    "no-suffix",
]


def test_names_arrive_exactly(connect: Connect, tmp_path: Path) -> None:
    async def work(knowledge: OpenAIKnowledge) -> None:
        found = [await knowledge.upload(written(tmp_path / "data", name, b"content"), unseen) for name in NAMES]
        assert [(file.name, file.size) for file in found] == [(name, 7) for name in NAMES]
        assert [*await knowledge.list_files()] == found

    with_knowledge(connect, work)


def test_a_name_that_forms_cannot_tell_from_another(connect: Connect, tmp_path: Path) -> None:
    """Forms escape a quote as %22, and a percent sign not at all."""
    with pytest.raises(PlatformError, match=r"made 'a\".txt' of the name of a%22\.txt"):
        uploaded(connect, written(tmp_path / "data", "a%22.txt", b"content"))
    assert not listed(connect)


def test_a_name_that_no_request_can_hold(connect: Connect, tmp_path: Path) -> None:
    source = written(tmp_path / "data", os.fsdecode(b"\xff.txt"), b"content")
    with pytest.raises(PlatformError, match="cannot be sent"):
        uploaded(connect, source)
    assert not listed(connect)


@pytest.mark.parametrize("size", [1, 65_536, 65_537, 3 * PIECES])
def test_every_byte_is_sent_and_counted(connect: Connect, tmp_path: Path, size: int) -> None:
    counts: list[int] = []
    content = os.urandom(size)
    source = written(tmp_path / "data", "a.bin", content)
    assert uploaded(connect, source, counts.append).size == sum(counts) == size
    assert min(counts) > 0
    (only,) = (path for path in kept(tmp_path) if path.stat().st_size)
    assert only.read_bytes() == content


def test_an_empty_file_is_refused_by_the_platform(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="empty"):
        uploaded(connect, written(tmp_path / "data", "a.txt", b""))


def edited(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def shrunk(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


CHANGES = (edited, grown, shrunk)


@pytest.mark.parametrize("change", [*CHANGES, Path.unlink])
def test_a_file_changed_before_leaves_nothing(
    connect: Connect, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    source = written(tmp_path / "data", "a.bin", os.urandom(PIECES))
    change(source.location)
    with pytest.raises(ChangedFileError, match=r"a\.bin was changed"):
        uploaded(connect, source)
    assert not listed(connect)
    assert not kept(tmp_path)


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_changed_on_the_way_leaves_nothing(
    connect: Connect, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    source = written(tmp_path / "data", "a.bin", os.urandom(PIECES))
    counts: list[int] = []

    def sent(count: int) -> None:
        if not counts:
            change(source.location)
        counts.append(count)

    with pytest.raises(ChangedFileError):
        uploaded(connect, source, sent)
    assert counts
    assert not listed(connect)
    assert not kept(tmp_path)


def test_a_file_unlinked_on_the_way_arrives(connect: Connect, tmp_path: Path) -> None:
    source = written(tmp_path / "data", "a.bin", os.urandom(PIECES))
    uploaded(connect, source, lambda _: source.location.unlink(missing_ok=True))
    assert [found.size for found in listed(connect)] == [PIECES]


def test_what_cannot_be_read(connect: Connect, tmp_path: Path) -> None:
    source = written(tmp_path / "data", "a.bin", b"content")
    source.location.unlink()
    source.location.mkdir()
    with pytest.raises(PlatformError, match=r"a\.bin cannot be read: Is a directory"):
        uploaded(connect, source)


def peak_of(work: Callable[[], object]) -> int:
    """The most memory that ``work`` takes beyond what there was, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_it_is_streamed_in_process(tmp_path: Path) -> None:
    connect = partial(Local, Connection("local", tmp_path))
    uploaded(connect, written(tmp_path / "data", "warm-up.bin", b"x"))
    source = written(tmp_path / "data", "a.bin", os.urandom(16 * PIECES))
    assert peak_of(lambda: uploaded(connect, source)) < 6 * PIECES


def test_it_is_streamed_over_http(tmp_path: Path) -> None:
    source = written(tmp_path / "data", "a.bin", os.urandom(16 * PIECES))
    received = 0

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].split()[0])
        while received < length:
            received += len(await reader.read(65_536))
        body = json.dumps({"id": "file-1", "bytes": source.size, "filename": "a.bin"}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    assert peak_of(lambda: asyncio.run(upload_to(take, source, tmp_path))) < 6 * PIECES
    assert received > source.size


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def upload_to(serve: Serve, source: SourceFile, folder: Path) -> None:
    """Upload to a server that is no more than ``serve``."""
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        wire = OpenAIWire(Connection("prod", folder, base_url=url, api_key="test-key"), beta="assistants=v2")
        try:
            await upload(wire, source, unseen)
        finally:
            await wire.close()


def first_time(answer: Answer, path: str = "/v1/files", method: str = "POST") -> Callable[[Asked], Answer | None]:
    answers = [answer]

    def fault(asked: Asked) -> Answer | None:
        return answers.pop() if answers and (asked.method, asked.path) == (method, path) else None

    return fault


def test_a_refusal_for_now_begins_again(server: RecordingServer, connect_remote: Connect, tmp_path: Path) -> None:
    server.fault = first_time(Answer(429, error_body("slow down"), headers=((b"retry-after-ms", b"1"),)))
    counts: list[int] = []
    source = written(tmp_path / "data", "a.bin", os.urandom(PIECES))
    uploaded(connect_remote, source, counts.append)
    assert sum(counts) == PIECES
    assert [count for count in counts if count < 0] == [-PIECES]
    assert len(uploads(server)) == 2
    assert len(listed(connect_remote)) == 1


def test_a_redirect_begins_again(server: RecordingServer, connect_remote: Connect, tmp_path: Path) -> None:
    there = (b"location", f"{server.url}/files?again=1".encode())
    server.fault = first_time(Answer(307, headers=(there,)))
    counts: list[int] = []
    uploaded(connect_remote, written(tmp_path / "data", "a.bin", os.urandom(PIECES)), counts.append)
    assert sum(counts) == PIECES
    assert [found.size for found in listed(connect_remote)] == [PIECES]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, error_body("oops")),
        Answer(504, b"gateway", after=True),
        Answer(hangs_up=True),
        Answer(hangs_up=True, after=True),
        Answer(200, b"{}", after=True),
        Answer(200, b"<html>", after=True),
    ],
)
def test_a_lost_answer_is_not_repeated(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path, answer: Answer
) -> None:
    server.fault = first_time(answer)
    with pytest.raises(OutcomeUnknownError):
        uploaded(connect_remote, written(tmp_path / "data", "a.txt", b"content"))
    assert len(uploads(server)) == 1


def test_a_refusal_is_certain(server: RecordingServer, connect_remote: Connect, tmp_path: Path) -> None:
    server.fault = first_time(Answer(413, error_body("too large")))
    with pytest.raises(PlatformError, match="too large") as caught:
        uploaded(connect_remote, written(tmp_path / "data", "a.txt", b"content"))
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert len(uploads(server)) == 1


def test_what_was_cut_off_is_certain(tmp_path: Path) -> None:
    """A server that leaves before it has all of the file cannot have kept it."""
    source = written(tmp_path / "data", "a.bin", os.urandom(16 * PIECES))
    connections = 0

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readexactly(10_000)
        writer.transport.abort()

    with pytest.raises(PlatformError, match="no connection") as caught:
        asyncio.run(upload_to(leave, source, tmp_path))
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert connections == 1


def told(**changes: object) -> Callable[[Asked, int, Any], Any]:
    def tell(asked: Asked, _status: int, payload: Any) -> Any:
        return payload | changes if (asked.method, asked.path) == ("POST", "/v1/files") else payload

    return tell


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bytes": 6}, "it got 6 bytes"),
        ({"bytes": None}, "nothing of the size"),
        ({"bytes": "7"}, "it got '7' bytes"),
        ({"filename": "a_b_.md"}, r"made 'a_b_.md' of the name of a \"b\".md"),
        ({"filename": "a"}, "made 'a'"),
        ({"filename": None}, "made ''"),
    ],
)
def test_what_is_not_kept_as_sent_is_deleted_again(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    server.tell = told(**changes)
    with pytest.raises(PlatformError, match=message):
        uploaded(connect_remote, written(tmp_path / "data", 'a "b".md', b"content"))
    assert not listed(connect_remote)


def test_what_cannot_be_deleted_again_is_named(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path
) -> None:
    server.tell = told(bytes=6)
    server.fault = lambda asked: Answer(403, error_body("no")) if asked.method == "DELETE" else None
    with pytest.raises(PlatformError, match=r"it got 6 bytes.* could not be deleted: no") as caught:
        uploaded(connect_remote, written(tmp_path / "data", "a.md", b"content"))
    (left,) = listed(connect_remote)
    assert left.id in caught.value.summary


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ('a "b".md', "a %22b%22.md"),
        ("a\\b.md", "a\\\\b.md"),
        ("a\nb.md", "a%0Ab.md"),
        ("e\N{COMBINING ACUTE ACCENT}.md", "\N{LATIN SMALL LETTER E WITH ACUTE}.md"),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}.md", "e\N{COMBINING ACUTE ACCENT}.md"),
    ],
)
def test_other_spellings_of_a_name(
    server: RecordingServer, connect_remote: Connect, tmp_path: Path, name: str, given: str
) -> None:
    server.tell = told(filename=given)
    assert uploaded(connect_remote, written(tmp_path / "data", name, b"content")).name == given


def test_the_form(server: RecordingServer, connect_remote: Connect, tmp_path: Path) -> None:
    uploaded(connect_remote, written(tmp_path / "data", "a.md", b"content"))
    (asked,) = uploads(server)
    assert asked.headers["openai-beta"] == "assistants=v2"
    assert int(asked.headers["content-length"]) == len(asked.body)
    assert b'name="purpose"\r\n\r\nassistants\r\n' in asked.body
    assert b'name="file"; filename="a.md"' in asked.body


def test_several_at_once(connect: Connect, tmp_path: Path) -> None:
    sources = [written(tmp_path / "data", f"{number}.bin", os.urandom(200_000)) for number in range(8)]

    async def all_of_them(knowledge: OpenAIKnowledge) -> Sequence[UploadedFile]:
        upload = partial(knowledge.upload, sent=unseen)
        return await asyncio.gather(*map(upload, sources))

    found = with_knowledge(connect, all_of_them)
    assert {file.id for file in found} == {file.id for file in listed(connect)}
    assert [file.name for file in found] == [source.identity.name for source in sources]
