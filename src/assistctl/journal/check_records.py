"""The check results of one assistant as an object in the journal: JSON, replaced as a whole."""

from __future__ import annotations

import json
import secrets

import msgspec

from assistctl.errors import JournalError
from assistctl.model.past_check import PastCheck, PastChecks
from assistctl.secrets.redaction import masked

VERSION = 1
KEPT_OF_EACH = 16
"""So many outcomes of each check are kept."""
CHECKS_KEPT = 1000
"""So many outcomes are kept of one assistant."""


class CheckRecords(msgspec.Struct):
    """The content of the object. ``nonce`` makes each write unlike any other."""

    checks: list[PastCheck]
    nonce: str
    version: int = VERSION


def encode_checks(past: PastChecks) -> bytes:
    """The content for ``past``, never twice the same. Secrets in it are masked."""
    record = CheckRecords([*past.checks[:CHECKS_KEPT]], secrets.token_hex(8))
    # Lists, not tuples, are looked into.
    plain = json.loads(msgspec.json.encode(record))
    return json.dumps(masked(plain), indent=1).encode("ascii")


def decode_checks(data: bytes, place: str) -> PastChecks:
    """The outcomes in the object at ``place``. Raises ``JournalError`` when it is too new, or damaged."""
    try:
        raw = json.loads(data)
        version = raw["version"] if isinstance(raw, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise JournalError(f"{place} was written by a newer version of assistctl", "Upgrade assistctl.")
        return PastChecks(tuple(msgspec.convert(raw, CheckRecords).checks))
    except (ValueError, KeyError, RecursionError):
        raise JournalError(
            f"the record of checks {place} is not what assistctl writes",
            "Delete it: the next check writes a new one.",
        ) from None
