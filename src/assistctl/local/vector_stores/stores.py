"""The vector stores themselves, and batches of files, as they are kept in the database.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import sqlite3
import time

from assistctl.json_value import Json
from assistctl.local.database.collection import Collection, Stored, new_id
from assistctl.local.http.errors import ApiError, not_found
from assistctl.local.vector_stores import attachments
from assistctl.local.vector_stores.attachments import AttachmentRequest
from assistctl.local.vector_stores.fields import wishes_of

# The kinds are the words of their 404, and the triggers in `migrations` know them.
STORES = Collection("vector store")
BATCHES = Collection("file batch")

_SECONDS_A_DAY = 86_400


def create(connection: sqlite3.Connection, sent: dict[str, Json]) -> Stored:
    """Add a store, with the files it names. ``sent`` fits ``fields.CREATE``. Raises ``ApiError`` 404."""
    body: dict[str, Json] = {
        "name": sent.get("name"),
        "description": sent.get("description"),
        "metadata": sent.get("metadata") or {},
        "expires_after": sent.get("expires_after"),
        "last_active_at": int(time.time()),
    }
    stored = STORES.insert(connection, new_id("vs_"), body)
    attachments.attach(connection, stored.id, wishes_of(sent))
    return stored


def update(connection: sqlite3.Connection, store_id: str, sent: dict[str, Json]) -> Stored:
    """Change what ``sent``, which fits ``fields.UPDATE``, names. Raises ``ApiError`` 404."""
    old = STORES.get(connection, store_id)
    changes = {**sent, "metadata": sent["metadata"] or {}} if "metadata" in sent else sent
    return STORES.change(connection, old, changes)


def use(connection: sqlite3.Connection, store_id: str) -> Stored:
    """The store, active now. Raises ``ApiError`` 404, and 400 for one that has expired."""
    stored = active(connection, store_id)
    now = int(time.time())
    if stored.body["last_active_at"] != now:
        stored = STORES.change(connection, stored, {"last_active_at": now})
    return stored


def active(connection: sqlite3.Connection, store_id: str) -> Stored:
    """The store. Raises ``ApiError`` 404, and 400 for one that has expired: its files can only be listed."""
    stored = STORES.get(connection, store_id)
    if is_expired(stored):
        message = f"Vector store '{store_id}' is expired. Create a new one with the same files."
        raise ApiError(message, code="vector_store_expired")
    return stored


def expires_at(stored: Stored) -> int | None:
    """The expiry of a store that nobody uses, in seconds since the epoch."""
    policy, last = stored.body["expires_after"], stored.body["last_active_at"]
    if not isinstance(policy, dict):
        return None
    return int(str(last)) + int(str(policy["days"])) * _SECONDS_A_DAY


def is_expired(stored: Stored) -> bool:
    """Whether a store's time is over."""
    end = expires_at(stored)
    return end is not None and end <= time.time()


def create_batch(connection: sqlite3.Connection, store_id: str, wishes: list[AttachmentRequest]) -> Stored:
    """Attach files together. Raises ``ApiError`` 404 for the store or a file, 400 for an expired store."""
    use(connection, store_id)
    body: dict[str, Json] = {"vector_store_id": store_id, "cancelled": False}
    batch = BATCHES.insert(connection, new_id("vsfb_"), body)
    attachments.attach(connection, store_id, wishes, batch.id)
    return batch


def batch_of(connection: sqlite3.Connection, store_id: str, batch_id: str) -> Stored:
    """A batch of a store. Raises ``ApiError`` 404 for either."""
    STORES.get(connection, store_id)
    batch = BATCHES.get(connection, batch_id)
    if batch.body["vector_store_id"] != store_id:
        raise not_found(BATCHES.kind, batch_id)
    return batch


def cancel_batch(connection: sqlite3.Connection, store_id: str, batch_id: str) -> Stored:
    """Give up on what is left of a batch; one that is done stays as it is. Raises ``ApiError`` 404."""
    batch = batch_of(connection, store_id, batch_id)
    if attachments.counts_of_batch(connection, batch_id).in_progress:
        attachments.cancel(connection, batch_id)
        batch = BATCHES.change(connection, batch, {"cancelled": True})
    return batch
