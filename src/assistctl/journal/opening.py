"""From an address to the store behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assistctl.errors import JournalError
from assistctl.journal.address import ObjectAddress, parse_address
from assistctl.journal.folder import FolderStore
from assistctl.journal.store import Store

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

DEFAULT_FOLDER = Path(".assistctl", "journal")
"""Where the journal is when the project names no address, relative to the project."""

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
    "gs": "GOOGLE_APPLICATION_CREDENTIALS GOOGLE_SERVICE_ACCOUNT GOOGLE_SERVICE_ACCOUNT_KEY",
}
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT")
_PLAIN_HTTP = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "AZURE_STORAGE_USE_EMULATOR")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

# Short enough for a lease of half a minute to be renewed after a try that failed.
_REQUEST = timedelta(seconds=8)
_CONNECT = timedelta(seconds=4)
_RETRYING = timedelta(seconds=8)


def open_store(directory: Path, address: str | None, environment: Mapping[str, str]) -> Store:
    """The place for the journal of the project in ``directory``; without an address, a folder of the project.

    Nothing is read, made or asked yet. Raises ``JournalError`` when the address is wrong, or obstore is missing.
    """
    if address is None:
        return FolderStore(directory / DEFAULT_FOLDER, shared=False)
    place = parse_address(address)
    if isinstance(place, Path):
        return FolderStore(place, shared=True)
    return _object_store(place, environment)


def _object_store(address: ObjectAddress, environment: Mapping[str, str]) -> Store:
    try:
        from obstore.store import AzureStore, GCSStore, S3Store
    except ImportError as error:
        raise JournalError(
            f"the journal at {address} needs an extra that is not installed",
            "Run: pip install 'assistctl[journal]'",
        ) from error
    from assistctl.journal.object_errors import explained
    from assistctl.journal.objects import ObjectStore

    classes: dict[str, type[S3Store | AzureStore | GCSStore]] = {"s3": S3Store, "az": AzureStore, "gs": GCSStore}
    with explained(address, "open"):
        remote = classes[address.scheme](
            address.container,
            prefix=address.prefix or None,
            config=_config(address.scheme, environment),
            client_options=_client_options(environment),
            retry_config=_retry_config(),
        )
    return ObjectStore(remote, address)


def _config(scheme: str, environment: Mapping[str, str]) -> Any:  # noqa: ANN401  # three services, three shapes
    return {name: environment[name] for name in _SETTINGS[scheme].split() if environment.get(name)}


def _client_options(environment: Mapping[str, str]) -> ClientConfig:
    """Certificates are always verified; plain HTTP is for services on this machine, unless it is asked for."""
    endpoints = [environment[name] for name in _ENDPOINTS if environment.get(name)]
    asked_for = any(environment.get(name, "").lower() in {"1", "true"} for name in _PLAIN_HTTP)
    return {
        "allow_http": asked_for or any(urlsplit(endpoint).hostname in _LOOPBACK for endpoint in endpoints),
        "allow_invalid_certificates": False,
        "timeout": _REQUEST,
        "connect_timeout": _CONNECT,
    }


def _retry_config() -> RetryConfig:
    return {"max_retries": 3, "retry_timeout": _RETRYING}
