"""The platform on the page about writing one is a platform: it passes the suite, over HTTP."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from assistctl.manual import page
from assistctl.platforms import base
from assistctl.platforms.base import Connection, Platform
from assistctl.testing.platform_suite import PlatformSuite
from assistctl.testing.suite.base import BreakNext
from support.server import Answer, Asked, RecordingServer, serving

JSON_NOW = ((b"content-type", b"application/json"), (b"retry-after", b"0"))
UNSET: dict[str, Any] = {"prompt": None, "functions": [], "tone": "neutral", "labels": {}}
_CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def refused(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message}}, status)


def too_much(labels: dict[str, str]) -> bool:
    return len(labels) > 16 or any(len(key) > 64 or len(value) > 512 for key, value in labels.items())


@dataclass
class Bots:
    """The API that the page makes up."""

    bots: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: int = 0

    def app(self) -> Starlette:
        """The ASGI app."""
        return Starlette(
            routes=[
                Route("/bots", self._all, methods=["GET", "POST"]),
                Route("/bots/{id}", self._one, methods=["PATCH", "DELETE"]),
            ]
        )

    async def _all(self, request: Request) -> Response:
        if request.method == "GET":
            start, limit = int(request.query_params.get("after", "0")), int(request.query_params["limit"])
            listed = [*self.bots.values()]
            following = str(start + limit) if start + limit < len(listed) else None
            return JSONResponse({"data": listed[start : start + limit], "next": following})
        sent = await request.json()
        if too_much(sent["labels"]):
            return refused(400, "too many labels")
        self.made += 1
        bot = {**UNSET, "id": f"bot_{self.made}", **sent}
        self.bots[bot["id"]] = bot
        return JSONResponse(bot)

    async def _one(self, request: Request) -> Response:
        bot = self.bots.get(request.path_params["id"])
        if bot is None:
            return refused(404, "no such bot")
        if request.method == "DELETE":
            del self.bots[bot["id"]]
            return Response(status_code=204)
        sent = await request.json()
        if too_much(sent["labels"]):
            return refused(400, "too many labels")
        bot |= {name: UNSET.get(name) if value is None else value for name, value in sent.items()}
        return JSONResponse(bot)


@pytest.fixture(scope="module")
def cloud() -> Iterator[ModuleType]:
    """The module that the page shows."""
    module = ModuleType("cloud_of_the_page")
    sys.modules[module.__name__] = module
    exec(_CODE.findall(page("writing-a-platform"))[0], module.__dict__)  # noqa: S102  # it is our own page
    yield module
    del sys.modules[module.__name__]


class TestCloud(PlatformSuite):
    model, other_model = "cloud-1", "cloud-2"
    own_samples = ({"tone": "cheerful"},)

    @pytest.fixture
    def server(self) -> Iterator[RecordingServer]:
        with serving(Bots().app()) as running:
            yield running

    @pytest.fixture
    def platform(self, tmp_path: Path, server: RecordingServer, cloud: ModuleType) -> Platform:
        address = server.url.removesuffix("/v1")
        opened: Platform = cloud.connect(Connection("prod", tmp_path, base_url=address))
        return opened

    @pytest.fixture
    def break_next(self, server: RecordingServer) -> BreakNext:
        def break_next(status: int, done: bool) -> None:
            waiting = [Answer(status, b"{}", after=done, headers=JSON_NOW)]

            def fault(asked: Asked) -> Answer | None:
                return waiting.pop() if asked.method == "POST" and waiting else None

            server.fault = fault

        return break_next


def test_the_page_names_what_can_be_imported(cloud: ModuleType) -> None:
    text = page("writing-a-platform")
    sources = [import_module(name) for name in re.findall(r"`(assistctl(?:\.[a-z_]+)+)`", text)]
    exported = {name for source in sources for name in getattr(source, "__all__", None) or vars(source)}
    named = set(re.findall(r"`([A-Z][A-Za-z]*[a-z][A-Za-z]*)`", text))
    assert {"Finished", "HttpWire", "OutcomeUnknownError", "SupportsContents", "UploadPlatform"} <= named
    assert named - exported <= {"None"}
    assert cloud.CAPABILITIES.platform_fields == {"tone"}


def test_the_platform_of_the_page_imports_from_where_the_page_says() -> None:
    code = _CODE.findall(page("writing-a-platform"))[0]
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    ours = {node.module: node.names for node in imports if str(node.module).startswith("assistctl")}
    assert "assistctl.platforms.building_blocks" in ours
    for module, names in ours.items():
        source = import_module(str(module))
        assert {name.name for name in names} <= set(getattr(source, "__all__", None) or vars(source))


def test_every_type_in_the_protocols_is_exported_with_them() -> None:
    used = {
        word
        for protocol in (base.Platform, base.UploadPlatform, base.VectorStorePlatform)
        for method in vars(protocol).values()
        for annotation in getattr(method, "__annotations__", {}).values()
        for word in re.findall(r"[A-Z]\w+", annotation)
    }
    assert {"Observed", "SourceFile", "UploadedFile", "Attachment"} <= used
    general = {"BaseException", "Callable", "Json", "Mapping", "None", "Self", "Sequence", "TracebackType"}
    assert used - general <= set(base.__all__)
