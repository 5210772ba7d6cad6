"""The threads as they are kept: created, changed, deleted, and as they are answered.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import cast

from assistctl.json_value import Json
from assistctl.local.database.collection import Collection, Stored, new_id
from assistctl.local.files import record as files
from assistctl.local.threads import messages
from assistctl.local.vector_stores import stores

Fields = dict[str, Json]

THREADS = Collection("thread")


def create(connection: sqlite3.Connection, sent: Fields) -> Stored:
    """Add a thread with the messages it is sent with. ``sent`` fits ``fields.CREATE``. Raises ``ApiError``."""
    thread_id = new_id("thread_")
    require_resources(connection, sent)
    resources = _with_store_made(connection, thread_id, _object(sent.get("tool_resources")))
    body: Fields = {"tool_resources": resources, "metadata": sent.get("metadata") or {}}
    thread = THREADS.insert(connection, thread_id, body)
    return add_messages(connection, thread, cast("list[Fields]", sent.get("messages") or []))[0]


def add_messages(
    connection: sqlite3.Connection, thread: Stored, sent: list[Fields]
) -> tuple[Stored, list[Stored]]:
    """Add messages to a thread, and their attachments to its resources; the thread after that, and the messages.

    Each of ``sent`` fits ``fields.MESSAGE``. Raises ``ApiError``.
    """
    added = []
    changed = thread
    for message in sent:
        resources = messages.with_attachments(connection, changed, message)
        changed = replace(changed, body={**changed.body, "tool_resources": resources})
        added.append(messages.add(connection, thread.id, message))
    if changed.body != thread.body:
        THREADS.replace(connection, changed)
    return changed, added


def update(connection: sqlite3.Connection, thread_id: str, sent: Fields) -> Stored:
    """Change what ``sent``, which fits ``fields.UPDATE``, names; resources tool by tool.

    Raises ``ApiError`` 404.
    """
    require_resources(connection, sent)
    old = THREADS.get(connection, thread_id)
    changes: Fields = {}
    if "metadata" in sent:
        changes["metadata"] = sent["metadata"] or {}
    if "tool_resources" in sent:
        given = sent["tool_resources"]
        known = _object(old.body["tool_resources"])
        changes["tool_resources"] = {} if given is None else {**known, **_object(given)}
    return THREADS.change(connection, old, changes)


def delete(connection: sqlite3.Connection, thread_id: str) -> None:
    """Remove a thread with its messages, runs and steps, and the store that was made for it.

    Raises ``ApiError`` 404.
    """
    thread = THREADS.get(connection, thread_id)
    for store_id in store_ids(thread.body):
        if _is_made_for(connection, store_id, thread_id):
            stores.STORES.delete(connection, store_id)
    THREADS.delete(connection, thread_id)


def view(thread: Stored) -> Fields:
    """The ``ThreadObject``."""
    return {"id": thread.id, "object": "thread", "created_at": thread.created_at, **thread.body}


def size(connection: sqlite3.Connection, thread_id: str) -> int:
    """The number of messages and run steps in a thread."""
    query = """SELECT count(*) FROM objects
        WHERE kind IN ('message', 'run step') AND json_extract(body, '$.thread_id') = ?"""
    return int(connection.execute(query, (thread_id,)).fetchone()[0])


def require_resources(connection: sqlite3.Connection, sent: Fields) -> None:
    """Raise ``ApiError`` 404 when ``tool_resources`` name a file or a vector store that is not there."""
    for file_id in file_ids(sent):
        files.get(connection, file_id)
    for store_id in store_ids(sent):
        stores.STORES.get(connection, store_id)


def store_ids(body: Fields) -> list[str]:
    """The vector stores that the resources of a thread or an assistant name: one at most."""
    search = _object(_object(body.get("tool_resources")).get("file_search"))
    return [str(store_id) for store_id in cast("list[Json]", search.get("vector_store_ids") or [])]


def file_ids(body: Fields) -> list[str]:
    """The files that the resources of a thread or an assistant have for the code interpreter."""
    code = _object(_object(body.get("tool_resources")).get("code_interpreter"))
    return [str(file_id) for file_id in cast("list[Json]", code.get("file_ids") or [])]


def _with_store_made(connection: sqlite3.Connection, thread_id: str, resources: Fields) -> Fields:
    """Make the store that ``file_search.vector_stores`` asks for, and name it in its place."""
    asked = _object(resources.get("file_search")).get("vector_stores")
    if not isinstance(asked, list):
        return resources
    made: list[Json] = [messages.new_store(connection, thread_id, _object(store)).id for store in asked]
    return {**resources, "file_search": {"vector_store_ids": made}}


def _is_made_for(connection: sqlite3.Connection, store_id: str, thread_id: str) -> bool:
    store = stores.STORES.find(connection, store_id)
    return store is not None and store.body.get("made_for_thread") == thread_id


def _object(value: Json) -> Fields:
    return value if isinstance(value, dict) else {}
