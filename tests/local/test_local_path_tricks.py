"""Ids and file names that are paths: no file but an upload's own is read, made or removed for them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

pytestmark = pytest.mark.anyio

SECRET = b"what no request may read"
TRICKS = (
    "../secret.txt",
    "../../secret.txt",
    "..%2fsecret.txt",
    "..%2f..%2fsecret.txt",
    "%2e%2e%2fsecret.txt",
    "..%5csecret.txt",
    "..%252fsecret.txt",
    "%2fetc%2fpasswd",
    "indexing.lock",
    "upload-x",
    "x%00.txt",
    "%",
    "file-" + "a" * 300,
    "a" * 5_000,
)
NOT_THERE = {400, 404, 405}


@pytest.fixture
def beside(database: Path) -> list[Path]:
    """Files that are none of the server's, around its folder."""
    folder = database.with_name(f"{database.name}.files")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [database.parent.parent / "secret.txt", database.parent / "secret.txt"]
    for path in paths:
        path.write_bytes(SECRET)
    return paths


def paths_with(app: Starlette, trick: str) -> list[str]:
    """Every path the server knows, with ``trick`` for each id in turn."""
    found = []
    for route in app.routes:
        assert isinstance(route, Route)
        for name in route.param_convertors:
            others = {other: "x" for other in route.param_convertors if other != name}
            path = route.path.replace(":path", "")
            for other, value in {**others, name: trick}.items():
                path = path.replace(f"{{{other}}}", value)
            found.append(path)
    return found


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick[:30])
async def test_no_id_is_a_path(app: Starlette, beside: list[Path], trick: str) -> None:
    transport = httpx2.ASGITransport(app=app)
    headers = {"openai-beta": "assistants=v2, agents=v1"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://assistctl.local", headers=headers) as http:
        for path in paths_with(app, trick):
            for method in ("GET", "POST", "DELETE"):
                answer = await http.request(method, path, json={"query": "x"} if method == "POST" else None)
                assert answer.status_code in NOT_THERE, (method, path, answer.text)
                assert SECRET not in answer.content
    assert [path.read_bytes() for path in beside] == [SECRET] * len(beside)


@pytest.mark.parametrize(
    "name", ["../../secret.txt", "/etc/passwd", "..\\secret.txt", "..", ".", "indexing.lock", "a" * 5_000, "x\0y"]
)
async def test_no_file_name_is_a_path(
    http: httpx2.AsyncClient, beside: list[Path], database: Path, name: str
) -> None:
    around = {path for path in database.parent.parent.rglob("*") if path != database}
    form = {"purpose": (None, b"assistants"), "file": (quote(name, safe="./\\"), b"x")}
    answer = await http.post("/files", files=form)
    assert answer.status_code in {200, 400}
    assert [path.read_bytes() for path in beside] == [SECRET] * len(beside)
    folder = database.with_name(f"{database.name}.files")
    new = {path for path in database.parent.parent.rglob("*") if path != database} - around
    new = {path for path in new if not path.name.startswith(database.name)}
    expected = {folder / answer.json()["id"]} if answer.status_code == 200 else set()
    assert new == expected
