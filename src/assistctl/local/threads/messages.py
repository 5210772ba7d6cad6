"""The messages as they are kept: added by a user or by a run, with what their attachments do to the thread.

All functions take a connection inside a transaction (``Database.reading`` or ``.writing``).
"""

from __future__ import annotations

import sqlite3
import time
from typing import cast

from assistctl.json_value import Json
from assistctl.local.database.collection import Collection, Condition, Page, Stored, new_id
from assistctl.local.files import record as files
from assistctl.local.http.errors import ApiError, not_found
from assistctl.local.http.paging import PageQuery
from assistctl.local.vector_stores import attachments, stores
from assistctl.local.vector_stores.fields import wishes_of

Fields = dict[str, Json]

MESSAGES = Collection("message")

MAX_CODE_FILES = 20
"""How many files a thread may have for the code interpreter (OpenAPI description)."""

_STORE_DAYS = 7
"""A store made for a thread expires so long after its last use (guide of the tool file search)."""

_IMAGE_PURPOSES = ("vision", "assistants_output")
_OF_THREAD = "AND json_extract(body, '$.thread_id') = :thread"
_OF_RUN = f"{_OF_THREAD} AND json_extract(body, '$.run_id') = :run"


def add(connection: sqlite3.Connection, thread_id: str, sent: Fields) -> Stored:
    """Add a message that is complete. ``sent`` fits ``fields.MESSAGE``. Raises ``ApiError``."""
    content = _content(sent["content"])
    for part in content:
        if part["type"] == "image_file":
            _require_picture(connection, str(cast("Fields", part["image_file"])["file_id"]))
    body = _body(thread_id, str(sent["role"]))
    body |= {
        "status": "completed",
        "completed_at": int(time.time()),
        "content": cast("Json", content),
        "attachments": cast("list[Json]", sent.get("attachments") or []),
        "metadata": sent.get("metadata") or {},
    }
    return MESSAGES.insert(connection, new_id("msg_"), body)


def begin(connection: sqlite3.Connection, thread_id: str, run_id: str, assistant_id: str) -> Stored:
    """Add an empty message of an assistant, which a run is about to fill."""
    body = _body(thread_id, "assistant")
    body |= {"status": "in_progress", "run_id": run_id, "assistant_id": assistant_id}
    return MESSAGES.insert(connection, new_id("msg_"), body)


def complete(connection: sqlite3.Connection, message: Stored, content: list[Fields]) -> Stored:
    """Give a message its whole content."""
    changes: Fields = {"status": "completed", "completed_at": int(time.time()), "content": cast("Json", content)}
    return MESSAGES.change(connection, message, changes)


def break_off(connection: sqlite3.Connection, message: Stored, reason: str, content: list[Fields]) -> Stored:
    """End a message early, with its content so far; ``reason`` is that of ``incomplete_details``."""
    changes: Fields = {
        "status": "incomplete",
        "incomplete_at": int(time.time()),
        "incomplete_details": {"reason": reason},
        "content": cast("Json", content),
    }
    return MESSAGES.change(connection, message, changes)


def keep_content(connection: sqlite3.Connection, message: Stored, content: list[Fields]) -> None:
    """Keep the content so far of a message in progress."""
    MESSAGES.change(connection, message, {"content": cast("Json", content)})


def get(connection: sqlite3.Connection, thread_id: str, message_id: str) -> Stored:
    """A message of a thread. Raises ``ApiError`` 404."""
    message = MESSAGES.get(connection, message_id)
    if message.body["thread_id"] != thread_id:
        raise not_found(MESSAGES.kind, message_id)
    return message


def page(connection: sqlite3.Connection, thread_id: str, query: PageQuery, run_id: str | None = None) -> Page:
    """One page of a thread's messages, of all or of those that a run made.

    Raises ``ApiError`` 404 for a cursor that is no message of the thread.
    """
    for cursor in query.cursors:
        get(connection, thread_id, cursor)
    condition = Condition(_OF_RUN if run_id else _OF_THREAD, {"thread": thread_id, "run": run_id})
    return MESSAGES.page(connection, query, condition)


