"""The address of a shared journal, as ``journal:`` in assistctl.yaml has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from assistctl.errors import JournalError, did_you_mean
from assistctl.secrets.addresses import shown_address

_CONTAINERS = {"s3": "bucket", "az": "container", "gs": "bucket"}
_EXAMPLE = "It looks like s3://BUCKET/PREFIX, az://CONTAINER/PREFIX, gs://BUCKET/PREFIX or file:///FOLDER."


@dataclass(frozen=True, slots=True)
class ObjectAddress:
    """A bucket of S3 (``s3``) or Google Cloud Storage (``gs``), or a container of Azure (``az``), and a prefix."""

    scheme: str
    container: str
    prefix: str

    @property
    def container_word(self) -> str:
        """The service's word for ``container``."""
        return _CONTAINERS[self.scheme]

    def __str__(self) -> str:
        return f"{self.scheme}://{self.container}/{self.prefix}".rstrip("/")


def parse_address(text: str) -> ObjectAddress | Path:
    """The place that ``text`` names; a ``Path`` for ``file://``. Looks at nothing but the text.

    Raises ``JournalError`` when it is no such address.
    """
    try:
        parts = urlsplit(text)
    except ValueError as error:
        # The text stays out of it: it may hold a password.
        raise JournalError(f"the journal's address is not a URL ({error})", _EXAMPLE) from None
    _check(parts, text)
    if parts.scheme == "file":
        return _folder(parts, text)
    if not parts.netloc:
        raise JournalError(
            f"the journal's address {shown_address(text)} names no {_CONTAINERS[parts.scheme]}", _EXAMPLE
        )
    return ObjectAddress(parts.scheme, parts.netloc, unquote(parts.path).strip("/"))


def _check(parts: SplitResult, text: str) -> None:
    schemes = (*_CONTAINERS, "file")
    if parts.scheme not in schemes:
        near = did_you_mean(parts.scheme, schemes)
        # What comes before a mere colon may as well be a key.
        has_scheme = text.lower().startswith(f"{parts.scheme}://")
        begins = f"begins with {parts.scheme!r}" if parts.scheme and has_scheme else "has no scheme"
        raise JournalError(
            f"the journal's address {begins}; {near or 's3, az, gs and file are known'}", f"{_EXAMPLE}"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise JournalError(
            "the journal's address has more in it than a place",
            f"{_EXAMPLE} Credentials come from the environment or .env.",
        )


def _folder(parts: SplitResult, text: str) -> Path:
    if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
        raise JournalError(
            f"the journal's address {shown_address(text)} is not the whole path of a folder",
            "Write file:/// and the path from the root: file:///srv/journal",
        )
    return Path(unquote(parts.path))
