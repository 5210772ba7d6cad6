"""From an address to the store behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistctl.checkout.untrusted_files import OWN_FOLDER, place_in
from assistctl.errors import JournalError
from assistctl.journal.storage.address import ObjectAddress, parse_address
from assistctl.journal.storage.folder import FolderStore
from assistctl.journal.storage.settings import allows_plain_http, store_settings
from assistctl.journal.storage.store import Store

if TYPE_CHECKING:
    from obstore.store import BackoffConfig, ClientConfig, RetryConfig

DEFAULT_FOLDER = Path(OWN_FOLDER, "journal")
"""Where the journal is when the project names no address, relative to the project."""

# Short enough for a lease of half a minute to be renewed after a try that failed.
_REQUEST = timedelta(seconds=8)
_CONNECT = timedelta(seconds=4)
_RETRYING = timedelta(seconds=8)
_RETRIES = 3
# Google Cloud Storage takes one write a second of an object (https://cloud.google.com/storage/docs/gcs429), and a
# lock may be taken and let go in less. So there it is asked more often, and more slowly.
_GOOGLE_RETRIES = 5
_GOOGLE_FIRST_PAUSE = timedelta(seconds=0.5)
_GOOGLE_LONGEST_PAUSE = timedelta(seconds=1.5)


def open_store(directory: Path, address: str | None, environment: Mapping[str, str]) -> Store:
    """The place for the journal of the project in ``directory``; without an address, a folder of the project.

    Nothing is read, made or asked yet. Raises ``JournalError`` when the address is wrong, or obstore is missing,
    and ``ProjectError`` when that folder leaves the project by a link.
    """
    if address is None:
        return FolderStore(place_in(directory, DEFAULT_FOLDER), shared=False, within=directory)
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
    from assistctl.journal.storage.object_errors import explained
    from assistctl.journal.storage.object_store import ObjectStore

    # Three services, three shapes.
    config: Any = store_settings(address.scheme, environment)
    classes: dict[str, type[S3Store | AzureStore | GCSStore]] = {"s3": S3Store, "az": AzureStore, "gs": GCSStore}
    with explained(address, "open"):
        remote = classes[address.scheme](
            address.container,
            prefix=address.prefix or None,
            config=config,
            client_options=_client_options(environment),
            retry_config=_retry_config(address.scheme),
        )
    return ObjectStore(remote, address)


def _client_options(environment: Mapping[str, str]) -> ClientConfig:
    """Certificates are always verified."""
    return {
        "allow_http": allows_plain_http(environment),
        "allow_invalid_certificates": False,
        "timeout": _REQUEST,
        "connect_timeout": _CONNECT,
    }


def _retry_config(scheme: str) -> RetryConfig:
    if scheme != "gs":
        return {"max_retries": _RETRIES, "retry_timeout": _RETRYING}
    pauses: BackoffConfig = {"init_backoff": _GOOGLE_FIRST_PAUSE, "max_backoff": _GOOGLE_LONGEST_PAUSE}
    return {"max_retries": _GOOGLE_RETRIES, "retry_timeout": _RETRYING, "backoff": pauses}
