"""The embedded platform under test, with every exchange checked against OpenAI's own OpenAPI description."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from jsonschema_rs import Draft202012Validator, Registry
from openai import AsyncOpenAI
from starlette.applications import Starlette

from assistctl.local.app import create_app
from assistctl.local.runs import endpoints
from assistctl.local.runs.model_client import ModelSettings
from assistctl.testing import ScriptedModel
from support.openai_description import described_paths, described_schemas, referred
from support.server import new_database
from support.server_events import events_of

BASE_URL = "http://assistctl.local/v1"


class Description:
    """OpenAI's OpenAPI description, asked for one body at a time."""

    _uri = "urn:openai"

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths: dict[str, Any] = document["paths"]
        self._operations = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template)), template, {*operations})
            for template, operations in document["paths"].items()
        ]
        self._registry = Registry([(self._uri, document)])
        self._validators: dict[str, Draft202012Validator] = {}

    def faults(self, schema: str, value: object) -> list[str]:
        """What is wrong with ``value`` as a ``schema`` of the description's components."""
        return self._faults(f"/components/schemas/{schema}", value)

    def request_faults(self, method: str, path: str, value: object) -> list[str]:
        """What is wrong with the body of a request; ``path`` is the actual one, below ``/v1``."""
        pointer = f"{self._operation(method, path)}/requestBody/content/application~1json/schema"
        return self._faults(pointer, value)

    def response_faults(self, method: str, path: str, value: object) -> list[str]:
        """What is wrong with the body of a 200 response."""
        pointer = f"{self._operation(method, path)}/responses/200/content/application~1json/schema"
        return self._faults(pointer, value)

    def _faults(self, pointer: str, value: object) -> list[str]:
        if pointer not in self._validators:
            schema = {"$ref": f"{self._uri}#{quote(pointer)}"}
            self._validators[pointer] = Draft202012Validator(schema, registry=self._registry)
        errors = self._validators[pointer].iter_errors(value)
        return [f"{error.instance_path}: {error.message[:300]}" for error in errors]

    def _operation(self, method: str, path: str) -> str:
        for pattern, template, methods in self._operations:
            if method.lower() in methods and pattern.fullmatch(path):
                return f"/paths/{template.replace('~', '~0').replace('/', '~1')}/{method.lower()}"
        raise AssertionError(f"OpenAI's description has no {method} {path}")


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Passes requests on, and fails the test when an exchange is not as the description says."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, description: Description) -> None:
        self._inner = inner
        self._description = description
        self.exchanges: list[tuple[str, str, int]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        sent = await request.aread()
        response = await self._inner.handle_async_request(request)
        answered = await response.aread()
        path = request.url.path.removeprefix("/v1")
        self.exchanges.append((request.method, path, response.status_code))
        assert response.headers["x-request-id"].startswith("req_")
        if re.fullmatch("/files/[^/]+/content", path) and response.status_code == 200:
            return response
        kind = response.headers["content-type"].partition(";")[0]
        if kind == "text/event-stream":
            self._check_request(request, sent)
            self._check_events(answered.decode())
            return response
        assert kind == "application/json"
        if request.method != "HEAD":
            self._check(request, sent, response.status_code, json.loads(answered))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _check(self, request: httpx2.Request, sent: bytes, status: int, answered: object) -> None:
        method, path = request.method, request.url.path.removeprefix("/v1")
        if status >= 400:
            assert self._description.faults("ErrorResponse", answered) == []
            return
        assert status == 200
        assert self._description.response_faults(method, path, answered) == []
        self._check_request(request, sent)

    def _check_request(self, request: httpx2.Request, sent: bytes) -> None:
        kind, path = request.headers.get("content-type", ""), request.url.path.removeprefix("/v1")
        if kind.startswith("multipart/"):
            form = "AddUploadPartRequest" if path.endswith("/parts") else "CreateFileRequest"
            assert self._description.faults(form, form_of(sent, kind)) == []
        elif sent:
            assert self._description.request_faults(request.method, path, json.loads(sent)) == []

    def _check_events(self, text: str) -> None:
        events = events_of(text)
        assert events[-1] == ("done", "[DONE]")
        for name, data in events:
            value = data if name == "done" else json.loads(data)
            assert self._description.faults("AssistantStreamEvent", {"event": name, "data": value}) == []


def form_of(sent: bytes, kind: str) -> dict[str, Any]:
    """The fields of a multipart form, those like ``a[b]`` as objects, and the text of its file."""
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + sent, policy=email.policy.HTTP)
    form: dict[str, Any] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        text = payload.decode("latin-1")
        outer, _, inner = name.rstrip("]").partition("[")
        if inner:
            form.setdefault(outer, {})[inner] = int(text) if text.isdecimal() else text
        else:
            form[outer] = text
    return form


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def description() -> Description:
    paths = described_paths(r"/(assistants|files|models|threads|uploads|vector_stores)\b")
    named = "AddUploadPartRequest", "AssistantStreamEvent", "CreateFileRequest", "ErrorResponse"
    found = described_schemas(*named, *referred(json.dumps(paths)))
    schemas = {name: _as_json_schema(schema) for name, schema in found.items()}
    _bring_up_to_date(schemas)
    _add_extensions(paths)
    return Description({"paths": paths, "components": {"schemas": schemas}})