def set_metadata(connection: sqlite3.Connection, message: Stored, metadata: Json) -> Stored:
    """Replace the metadata of a message; null empties it."""
    return MESSAGES.change(connection, message, {"metadata": metadata or {}})


def view(message: Stored) -> Fields:
    """The ``MessageObject``."""
    return {"id": message.id, "object": "thread.message", "created_at": message.created_at, **message.body}


def with_attachments(connection: sqlite3.Connection, thread: Stored, sent: Fields) -> Fields:
    """The thread's resources once they have what a message has attached. Raises ``ApiError``."""
    resources = cast("Fields", thread.body["tool_resources"])
    for attachment in cast("list[Fields]", sent.get("attachments") or []):
        file_id = str(attachment["file_id"])
        files.get(connection, file_id)
        tools = {tool["type"] for tool in cast("list[Fields]", attachment["tools"])}
        if "code_interpreter" in tools:
            resources = _with_code_file(resources, file_id)
        if "file_search" in tools:
            resources = _with_searched_file(connection, thread.id, resources, file_id)
    return resources


def new_store(connection: sqlite3.Connection, thread_id: str, sent: Fields) -> Stored:
    """A vector store made for a thread; ``sent`` fits ``vector_stores.fields.HELPER``."""
    policy: Fields = {"anchor": "last_active_at", "days": _STORE_DAYS}
    store = stores.create(connection, {**sent, "expires_after": policy})
    return stores.STORES.change(connection, store, {"made_for_thread": thread_id})


def _body(thread_id: str, role: str) -> Fields:
    return {
        "thread_id": thread_id,
        "status": "in_progress",
        "incomplete_details": None,
        "completed_at": None,
        "incomplete_at": None,
        "role": role,
        "content": [],
        "assistant_id": None,
        "run_id": None,
        "attachments": [],
        "metadata": {},
    }


def _content(sent: Json) -> list[Fields]:
    """Content as it is answered: a text with its annotations, a picture with its detail."""
    if isinstance(sent, str):
        return [_text(sent)]
    return [_part(part) for part in cast("list[Fields]", sent)]


def _part(part: Fields) -> Fields:
    kind = str(part["type"])
    if kind == "text":
        return _text(str(part["text"]))
    picture: Fields = {"detail": "auto", **cast("Fields", part[kind])}
    return {"type": kind, kind: picture}


def _text(value: str) -> Fields:
    return {"type": "text", "text": {"value": value, "annotations": []}}


def _require_picture(connection: sqlite3.Connection, file_id: str) -> None:
    purpose = files.get(connection, file_id).body["purpose"]
    if purpose not in _IMAGE_PURPOSES:
        raise ApiError(
            f"The file '{file_id}' of purpose '{purpose}' cannot be shown in a message: upload it with purpose"
            " 'vision'.",
            param="content",
            code="invalid_value",
        )


def _with_code_file(resources: Fields, file_id: str) -> Fields:
    known = cast("list[Json]", cast("Fields", resources.get("code_interpreter") or {}).get("file_ids") or [])
    if file_id in known:
        return resources
    if len(known) >= MAX_CODE_FILES:
        message = f"A thread can have at most {MAX_CODE_FILES} files for the code interpreter."
        raise ApiError(message, param="attachments", code="array_above_max_length")
    return {**resources, "code_interpreter": {"file_ids": [*known, file_id]}}


def _with_searched_file(connection: sqlite3.Connection, thread_id: str, resources: Fields, file_id: str) -> Fields:
    search = cast("Fields", resources.get("file_search") or {})
    known = cast("list[Json]", search.get("vector_store_ids") or [])
    # A store that was deleted is as good as none.
    if not known or stores.STORES.find(connection, str(known[0])) is None:
        store = new_store(connection, thread_id, {"file_ids": [file_id]})
        return {**resources, "file_search": {"vector_store_ids": [store.id]}}
    store_id = str(known[0])
    stores.active(connection, store_id)
    if not attachments.is_attached(connection, store_id, file_id):
        attachments.attach(connection, store_id, wishes_of({"file_ids": [file_id]}))
    return resources
