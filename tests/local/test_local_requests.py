"""What every request has in common: headers, keys, hosts, paths and bodies."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from assistctl.errors import AssistctlError
from assistctl.local.app import create_app
from assistctl.local.files import upload
from assistctl.local.http import body

pytestmark = pytest.mark.anyio

ClientOf = Callable[[Starlette], httpx2.AsyncClient]


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/batches", 404, "Invalid URL (GET /v1/batches)"),
        ("GET", "/assistants/", 404, "Invalid URL (GET /v1/assistants/)"),
        ("POST", "/assistants/a/b", 404, "Invalid URL (POST /v1/assistants/a/b)"),
        ("PUT", "/assistants", 405, "Invalid method for URL (PUT /v1/assistants)"),
        ("PATCH", "/assistants/asst_x", 405, "Invalid method for URL (PATCH /v1/assistants/asst_x)"),
        ("DELETE", "/models/gpt-4o", 405, "Invalid method for URL (DELETE /v1/models/gpt-4o)"),
    ],
)
async def test_paths_and_methods_there_are_not(
    http: httpx2.AsyncClient, method: str, path: str, status: int, message: str
) -> None:
    response = await http.request(method, path)
    assert response.status_code == status
    assert response.json()["error"] == {
        "message": message,
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


async def test_a_405_says_what_is_allowed(http: httpx2.AsyncClient) -> None:
    response = await http.put("/assistants")
    assert response.headers["allow"] == "GET, HEAD, POST"


async def test_every_request_has_an_id_of_its_own(http: httpx2.AsyncClient) -> None:
    ids = {(await http.get("/models")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "You must provide the 'OpenAI-Beta' header to access the Assistants API."),
        ("agents=v1", "You must provide the 'OpenAI-Beta' header to access the Assistants API."),
        ("assistants=v1", "The v1 Assistants API has been deprecated."),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("DELETE", "/asst_x")])
async def test_assistants_need_the_beta_header(
    http: httpx2.AsyncClient, header: str, message: str, method: str, path: str
) -> None:
    response = await http.request(method, f"/assistants{path}", headers={"OpenAI-Beta": header})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["message"].startswith(message)
    assert "'OpenAI-Beta: assistants=v2'" in error["message"]
    assert error["code"] == "invalid_beta"


async def test_the_beta_header_may_name_several(http: httpx2.AsyncClient) -> None:
    headers = {"OpenAI-Beta": "agents=v1, assistants=v2"}
    assert (await http.get("/assistants", headers=headers)).status_code == 200


NOT_JSON = "We could not parse the JSON body of your request."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", NOT_JSON),
        (b"\xff\xfe{}", NOT_JSON),
        (b"\xef\xbb\xbf{}", NOT_JSON),
        ('{"model": "gpt-4o"}'.encode("utf-16"), NOT_JSON),
        (b'{"model": "gpt-4o", "temperature": NaN}', NOT_JSON),
        (b'{"model": "gpt-4o", "temperature": -Infinity}', NOT_JSON),
        (b'{"model": "gpt-4o", "temperature": 1e999}', NOT_JSON),
        (b'{"model": "gpt-4o", "temperature": ' + b"9" * 5000 + b"}", NOT_JSON),
        (b'{"model": "gpt-4o", "name": "\\ud800"}', NOT_JSON),
        (b'{"model": "gpt-4o", "metadata": {"\\uDC00": "x"}}', NOT_JSON),
        (b"[" * 100_000, NOT_JSON),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested too deeply"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "nested too deeply"),
        (b'"model"', "expected a JSON object"),
        (b"[]", "expected a JSON object"),
        (b"null", "expected a JSON object"),
    ],
)
async def test_bodies_that_cannot_be_read(http: httpx2.AsyncClient, content: bytes, message: str) -> None:
    for path in ("/assistants", "/assistants/asst_x"):
        response = await http.post(path, content=content)
        assert response.status_code == 400
        assert message in response.json()["error"]["message"]


async def test_a_pair_of_surrogates_and_a_null_character_are_text(http: httpx2.AsyncClient) -> None:
    content = b'{"model": "gpt-4o", "name": "\\ud83d\\ude00\\u0000"}'
    assert (await http.post("/assistants", content=content)).json()["name"] == "\U0001f600\0"


async def test_a_body_beyond_the_cap_is_a_413(http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "MAX_BYTES", 100)
    fits = b'{"model": "gpt-4o"}'.ljust(100)
    assert (await http.post("/assistants", content=fits)).status_code == 200
    response = await http.post("/assistants", content=fits + b" ")
    assert response.status_code == 413
    assert "The maximum is 100 bytes." in response.json()["error"]["message"]


async def test_the_cap_is_on_every_body(
    app: Starlette, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "MAX_BYTES", 100)
    monkeypatch.setattr(upload, "MAX_BYTES", 100)
    large = b'{"model": "gpt-4o"}'.ljust(101)
    form = {"purpose": (None, b"assistants"), "file": ("x", b"x" * 101)}
    tried = 0
    for route in app.routes:
        assert isinstance(route, Route)
        path = re.sub(r"\{[^}]+\}", "x", route.path).removeprefix("/v1")
        headers = {"openai-beta": "assistants=v2, agents=v1"}
        if path == "/files":
            answer = await http.post(path, headers=headers, files=form)
        else:
            answer = await http.post(path, headers=headers, content=large)
        tried += answer.status_code == 413
        assert answer.status_code in {404, 405, 413}, (path, answer.text)
    assert tried >= 8


async def test_a_key_is_asked_for_when_there_is_one(client_of: ClientOf) -> None:
    async with client_of(create_app(None, api_key="sk-local-secret")) as http:
        for header in ({}, {"Authorization": "Basic c2s="}, {"Authorization": "Bearer "}):
            response = await http.get("/models", headers=header)
            assert response.status_code == 401
            assert response.json()["error"]["message"] == "Missing bearer or basic authentication in header"
        for key in ("sk-local-secre", "sk-local-secret2", "\u00e9"):
            wrong = [(b"Authorization", f"Bearer {key}".encode())]
            response = await http.get("/assistants", headers=wrong)
            assert response.status_code == 401
            error = response.json()["error"]
            assert error["code"] == "invalid_api_key"
            assert key not in error["message"]
        assert (await http.get("/nowhere")).status_code == 401
        accepted = await http.get("/assistants", headers={"Authorization": "Bearer sk-local-secret"})
        assert accepted.status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8080", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("localhost@evil.example", 400),
        ("[", 400),
        ("", 400),
    ],
)
async def test_only_the_allowed_hosts_are_answered(client_of: ClientOf, host: str, status: int) -> None:
    app = create_app(None, allowed_hosts={"localhost", "127.0.0.1", "::1"})
    async with client_of(app) as http:
        assert (await http.get("/models", headers={"Host": host})).status_code == status


async def test_a_fault_of_ours_is_a_500_in_the_error_shape(
    client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(None)
    async with client_of(app) as http:
        app.state.database = None
        response = await http.get("/assistants")
    assert response.status_code == 500
    error = response.json()["error"]
    assert error["type"] == "server_error"
    assert error["message"] == "The server had an error while processing your request."
    assert response.headers["x-request-id"] in caplog.text


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "http://assistctl.local:3000"},
    {"origin": "https://assistctl.local"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://assistctl.local"},
]
OWN = [{}, {"origin": "http://assistctl.local"}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_without_a_key_a_page_of_another_origin_changes_nothing(
    http: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    assistant = (await http.post("/assistants", json={"model": "gpt-4o"})).json()["id"]
    for method, path in (
        ("POST", "/assistants"),
        ("POST", f"/assistants/{assistant}"),
        ("DELETE", f"/assistants/{assistant}"),
        ("POST", "/files"),
        ("DELETE", "/files/file-x"),
        ("PUT", "/nowhere"),
    ):
        # As a form sends it, which a browser allows without asking first.
        refused = await http.request(method, path, headers={**headers, "content-type": "text/plain"}, content=b"")
        assert refused.status_code == 403
        assert "another origin" in refused.json()["error"]["message"]
    [left] = (await http.get("/assistants", headers=headers)).json()["data"]
    assert left["id"] == assistant


@pytest.mark.parametrize("headers", OWN)
async def test_without_a_key_its_own_pages_and_other_programs_change_things(
    http: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await http.post("/assistants", headers=headers, json={"model": "gpt-4o"})).status_code == 200


async def test_whoever_has_the_key_may_come_from_anywhere(client_of: ClientOf) -> None:
    async with client_of(create_app(None, api_key="sk-local")) as http:
        headers = {"origin": "https://intranet.example", "authorization": "Bearer sk-local"}
        assert (await http.post("/assistants", headers=headers, json={"model": "gpt-4o"})).status_code == 200


@pytest.mark.parametrize(("key", "status"), [("sk-local", 200), ("sk-wrong", 401), ("", 401)])
async def test_the_key_may_come_as_azure_clients_send_it(client_of: ClientOf, key: str, status: int) -> None:
    async with client_of(create_app(None, api_key="sk-local")) as http:
        assert (await http.get("/models", headers={"api-key": key})).status_code == status


@pytest.mark.parametrize("key", ["", " ", "\t\n"])
def test_an_empty_key_is_an_error(key: str) -> None:
    with pytest.raises(AssistctlError, match="The API key is empty"):
        create_app(None, api_key=key)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_no_client_can_send_is_an_error(key: str) -> None:
    with pytest.raises(AssistctlError, match="cannot be sent"):
        create_app(None, api_key=key)


def test_several_threads_at_once_are_given_the_same_runtime() -> None:
    app, at_once = create_app(None), threading.Barrier(8)

    def asked(_: int) -> object:
        at_once.wait(10)
        return app.state.runtime

    with ThreadPoolExecutor(at_once.parties) as pool:
        assert set(pool.map(asked, range(at_once.parties))) == {app.state.runtime}
    assert app.state.runtime.indexer is app.state.indexer
    app.state.database.close()
