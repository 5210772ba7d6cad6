"""Object stores on loopback, each a process of its own.

moto's server for S3, Azurite for Azure's blobs, and ``support.cloud_storage`` for Google Cloud Storage.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from filelock import FileLock

from support.python_process import started_code

BUCKET = "journals"
_START_SECONDS = 30
# To start it takes a second of the processor, so it serves all processes of the tests, and ends with the last one.
# S3 looks at a condition and writes in one step; moto in two, so that of two requests at once both could write.
_MOTO = """\
import os, sys, threading
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.server import main

answer, turn = DomainDispatcherApplication.__call__, threading.Lock()

def answer_alone(*request):
    with turn:
        return answer(*request)

DomainDispatcherApplication.__call__ = answer_alone

def end_with_the_last_user(users):
    with open(users) as pipe:
        pipe.read()
    os._exit(0)

threading.Thread(target=end_with_the_last_user, args=[sys.argv.pop(1)], daemon=True).start()
main(sys.argv[1:])
"""
_CLOUD_STORAGE = "import sys; from support.cloud_storage import main; main(*sys.argv[1:])"
_TESTS = Path(__file__).parent.parent

# Azurite's account, which everybody knows: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class UnavailableError(Exception):
    """The service cannot be started here, and why."""


@dataclass(frozen=True)
class Service:
    """A store that runs: its address, and the environment that leads to it."""

    address: str
    environment: Mapping[str, str]
    url: str


@contextmanager
def moto_server(folder: Path) -> Iterator[Service]:
    """S3 with a bucket: one for all processes that are given the ``folder``, for as long as one of them has it.

    Raises ``UnavailableError`` without moto, or without named pipes.
    """
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        raise UnavailableError("moto's server is not installed (pip install 'moto[s3]' flask flask-cors)")
    if not hasattr(os, "mkfifo"):
        raise UnavailableError("this system has no named pipes, by which its processes share one server")
    with FileLock(folder / "moto.lock"):
        url, users = _joined(folder / "moto.users", folder / "moto.url")
    try:
        yield Service(f"s3://{BUCKET}/team/journal", s3_environment(url), url)
    finally:
        os.close(users)


def _joined(users: Path, address: Path) -> tuple[str, int]:
    """The URL of the server that runs for the ``users``, and what makes this process one of them until closed."""
    try:
        # Nobody reads the pipe of a server that ended with its last user.
        return address.read_text(), os.open(users, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        users.unlink(missing_ok=True)
    os.mkfifo(users)
    ours = os.open(users, os.O_RDWR)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    try:
        _start_alone([sys.executable, "-c", _MOTO, str(users), "-H", "127.0.0.1", "-p", str(port)])
        _wait_for(lambda: True, port)
        _put(f"{url}/{BUCKET}", {})
    except UnavailableError:
        os.close(ours)
        raise
    address.write_text(url)
    return url, ours


def _start_alone(command: list[str]) -> None:
    """Start what is no child of this process, which may end before it."""
    aside = '"$@" </dev/null >/dev/null 2>&1 &'
    subprocess.run(["/bin/sh", "-c", aside, "sh", *command], check=True)


def s3_environment(url: str) -> dict[str, str]:
    """What leads to an S3 at ``url``; nobody is asked for credentials."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_METADATA_ENDPOINT": "http://127.0.0.1:1",
    }


@contextmanager
def azurite() -> Iterator[Service]:
    """Azure Blob Storage with an empty container. Raises ``UnavailableError`` without Azurite."""
    program = shutil.which("azurite-blob")
    if program is None:
        raise UnavailableError("azurite-blob is not on the PATH (npm install -g azurite)")
    port = _free_port()
    options = ["--disableTelemetry", "--silent", "--inMemoryPersistence", "--skipApiVersionCheck"]
    with _running([program, "--blobHost", "127.0.0.1", "--blobPort", str(port), *options], port):
        url = f"http://127.0.0.1:{port}"
        _make_container(url)
        # obstore takes the emulator's address from the process's environment alone.
        environment = {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": url}
        yield Service(f"az://{BUCKET}/team/journal", environment, url)


@contextmanager
def cloud_storage(*, page: int = 1000, pause: float = 0.0) -> Iterator[Service]:
    """Google Cloud Storage with an empty bucket; see ``Buckets`` for what may be set."""
    port = _free_port()
    process = started_code(_CLOUD_STORAGE, str(port), str(page), str(pause))
    try:
        _wait_for(lambda: process.returncode is None, port)
        url = f"http://127.0.0.1:{port}"
        _put(f"{url}/{BUCKET}", {})
        yield Service(f"gs://{BUCKET}/team/journal", gs_environment(url), url)
    finally:
        process.kill()
        process.communicate()


def gs_environment(url: str) -> dict[str, str]:
    """What leads to a Google Cloud Storage at ``url``; nobody is asked for credentials."""
    key = {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    return {"GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(key), "GOOGLE_BASE_URL": url}


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    paths = {**os.environ, "PYTHONPATH": str(_TESTS)}
    process = subprocess.Popen(command, env=paths, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(lambda: process.poll() is None, port)
        yield
    finally:
        process.kill()
        process.wait()


def _wait_for(runs: Callable[[], bool], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and runs():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise UnavailableError(f"what was to listen on port {port} did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _make_container(url: str) -> None:
    # https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
    date, version = formatdate(usegmt=True), "2021-08-06"
    path = f"/{_ACCOUNT}/{BUCKET}"
    text = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{version}\n/{_ACCOUNT}{path}\nrestype:container"
    signature = base64.b64encode(hmac.new(base64.b64decode(_KEY), text.encode(), hashlib.sha256).digest()).decode()
    headers = {
        "x-ms-date": date,
        "x-ms-version": version,
        "Authorization": f"SharedKey {_ACCOUNT}:{signature}",
        "Content-Length": "0",
    }
    _put(f"{url}{path}?restype=container", headers)


def _put(url: str, headers: Mapping[str, str]) -> None:
    request = urllib.request.Request(url, method="PUT", headers=dict(headers))  # noqa: S310  # loopback
    try:
        urllib.request.urlopen(request, timeout=20).close()  # noqa: S310  # loopback
    except urllib.error.URLError as error:
        raise UnavailableError(f"{url} answers {error}") from error
