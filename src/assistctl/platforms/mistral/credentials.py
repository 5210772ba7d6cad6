"""Credentials for Mistral without an API key: the service account whose token is in a file.

As ``ServiceAccountAuthHook`` of mistralai 3.7.0 has it, which reads the file for each request: whoever put it
there may replace it at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from assistctl.errors import PlatformError
from assistctl.platforms.connection import Connection
from assistctl.platforms.mistral.variables import TOKEN_PATH
from assistctl.secrets.redaction import register

WAYS_WITHOUT_KEY = f"Without a key: {TOKEN_PATH}, the path of a file with the token of a service account."
"""What else lets one in."""


def credentials_without_key(connection: Connection, _base_url: str) -> Mapping[str, object]:
    """The settings of the SDK's client that stand for a key; empty when there is nothing of the kind."""
    path = connection.environment.get(TOKEN_PATH)
    return {"api_key": _token_in(Path(path))} if path else {}


def _token_in(path: Path) -> Callable[[], str]:
    """A reader of the token, as the file has it by then. It raises ``PlatformError``."""

    def token() -> str:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise PlatformError(
                f"the token of the service account cannot be read: {path}", f"{TOKEN_PATH} is the path of a file."
            ) from error
        if not text or not (text.isascii() and text.isprintable()):
            raise PlatformError(f"there is no token in {path}", f"{TOKEN_PATH} is the path of a file with one.")
        register(TOKEN_PATH, text)
        return text

    return token
