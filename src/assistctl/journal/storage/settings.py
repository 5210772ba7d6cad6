"""The environment's settings for an object store, as obstore takes them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from assistctl.errors import JournalError

# What obstore reads from the environment, passed on by name because .env is not in it
# (https://developmentseed.org/obstore/latest/api/store/aws/#obstore.store.S3Config, and .../azure, .../gcs).
_SETTINGS = {
    "s3": (
        "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL"
        " AWS_ENDPOINT_URL_S3 AWS_METADATA_ENDPOINT AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_WEB_IDENTITY_TOKEN_FILE"
        " AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI"
        " AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_VIRTUAL_HOSTED_STYLE_REQUEST"
    ),
    "az": (
        "AZURE_STORAGE_ACCOUNT_NAME AZURE_STORAGE_ACCOUNT_KEY AZURE_STORAGE_SAS_TOKEN AZURE_STORAGE_USE_EMULATOR"
        " AZURE_STORAGE_ENDPOINT AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_FEDERATED_TOKEN_FILE"
        " AZURE_USE_AZURE_CLI"
    ),
    "gs": (
        "GOOGLE_APPLICATION_CREDENTIALS GOOGLE_SERVICE_ACCOUNT GOOGLE_SERVICE_ACCOUNT_PATH"
        " GOOGLE_SERVICE_ACCOUNT_KEY GOOGLE_BEARER_TOKEN GOOGLE_BASE_URL"
    ),
}
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT", "GOOGLE_BASE_URL")
_URLS = {*_ENDPOINTS, "AWS_METADATA_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}
_PLAIN_HTTP = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "AZURE_STORAGE_USE_EMULATOR", "GOOGLE_ALLOW_HTTP")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_OF_LINES = "GOOGLE_SERVICE_ACCOUNT_KEY"


def store_settings(scheme: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The settings for a store of ``scheme``, by their names in the environment.

    Raises ``JournalError`` for one on which obstore 0.12 panics: it is put into a request as it is.
    """
    found = {name: environment[name] for name in _SETTINGS[scheme].split() if environment.get(name)}
    for name, value in found.items():
        _check(name, value)
    return found


def allows_plain_http(environment: Mapping[str, str]) -> bool:
    """Whether requests may go unencrypted: to services on this machine, and where it is asked for."""
    endpoints = [environment[name] for name in _ENDPOINTS if environment.get(name)]
    asked_for = any(environment.get(name, "").lower() in {"1", "true"} for name in _PLAIN_HTTP)
    return asked_for or any(urlsplit(endpoint).hostname in _LOOPBACK for endpoint in endpoints)


def _check(name: str, value: str) -> None:
    # Whatever it is, it is not shown: it may be a secret.
    if name != _OF_LINES and not value.isprintable():
        raise JournalError(
            f"{name} has a line break in it, or another character that cannot be printed",
            f"Set {name} again without it, in the environment or in .env.",
        )
    if name in _URLS and not _is_url(value):
        raise JournalError(f"{name} is not the URL of a service", "It looks like https://storage.example.com")
    if name == "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" and not value.isascii():
        raise JournalError(f"{name} is not the path of a URL", "It looks like /v2/credentials/ID")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and text.isascii() and " " not in text
