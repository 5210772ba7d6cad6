"""The body of an upload: forms of all kinds, limits, memory, and what a killed process leaves behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.types import Message, Scope

from assistctl.local.files import upload
from support.python_process import started_code

pytestmark = pytest.mark.anyio

FORM = "multipart/form-data; boundary=cut"
PURPOSE = b'--cut\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
FILE = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n'
END = b"--cut--\r\n"


@pytest.fixture
def new(database: Path) -> Path:
    """Not there, unlike that of other modules: the tests look at which files are made."""
    return database


def field(name: str, value: str) -> bytes:
    return f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def parts_in(app: Starlette) -> list[str]:
    folder: Path = app.state.content.path
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def raw(app: Starlette, content: bytes | AsyncIterator[bytes], kind: str = FORM) -> httpx2.Response:
    """Send what the description would not pass."""
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://assistctl.local/v1") as http:
        return await http.post("/files", content=content, headers={"Content-Type": kind})


@pytest.mark.parametrize("body", [PURPOSE + FILE + END, FILE + PURPOSE + END])
async def test_parts_come_in_any_order(app: Starlette, body: bytes) -> None:
    response = await raw(app, body)
    assert response.status_code == 200
    assert (response.json()["filename"], response.json()["bytes"]) == ("a.txt", 5)


async def test_a_body_may_come_byte_by_byte(app: Starlette) -> None:
    async def bytes_one_by_one() -> AsyncIterator[bytes]:
        for byte in PURPOSE + FILE + END:
            yield bytes([byte])

    response = await raw(app, bytes_one_by_one())
    assert response.json()["bytes"] == 5
    assert app.state.content.path_of(response.json()["id"]).read_bytes() == b"hello"


REFUSED = [
    (PURPOSE + END, FORM, "Missing required parameter: 'file'.", "file"),
    (PURPOSE + FILE.replace(b"a.txt", b"") + END, FORM, "Missing required parameter: 'file'.", "file"),
    (PURPOSE + FILE.replace(b"a.txt", b"a/") + END, FORM, "Missing required parameter: 'file'.", "file"),
    (FILE + END, FORM, "Missing required parameter: 'purpose'.", "purpose"),
    (PURPOSE + FILE.replace(b"hello", b"") + END, FORM, "File is empty.", "file"),
    (FILE + field("purpose", "retrieval") + END, FORM, "Invalid value: 'retrieval'.", "purpose"),
    (PURPOSE + FILE + field("colour", "red") + END, FORM, "Unknown parameter: 'colour'.", "colour"),
    (PURPOSE + FILE + FILE + END, FORM, "Only one file", "file"),
    (PURPOSE + FILE + field("a", "b") * 15 + END, FORM, "too many parts", None),
    (
        PURPOSE + FILE + field("expires_after[anchor]", "created_at") + END,
        FORM,
        "Missing required parameter: 'expires_after.seconds'.",
        "expires_after.seconds",
    ),
    (
        PURPOSE
        + FILE
        + field("expires_after[anchor]", "created_at")
        + field("expires_after[seconds]", "3599")
        + END,
        FORM,
        "Expected a value >= 3600, but got 3599",
        "expires_after.seconds",
    ),
    (
        PURPOSE
        + FILE
        + field("expires_after[anchor]", "created_at")
        + field("expires_after[seconds]", "soon")
        + END,
        FORM,
        "Invalid type for 'expires_after.seconds'",
        "expires_after.seconds",
    ),
    (PURPOSE + FILE + field("expires_after", "1h") + END, FORM, "expected an object", "expires_after"),
    (PURPOSE + FILE, FORM, "We could not parse the form", None),
    (b"", FORM, "We could not parse the form", None),
    (b"\x00\xff" * 100, FORM, "We could not parse the form", None),
    (b"--cut\r\nno colon here\r\n\r\nx\r\n" + END, FORM, "We could not parse the form", None),
    (PURPOSE + FILE + END, f"multipart/form-data; boundary={'x' * 300}", "We could not parse the form", None),
    (PURPOSE + FILE + END, "multipart/form-data", "Expected a request with a 'multipart/form-data' body", None),
    (b'{"purpose": "assistants"}', "application/json", "Expected a request with a 'multipart/form-data'", None),
]


@pytest.mark.parametrize(("body", "kind", "message", "param"), REFUSED)
async def test_forms_that_are_refused(
    app: Starlette, body: bytes, kind: str, message: str, param: str | None
) -> None:
    response = await raw(app, body, kind)
    assert response.status_code == 400
    error = response.json()["error"]
    assert message in error["message"]
    assert error["param"] == param
    assert parts_in(app) == []
    assert not app.state.database.path.exists()


async def test_a_field_that_never_ends_is_a_413(app: Starlette) -> None:
    response = await raw(app, field("purpose", "x" * 70_000) + FILE + END)
    assert response.status_code == 413


async def test_a_file_beyond_the_limit_is_a_413(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MAX_BYTES", 5)
    assert (await raw(app, PURPOSE + FILE + END)).status_code == 200
    response = await raw(app, PURPOSE + FILE.replace(b"hello", b"hello!") + END)
    assert response.status_code == 413
    assert "The maximum is 5 bytes." in response.json()["error"]["message"]
    assert len(parts_in(app)) == 1


async def test_the_limit_of_json_bodies_is_another(app: Starlette) -> None:
    content = b"x" * (17 * 1024 * 1024)
    response = await raw(app, PURPOSE + FILE.replace(b"hello", content) + END)
    assert response.json()["bytes"] == len(content)


async def test_a_connection_that_breaks_off_leaves_nothing(app: Starlette) -> None:
    arriving: list[Message] = [
        {"type": "http.request", "body": PURPOSE + FILE[:-4], "more_body": True},
        {"type": "http.disconnect"},
    ]
    answered: list[Message] = []

    async def receive() -> Message:
        return arriving.pop(0)

    async def send(message: Message) -> None:
        answered.append(message)

    headers = [(b"content-type", FORM.encode())]
    scope: Scope = {"type": "http", "method": "POST", "path": "/v1/files", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    assert (arriving, answered) == ([], [])
    assert parts_in(app) == []


async def test_what_killed_processes_left_is_swept(app: Starlette, database: Path) -> None:
    folder = database.with_name("local.db.files")
    folder.mkdir(parents=True)
    long_ago = time.time() - 7200
    for name in ("upload-abandoned", "upload-under-way", "file-withoutrow", "indexing.lock"):
        (folder / name).write_bytes(b"x")
        if name != "upload-under-way":
            os.utime(folder / name, (long_ago, long_ago))
    kept = (await raw(app, PURPOSE + FILE + END)).json()["id"]
    assert parts_in(app) == sorted([kept, "indexing.lock", "upload-under-way"])


async def test_a_folder_that_cannot_be_used_says_so(app: Starlette, database: Path) -> None:
    database.parent.mkdir()
    database.with_name("local.db.files").write_text("not a folder")
    response = await raw(app, PURPOSE + FILE + END)
    assert response.status_code == 500
    assert response.headers["x-should-retry"] == "false"
    assert "local.db.files cannot be written to (File exists)" in response.json()["error"]["message"]


UPLOADER = """
import sys
from pathlib import Path
from assistctl.local.server import serve

def announce(url: str, _: bool) -> None:
    print(url, flush=True)

serve(host="127.0.0.1", port=0, database=Path(sys.argv[1]), api_key=None, announce=announce)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the peak is read from /proc")
def test_an_upload_is_not_held_in_memory(database: Path) -> None:
    megabytes = 48
    process = started_code(UPLOADER, str(database))

    def peak() -> int:
        status = Path(f"/proc/{process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) // 1024

    def body() -> list[bytes]:
        block = b"x" * (1024 * 1024)
        return [PURPOSE, FILE.replace(b"hello\r\n", b""), *[block] * megabytes, b"\r\n", END]

    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx2.get(f"{url}/files").status_code == 200
        before = peak()
        response = httpx2.post(f"{url}/files", content=iter(body()), headers={"Content-Type": FORM}, timeout=60)
        assert response.json()["bytes"] == megabytes * 1024 * 1024
        assert peak() - before < megabytes / 4
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
