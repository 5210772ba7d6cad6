"""The Uploads API: files that come in parts, with the SDK's own helper and by hand."""

from __future__ import annotations

import asyncio
import hashlib
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from openai.types import Upload
from starlette.applications import Starlette

from assistctl.local.app import create_app
from assistctl.local.database.storage import Database
from assistctl.local.uploads import record

pytestmark = pytest.mark.anyio

TEXT = b"Opening hours: nine to five."


async def begun(sdk: AsyncOpenAI, **more: object) -> Upload:
    return await sdk.uploads.create(
        bytes=len(TEXT), filename="hours.md", mime_type="text/markdown", purpose="assistants", extra_body=more
    )


async def part(sdk: AsyncOpenAI, upload: Upload, data: bytes) -> str:
    made = await sdk.uploads.parts.create(upload.id, data=data)
    assert (made.object, made.upload_id, made.id[:5]) == ("upload.part", upload.id, "part_")
    return made.id


def left_in(app: Starlette) -> list[str]:
    folder: Path = app.state.content.path
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def test_a_file_in_chunks_is_a_file_like_any_other(sdk: AsyncOpenAI, app: Starlette, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(TEXT * 100)
    upload = await sdk.uploads.upload_file_chunked(
        file=page,
        mime_type="text/markdown",
        purpose="assistants",
        part_size=1000,
        md5=hashlib.md5(page.read_bytes()).hexdigest(),  # noqa: S324  # what the API takes
    )
    assert (upload.status, upload.bytes, upload.filename) == ("completed", 2800, "page.md")
    assert upload.file is not None
    assert await sdk.files.retrieve(upload.file.id) == upload.file
    assert app.state.content.path_of(upload.file.id).read_bytes() == page.read_bytes()
    assert left_in(app) == [upload.file.id]
    store = await sdk.vector_stores.create()
    indexed = await sdk.vector_stores.files.create_and_poll(upload.file.id, vector_store_id=store.id)
    assert indexed.status == "completed"


async def test_the_order_is_told_at_the_end(sdk: AsyncOpenAI, app: Starlette) -> None:
    upload = await begun(sdk, expires_after={"anchor": "created_at", "seconds": 3600})
    assert (upload.status, upload.expires_at - upload.created_at, upload.file) == ("pending", 3600, None)
    second, first = await part(sdk, upload, TEXT[10:]), await part(sdk, upload, TEXT[:10])
    done = await sdk.uploads.complete(upload.id, part_ids=[first, second])
    assert done.file is not None
    assert done.file.expires_at == done.file.created_at + 3600
    assert app.state.content.path_of(done.file.id).read_bytes() == TEXT


async def test_a_cancelled_upload_leaves_nothing(sdk: AsyncOpenAI, app: Starlette) -> None:
    upload = await begun(sdk)
    made = await part(sdk, upload, TEXT)
    assert left_in(app) == [made]
    assert (await sdk.uploads.cancel(upload.id)).status == "cancelled"
    assert left_in(app) == []
    for attempt in (
        part(sdk, upload, TEXT),
        sdk.uploads.complete(upload.id, part_ids=[made]),
        sdk.uploads.cancel(upload.id),
    ):
        with pytest.raises(BadRequestError, match="is cancelled"):
            await attempt
    assert left_in(app) == []


async def test_an_upload_expires_after_an_hour(
    sdk: AsyncOpenAI, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await begun(sdk)
    made = await part(sdk, upload, TEXT)
    later = SimpleNamespace(time=lambda: time.time() + 3601)
    monkeypatch.setattr(record, "time", later)
    with pytest.raises(BadRequestError, match="is expired"):
        await sdk.uploads.complete(upload.id, part_ids=[made])
    await begun(sdk)
    assert left_in(app) == []


async def test_parts_sent_again_have_room_and_no_end_of_them_has(sdk: AsyncOpenAI, app: Starlette) -> None:
    upload = await begun(sdk)
    # As often as the SDK sends a request whose answers are lost.
    sent = [await part(sdk, upload, TEXT) for _ in range(3)]
    with pytest.raises(BadRequestError, match=f"created for {len(TEXT)} bytes"):
        await part(sdk, upload, b"x")
    assert left_in(app) == sorted(sent)
    assert (await sdk.uploads.complete(upload.id, part_ids=sent[:1])).status == "completed"


async def test_empty_parts_have_an_end(sdk: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_MOST_PARTS", 1)
    upload = await begun(sdk)
    for _ in range(3):
        await part(sdk, upload, b"")
    with pytest.raises(BadRequestError, match="no part can be added"):
        await part(sdk, upload, TEXT)


async def test_what_does_not_add_up_is_refused(sdk: AsyncOpenAI, app: Starlette) -> None:
    upload, other = await begun(sdk), await begun(sdk)
    whole, half = await part(sdk, upload, TEXT), await part(sdk, upload, TEXT[:10])
    strange = await part(sdk, other, TEXT)
    complete = sdk.uploads.complete
    with pytest.raises(BadRequestError, match="10 bytes in total"):
        await complete(upload.id, part_ids=[half])
    with pytest.raises(BadRequestError, match="twice"):
        await complete(upload.id, part_ids=[half, half])
    with pytest.raises(BadRequestError, match="another upload"):
        await complete(upload.id, part_ids=[strange])
    with pytest.raises(BadRequestError, match="MD5"):
        await complete(upload.id, part_ids=[whole], md5="0" * 32)
    with pytest.raises(NotFoundError):
        await complete(upload.id, part_ids=["part_none"])
    with pytest.raises(NotFoundError):
        await complete("upload_none", part_ids=[whole])
    # None of it ended the upload.
    assert (await complete(upload.id, part_ids=[whole])).status == "completed"
    with pytest.raises(BadRequestError, match="is completed"):
        await complete(upload.id, part_ids=[whole])
    assert strange in left_in(app)


@pytest.mark.parametrize(
    ("sent", "said"),
    [({"bytes": 0}, "bytes"), ({"bytes": 2**33 + 1}, "bytes"), ({"purpose": "none"}, "none"), ({"x": 1}, "x")],
)
async def test_an_upload_that_cannot_be(sdk: AsyncOpenAI, sent: dict[str, object], said: str) -> None:
    with pytest.raises(BadRequestError, match=said):
        await begun(sdk, **sent)


async def test_another_process_sweeps_no_parts(sdk: AsyncOpenAI, app: Starlette, database: Path) -> None:
    upload = await begun(sdk)
    made = await part(sdk, upload, TEXT)
    # Its first upload sweeps what nobody knows.
    another = create_app(database)
    transport = httpx2.ASGITransport(app=another)
    async with httpx2.AsyncClient(transport=transport, base_url="http://assistctl.local/v1") as other:
        sent = await other.post("/files", data={"purpose": "assistants"}, files={"file": ("a.txt", b"a")})
    another.state.database.close()
    assert sent.status_code == 200
    assert made in left_in(app)
    assert (await sdk.uploads.complete(upload.id, part_ids=[made])).status == "completed"


async def test_a_part_may_be_too_large(sdk: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_PART_BYTES", 4)
    upload = await begun(sdk)
    with pytest.raises(Exception, match="The maximum is 4 bytes"):
        await part(sdk, upload, TEXT)


async def test_no_request_waits_for_the_database_on_the_event_loop(
    sdk: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_loop: list[bool] = []

    def noted(name: str) -> None:
        open_transaction = getattr(Database, name)

        def transaction(self: Database, **options: Any) -> Any:
            try:
                in_loop.append(asyncio.get_running_loop() is not None)
            except RuntimeError:
                in_loop.append(False)
            return open_transaction(self, **options)

        monkeypatch.setattr(Database, name, transaction)

    noted("reading")
    noted("writing")
    upload = await begun(sdk)
    await sdk.uploads.complete(upload.id, part_ids=[await part(sdk, upload, TEXT)])
    await sdk.uploads.cancel((await begun(sdk)).id)
    assert len(in_loop) >= 6
    assert not any(in_loop)
