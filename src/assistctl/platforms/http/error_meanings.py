"""Meanings of the codes in vendors' refusals, where they say more than the status."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import TypeAlias


class ErrorMeaning(Enum):
    """The meaning of a refusal for the request.

    ``SPENT``: a limit that does not pass by waiting. ``THROTTLED``: not carried out, and may be later.
    ``HALF_DONE``: it may have been carried out in part, and sending it again finishes it. ``AS_STATUS``: what its
    status says.
    """

    SPENT = auto()
    THROTTLED = auto()
    HALF_DONE = auto()
    AS_STATUS = auto()


ErrorTable: TypeAlias = Mapping[str, ErrorMeaning]
"""The meaning of each code that a vendor has for a 429 or a 5xx."""

SPENT_ADVICE = "The account's quota is used up; waiting does not help."
"""What to say of a limit that does not pass."""


def code_of_error(body: object) -> str:
    """The ``code`` of an error object, or of the one under ``error``; empty if there is none."""
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""
