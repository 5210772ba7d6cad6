"""Reasons why files are not indexed: the ``last_error`` codes of the OpenAPI description, and messages."""

from __future__ import annotations

UNSUPPORTED = "unsupported_file"
INVALID = "invalid_file"
SERVER_ERROR = "server_error"

TOO_LARGE = "The file could not be parsed because it is too large."
"""The service's words (openai/openai-openapi pull request 300)."""

TOO_SLOW = "The file could not be parsed because reading it takes too long."
TOO_HEAVY = "The file could not be parsed because reading it takes too much memory."


class UnreadableError(Exception):
    """A file whose text cannot be read: a ``last_error`` with one of its codes, and a message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
