"""What leads to an object store: which settings work, and what is said of those that cannot."""

from __future__ import annotations

import asyncio
import base64
import json
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from assistctl.errors import JournalError
from assistctl.journal import open_journal
from support.answering import answering
from support.journals import record_one

EMAIL = "journal@acme.iam.gserviceaccount.com"


def failure(folder: Path, address: str, environment: Mapping[str, str]) -> JournalError:
    """What is said when an apply is to be recorded there."""
    with pytest.raises(JournalError) as caught:
        asyncio.run(record_one(open_journal("acme", folder, address=address, environment=environment)))
    return caught.value


@pytest.fixture(scope="module")
def account_key() -> str:
    """The content of a service account's key file, as Google gives it out."""
    key = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    about = {"type": "service_account", "client_email": EMAIL, "private_key_id": "1", "private_key": key.decode()}
    return json.dumps(about, indent=2)


@pytest.mark.parametrize(
    "name",
    [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_SERVICE_ACCOUNT",
        "GOOGLE_SERVICE_ACCOUNT_PATH",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
    ],
)
def test_a_service_account_signs_what_it_asks_of_google(tmp_path: Path, account_key: str, name: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(account_key)
    setting = {name: account_key if name.endswith("_KEY") else str(file)}
    with answering(401) as service:
        error = failure(tmp_path, "gs://bucket", {**setting, "GOOGLE_BASE_URL": service.url})
    assert "not accepted" in error.summary
    authorization = service.authorizations[-1]
    # https://google.aip.dev/auth/4111
    claims = authorization.removeprefix("Bearer ").split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["iss"] == EMAIL


def test_a_token_goes_before_a_file_that_obstore_cannot_read(tmp_path: Path) -> None:
    """What GitHub's runners have where identities are federated: a file of a kind of its own, and a token."""
    file = tmp_path / "federated.json"
    file.write_text(json.dumps({"type": "external_account"}))
    federated = {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
    alone = failure(tmp_path, "gs://bucket", federated)
    assert "external_account" in alone.summary
    assert "GOOGLE_BEARER_TOKEN" in alone.hint
    with answering(403) as service:
        error = failure(
            tmp_path,
            "gs://bucket",
            {**federated, "GOOGLE_BEARER_TOKEN": "ya29.token", "GOOGLE_BASE_URL": service.url},
        )
    assert "access is denied" in error.summary
    assert {*service.authorizations} == {"Bearer ya29.token"}


@pytest.mark.parametrize(
    ("address", "setting", "words"),
    [
        ("gs://bucket", {"GOOGLE_BEARER_TOKEN": "hidden\n"}, "GOOGLE_BEARER_TOKEN has a line break"),
        ("gs://bucket", {"GOOGLE_BASE_URL": "hidden"}, "GOOGLE_BASE_URL is not the URL"),
        ("gs://bucket", {"GOOGLE_BASE_URL": "http://"}, "GOOGLE_BASE_URL is not the URL"),
        ("gs://bucket", {"GOOGLE_BASE_URL": "http://[hidden"}, "GOOGLE_BASE_URL is not the URL"),
        ("gs://bucket", {"GOOGLE_SERVICE_ACCOUNT_KEY": '"hid\\"den hidden"'}, "invalid type"),
        ("gs://bucket", {"GOOGLE_SERVICE_ACCOUNT_KEY": "hidden"}, "no usable credentials"),
        ("s3://bucket", {"AWS_SESSION_TOKEN": "hidden\n"}, "AWS_SESSION_TOKEN has a line break"),
        ("s3://bucket", {"AWS_ENDPOINT_URL": "hid\u00e9den"}, "AWS_ENDPOINT_URL is not the URL"),
        ("s3://bucket", {"AWS_METADATA_ENDPOINT": "hidden"}, "AWS_METADATA_ENDPOINT is not the URL"),
        ("s3://bucket", {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/hid\u00e9den"}, "is not the path"),
        ("s3://bucket", {"AWS_ACCESS_KEY_ID": "hidden"}, "SecretAccessKey"),
        ("az://container", {"AZURE_STORAGE_ACCOUNT_NAME": "hidden\n"}, "AZURE_STORAGE_ACCOUNT_NAME has a line"),
        ("az://container", {"AZURE_STORAGE_SAS_TOKEN": "sig=hidden"}, "Account must be specified"),
        (
            "az://container",
            {"AZURE_STORAGE_ACCOUNT_NAME": "acme", "AZURE_STORAGE_ACCOUNT_KEY": "hidden!"},
            "Invalid Access Key",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_explained_and_not_shown(
    tmp_path: Path, address: str, setting: dict[str, str], words: str
) -> None:
    error = failure(tmp_path, address, setting)
    assert words in error.summary
    assert error.hint
    assert "can be reached" not in error.hint
    assert "hidden" not in "".join(traceback.format_exception(error))
