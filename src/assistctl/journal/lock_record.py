"""The content of a lock: who holds it, and how long that counts."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from assistctl.errors import JournalError
from assistctl.journal.records import Actor
from assistctl.secrets.redaction import masked

VERSION = 1


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a lock. ``renewed`` is by the holder's own clock; the ``lease`` is in seconds."""

    id: str
    who: Actor
    since: datetime
    renewed: datetime
    lease: float

    @property
    def expires(self) -> datetime:
        """The end of the lease unless it is renewed, by the holder's clock.

        For people only: nothing relies on it.
        """
        return self.renewed + timedelta(seconds=self.lease)

    def __str__(self) -> str:
        who = self.who
        where = f"{who.user} on {who.host}"
        if who.ci:
            where = f"{who.ci.system}{f' ({who.ci.url})' if who.ci.url else ''}, {who.ci.actor or who.user}"
        return f"{where}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"


class LockRecord(msgspec.Struct):
    """The content of a lock's object. ``nonce`` makes each write unlike any other; no ``holder``: it is free."""

    holder: Holder | None
    nonce: str
    version: int = VERSION


def new_holder(who: Actor, lease: float) -> Holder:
    """A holder with an id of eight characters, from now on."""
    now = datetime.now(UTC)
    return Holder(secrets.token_hex(4), who, now, now, lease)


def encode_lock(holder: Holder | None) -> bytes:
    """The content for a lock, never twice the same: some services make an e-tag of the content alone.

    Secrets in it are masked.
    """
    record = LockRecord(holder, secrets.token_hex(8))
    return json.dumps(masked(msgspec.to_builtins(record)), indent=1).encode("ascii")


def decode_lock(data: bytes, place: str) -> LockRecord:
    """The lock in ``data``. Raises ``JournalError`` when it is not one, or too new."""
    try:
        raw = json.loads(data)
        version = raw["version"] if isinstance(raw, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise JournalError(
                f"the lock {place} was written by a newer version of assistctl", "Upgrade assistctl."
            )
        return msgspec.convert(raw, LockRecord)
    except (ValueError, KeyError, RecursionError):
        raise JournalError(
            f"the lock {place} is not what assistctl writes", "If no apply is running, delete it."
        ) from None
