"""A server whose certificate nobody vouches for: it is refused, whatever the target's options say."""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
import trustme

from assistctl.platforms.base import Connection
from assistctl.platforms.connection import MEBIBYTE, AnswerBudget
from assistctl.platforms.http.client import http_client
from support.answering import POLL_SECONDS
from support.hostile_server import Reply, empty_list, hostile_server
from support.projects import Outcome, ProjectFolder

SWITCHES: dict[str, object] = {
    "verify": False,
    "verify_ssl": False,
    "ssl_verify": False,
    "insecure": True,
    "tls": {"verify": False},
    "http_client": {"verify": False},
    "cert": None,
}


@dataclass
class Site:
    """A server over HTTPS at ``url``; ``asked`` are the paths it was asked for."""

    url: str
    authority: Path
    asked: list[str] = field(default_factory=list)


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """An empty platform over HTTPS; its authority's certificate is in a file that nothing trusts by itself."""
    authority = trustme.CA()
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    site = Site("", path)

    class Handler(BaseHTTPRequestHandler):
        timeout = 20

        def do_GET(self) -> None:
            site.asked.append(self.path)
            body = json.dumps({"object": "list", "data": [], "has_more": False}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what is wanted here."""

    server = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    # A client that connects and says nothing more must not keep the others waiting: each has a thread of its own.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.url = f"https://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join(20)
        server.server_close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def refused_connections_are_let_go() -> Iterator[None]:
    """asyncio leaves the transport of a refused handshake to the garbage collector where its loop ends with it."""
    # Until it is enabled again, what is made is young: the old, which is all else in this process, is left alone.
    gc.disable()
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect(1)
        gc.enable()


lets_connections_go = pytest.mark.usefixtures("refused_connections_are_let_go")


def planned(project: ProjectFolder, site: Site, platform: str, **options: object) -> Outcome:
    """``assistctl plan`` on that server."""
    base_url = site.url if platform in {"anthropic-agents", "mistral-agents"} else f"{site.url}/v1"
    target = {"platform": platform, "base_url": base_url, "api_key": "sk-1", "options": options}
    project.write(
        "assistctl.yaml", json.dumps({"project": "acme", "default_target": "it", "targets": {"it": target}})
    )
    project.manifest("one", instructions="Be brief.")
    site.asked.clear()
    return project.run("plan")


@lets_connections_go
@pytest.mark.parametrize("platform", ["openai-assistants", "openai-agents", "anthropic-agents", "mistral-agents"])
def test_it_is_not_spoken_to(
    project: ProjectFolder, site: Site, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    for name, value in (("PYTHONHTTPSVERIFY", "0"), ("CURL_CA_BUNDLE", ""), ("REQUESTS_CA_BUNDLE", "")):
        monkeypatch.setenv(name, value)
    done = planned(project, site, platform)
    assert done.code == 1
    assert "certificate" in done.err
    assert site.asked == []


@pytest.mark.parametrize(
    "platform", ["openai-assistants", "openai-agents", "anthropic-agents", "azure-foundry", "mistral-agents"]
)
@pytest.mark.parametrize("named", [{"SSL_CERT_FILE", "SSL_CERT_DIR"}, {"SSL_CERT_DIR"}, set()], ids=len)
def test_certificates_are_not_read_for_plain_http(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, platform: str, named: set[str]
) -> None:
    importlib.import_module("aiohttp")  # SDKs import it, and it reads them, needed or not
    for name in {"SSL_CERT_FILE", "SSL_CERT_DIR"} - named:
        monkeypatch.delenv(name)
    read: list[object] = []
    for name in ("load_verify_locations", "load_default_certs", "set_default_verify_paths"):
        monkeypatch.setattr(ssl.SSLContext, name, lambda *_, **__: read.append(platform))
    with hostile_server(empty_list) as server:
        project.use(platform, f"{server.url}/v1")
        project.manifest("one", instructions="Be brief.")
        project.run("plan")
        assert server.asked
    assert read == []


@lets_connections_go
def test_certificates_are_read_when_plain_http_is_left_for_https(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)

    async def status() -> int:
        connection = Connection(target="it", directory=Path(), environment={})
        budget = AnswerBudget(MEBIBYTE, 20)
        client = http_client(connection, httpx2.AsyncClient, "http://127.0.0.1", budget)
        client.event_hooks = {}
        async with client:
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(f"{site.url}/v1/assistants")
            monkeypatch.setenv("SSL_CERT_FILE", str(site.authority))
            return (await client.get(f"{site.url}/v1/assistants")).status_code

    assert asyncio.run(status()) == 200


@pytest.mark.parametrize("platform", ["openai-assistants", "openai-agents", "anthropic-agents", "mistral-agents"])
def test_plain_http_is_not_left_for_https_on_another_port(
    project: ProjectFolder, site: Site, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.authority))

    site.asked.clear()
    with hostile_server(lambda asked: Reply(307, {"location": f"{site.url}{asked.path}"})) as server:
        done = planned(project, Site(server.url, site.authority), platform)
        assert server.asked
    assert done.code == 1
    assert f"redirects to {site.url}, where neither the key nor the request is sent" in done.err
    assert site.asked == []


@pytest.mark.parametrize(
    "platform", ["openai-assistants", "openai-agents", "anthropic-agents", "azure-foundry", "mistral-agents"]
)
@pytest.mark.parametrize("switch", SWITCHES)
def test_there_is_no_switch_for_it(project: ProjectFolder, site: Site, platform: str, switch: str) -> None:
    done = planned(project, site, platform, **{switch: SWITCHES[switch]})
    assert done.code == 1
    assert f"has no option '{switch}' (targets.it.options.{switch})" in done.err
    assert site.asked == []


def test_it_is_once_its_authority_is_trusted(
    project: ProjectFolder, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.authority))
    done = planned(project, site, "openai-assistants")
    assert done.code == 0, done.err
    assert any(path.startswith("/v1/assistants") for path in site.asked)
