"""Addresses: which there are, and what is said when one cannot be used."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import traceback
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from assistctl.errors import JournalError
from assistctl.journal import open_journal, parse_address
from assistctl.journal.storage import open_store
from support.answering import answering
from support.journals import record_one
from support.object_stores import Service, s3_environment

NOBODY = {"AWS_REGION": "us-east-1", "AWS_METADATA_ENDPOINT": "http://127.0.0.1:1"}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service is asked as often as ever, with hardly a pause in between."""
    config, pause = open_store._retry_config, timedelta(milliseconds=5)
    backoff = {"init_backoff": pause, "max_backoff": pause}
    monkeypatch.setattr(open_store, "_retry_config", lambda scheme: {**config(scheme), "backoff": backoff})


@pytest.mark.parametrize(
    ("address", "is_read_as"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("az://container/a%20b", "az://container/a b"),
        ("gs://bucket/x", "gs://bucket/x"),
        ("file:///srv/a%20journal", "/srv/a journal"),
        ("file://localhost/srv/j", "/srv/j"),
    ],
)
def test_addresses(address: str, is_read_as: str) -> None:
    assert str(parse_address(address)) == is_read_as


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("S3x://bucket", "did you mean 's3'"),
        ("http://host/x", "begins with 'http'"),
        ("", "no scheme"),
        ("journals", "no scheme"),
        ("s3://", "names no bucket"),
        ("az:///x", "names no container"),
        ("file://relative/path", "not the whole path"),
        ("file:relative", "not the whole path"),
        ("s3://key:hidden@bucket/x", "more in it than a place"),
        ("az://container/x?sig=hidden", "more in it than a place"),
        ("s3://[hidden", "not a URL"),
    ],
)
def test_an_address_that_is_none_is_explained_without_what_may_be_secret(address: str, words: str) -> None:
    with pytest.raises(JournalError) as caught:
        parse_address(address)
    assert words in caught.value.summary
    assert "s3://BUCKET" in caught.value.hint or "file:///" in caught.value.hint
    assert "hidden" not in f"{caught.value.summary} {caught.value.hint}"


@pytest.fixture(scope="module")
def without_obstore(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What a new process has imported with the journal, and what it is told about a bucket.

    In it obstore cannot be imported, as if it were not installed.
    """
    code = """
import sys
sys.modules["obstore"] = None
import assistctl.journal
print([name for name in ("obstore", "openai", "sqlite3") if sys.modules.get(name)])
import asyncio
from pathlib import Path
from assistctl.errors import JournalError
from assistctl.journal import open_journal
from support.journals import record_one
for address in (None, f"file://{sys.argv[1]}/shared"):
    asyncio.run(record_one(open_journal("acme", Path(sys.argv[1]), address=address)))
try:
    open_journal("acme", Path(sys.argv[1]), address="s3://bucket")
except JournalError as error:
    print(error.summary, "|", error.hint)
"""
    tests, folder = Path(__file__).parent.parent, tmp_path_factory.mktemp("journal")
    done = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, cwd=tests, check=True
    )
    imported, said = done.stdout.splitlines()
    return imported, said


def test_a_plain_folder_takes_no_extra_and_an_object_store_names_it(without_obstore: tuple[str, str]) -> None:
    assert without_obstore[1] == (
        "the journal at s3://bucket needs an extra that is not installed | Run: pip install 'assistctl[journal]'"
    )


def test_importing_the_journal_is_light(without_obstore: tuple[str, str]) -> None:
    assert without_obstore[0] == "[]"


def failure(tmp_path: Path, address: str, environment: Mapping[str, str]) -> JournalError:
    """What is said when an apply is to be recorded there."""
    with pytest.raises(JournalError) as caught:
        asyncio.run(record_one(open_journal("acme", tmp_path, address=address, environment=environment)))
    return caught.value


def test_a_bucket_that_is_not_there(tmp_path: Path, s3: Service) -> None:
    error = failure(tmp_path, "s3://nowhere/x", s3.environment)
    assert error.summary == "the journal at s3://nowhere/x cannot be written: there is no bucket nowhere"
    assert "Create the bucket" in error.hint


def test_a_bucket_of_google_that_is_not_there(tmp_path: Path, google: Service) -> None:
    error = failure(tmp_path, "gs://nowhere/x", google.environment)
    assert error.summary == "the journal at gs://nowhere/x cannot be written: there is no bucket nowhere"


def test_a_container_that_is_not_there(tmp_path: Path, azure: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", azure.url)
    error = failure(tmp_path, "az://nowhere", azure.environment)
    assert error.summary == "the journal at az://nowhere cannot be written: there is no container nowhere"


@pytest.mark.parametrize(
    ("address", "environment", "words", "hint"),
    [
        ("s3://bucket", NOBODY, "no usable credentials", "AWS_ACCESS_KEY_ID"),
        ("az://container", {}, "no usable credentials", "AZURE_STORAGE_ACCOUNT_NAME"),
        (
            "gs://bucket",
            {"GOOGLE_APPLICATION_CREDENTIALS": "/no/such/file"},
            "no usable credentials",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ),
        ("s3://bucket", s3_environment("http://127.0.0.1:1"), "error sending request", "can be reached"),
        ("s3://bucket", s3_environment("http://plain.invalid"), "", "can be reached"),
    ],
)
def test_a_service_that_cannot_be_used(
    tmp_path: Path, address: str, environment: dict[str, str], words: str, hint: str
) -> None:
    error = failure(tmp_path, address, environment)
    assert words in error.summary
    assert address in error.summary
    assert hint in error.hint


@pytest.mark.parametrize(
    ("status", "words", "hint"),
    [(403, "access is denied", "read, write, list and delete"), (401, "not accepted", "AWS_ACCESS_KEY_ID")],
)
def test_a_service_that_refuses(tmp_path: Path, status: int, words: str, hint: str) -> None:
    with answering(status) as service:
        error = failure(tmp_path, "s3://bucket", s3_environment(service.url))
    assert words in error.summary
    assert hint in error.hint


def test_a_signature_in_the_address_of_a_request_is_not_shown(tmp_path: Path) -> None:
    with answering(500) as service:
        environment = {
            "AZURE_STORAGE_ACCOUNT_NAME": "account",
            "AZURE_STORAGE_SAS_TOKEN": "sv=2021-08-06&sig=hidden",
            "AZURE_STORAGE_ENDPOINT": service.url,
        }
        error = failure(tmp_path, "az://container", environment)
    assert "500 Internal Server Error" in error.summary
    assert "hidden" not in "".join(traceback.format_exception(error))