def _as_json_schema(schema: Any) -> Any:
    """A schema with OpenAPI 3.0's ``nullable``, of which this description has some, as OpenAPI 3.1 says it."""
    if isinstance(schema, list):
        return [_as_json_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    parts = schema.get("allOf", [])
    is_nullable = schema.get("nullable") is True or {"nullable": True} in parts
    converted = {key: _as_json_schema(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [converted, {"type": "null"}]} if is_nullable else converted


def _bring_up_to_date(schemas: dict[str, Any]) -> None:
    """Where the service is known to answer, or to take, more than this description says."""
    # An empty list has null ids (sashabaranov/go-openai issue 572).
    for kind in ("Assistants", "Files", "VectorStores", "VectorStoreFiles", "Messages", "Runs", "RunSteps"):
        for key in ("first_id", "last_id"):
            schemas[f"List{kind}Response"]["properties"][key]["type"] = ["string", "null"]
    # A filter inside a filter, in the words of an older JSON Schema.
    inner = schemas["CompoundFilter"]["properties"]["filters"]["items"]["oneOf"]
    inner[1] = {"$ref": "#/components/schemas/CompoundFilter"}
    # Recorded answers have null where there is nothing (see the views).
    for key in ("expires_at", "status_details"):
        schemas["OpenAIFile"]["properties"][key]["type"] = [
            schemas["OpenAIFile"]["properties"][key]["type"],
            "null",
        ]
    store = schemas["VectorStoreObject"]["properties"]
    store["expires_after"] = {"anyOf": [store["expires_after"], {"type": "null"}]}
    # A purpose an upload may have, and so a file.
    schemas["OpenAIFile"]["properties"]["purpose"]["enum"].append("evals")
    # Added to the description after this version of it.
    schemas["ReasoningEffort"]["anyOf"][0]["enum"].append("max")


def _add_extensions(paths: dict[str, Any]) -> None:
    """What the embedded platform answers beyond the description."""
    page = {
        "type": "object",
        "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/ThreadObject"}}},
        "required": ["object", "data", "first_id", "last_id", "has_more"],
    }
    paths["/threads"]["get"] = {"responses": {"200": {"content": {"application/json": {"schema": page}}}}}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the platform's file goes; neither it nor its folder is there yet."""
    return tmp_path / "state" / "local.db"


@pytest.fixture
def new(database: Path) -> Path:
    """The same, with a file that has no objects yet."""
    database.parent.mkdir(mode=0o700)
    database.write_bytes(new_database())
    return database


@pytest.fixture
def app(new: Path) -> Iterator[Starlette]:
    app = create_app(new)
    yield app
    app.state.database.close()


ClientOf = Callable[[Starlette], httpx2.AsyncClient]


@pytest.fixture
def client_of(description: Description) -> Iterator[ClientOf]:
    """An HTTP client for an app in process, with the header of the Assistants API and all exchanges checked."""
    with ExitStack() as apps:

        def client(app: Starlette) -> httpx2.AsyncClient:
            apps.callback(app.state.database.close)
            transport = CheckedTransport(httpx2.ASGITransport(app=app), description)
            headers = {"OpenAI-Beta": "assistants=v2"}
            return httpx2.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)

        yield client


@pytest.fixture
async def http(app: Starlette, client_of: ClientOf) -> AsyncIterator[httpx2.AsyncClient]:
    """Plain HTTP, for what no SDK would send."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def sdk(app: Starlette, description: Description) -> AsyncIterator[AsyncOpenAI]:
    """The SDK, as applications use it."""
    transport = CheckedTransport(httpx2.ASGITransport(app=app), description)
    http_client = httpx2.AsyncClient(transport=transport)
    async with AsyncOpenAI(
        base_url=BASE_URL, api_key="any", http_client=http_client, _strict_response_validation=True
    ) as client:
        yield client


@pytest.fixture(autouse=True)
def short_polls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's helpers ask for a run again as soon as the platform says: here it says, soon.

    The test of what it says is marked ``usual_polls``.
    """
    if request.node.get_closest_marker("usual_polls"):
        return
    monkeypatch.setattr(endpoints, "POLL_MS", 10)


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """A server in a model's place, which the platform ``with_model`` asks."""
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def with_model(new: Path, model: ScriptedModel) -> Iterator[Starlette]:
    """The platform with a model behind it."""
    app = create_app(new, model=ModelSettings(model.url))
    yield app
    app.state.database.close()


@pytest.fixture
async def client(with_model: Starlette, description: Description) -> AsyncIterator[AsyncOpenAI]:
    """The SDK for the platform with a model, all exchanges and events checked."""
    transport = CheckedTransport(httpx2.ASGITransport(app=with_model), description)
    http_client = httpx2.AsyncClient(transport=transport)
    async with AsyncOpenAI(
        base_url=BASE_URL, api_key="any", http_client=http_client, _strict_response_validation=True
    ) as client:
        yield client
    await with_model.state.runtime.close()
