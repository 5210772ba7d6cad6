"""The prompt: a run's thread, and what the run did so far, as messages of Chat Completions.

Of earlier runs it gets their messages, not their calls of tools. When there is more than fits, messages are left
out of the middle: the newest stay, and the first one.
"""

from __future__ import annotations

import base64
import mimetypes
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored
from assistctl.local.files import record as files
from assistctl.local.files.content import ContentFolder
from assistctl.local.http.errors import ApiError
from assistctl.local.http.paging import PageQuery
from assistctl.local.runs import record, steps
from assistctl.local.threads import messages
from assistctl.local.vector_stores.chunking import estimated_tokens

Fields = dict[str, Json]

CONTEXT_TOKENS = 100_000
"""The most of a thread that the model is told when a run does not say, in estimated tokens."""

_IMAGE_TOKENS = {"low": 85, "auto": 1_000, "high": 1_000}
"""Of a picture, by its detail: about as many as the guide "Images and vision" counts for gpt-4o."""

_FILE = "image_file"
_PICTURES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)


def history(connection: sqlite3.Connection, run: Stored, budget: int, most: float) -> list[Fields] | None:
    """The thread's messages that are not of the run, oldest first, within ``budget`` estimated tokens.

    The newest is told even if it is longer, as the model knows better what it can take in; ``None`` where it is
    longer than ``most``. ``show_pictures`` is still to put the pictures of files in.
    """
    strategy = cast("Fields", run.body["truncation_strategy"])
    limit = strategy["last_messages"] if strategy["type"] == "last_messages" else None
    first = _first(connection, run, budget) if limit is None else None
    reserved = _tokens(first) if first is not None else 0
    kept: list[Fields] = []
    for message in _newest_first(connection, run):
        is_first = first is not None and message.id == first.id
        tokens = _tokens(message)
        if not kept and tokens > most:
            return None
        left, budget = budget, budget - tokens
        needed = 0 if is_first else reserved
        if kept and (budget < needed or len(kept) == limit):
            if first is not None and reserved <= left:
                kept.append(_message(connection, first))
            break
        kept.append(_message(connection, message))
    return kept[::-1]


def progress(connection: sqlite3.Connection, run: Stored) -> list[Fields]:
    """The run's own messages, calls and results so far."""
    told: list[Fields] = []
    for step in steps.all_of(connection, run.id):
        if step.body["type"] == "message_creation":
            details = cast("Fields", cast("Fields", step.body["step_details"])["message_creation"])
            message = messages.MESSAGES.find(connection, str(details["message_id"]))
            if message is not None:
                told.append({"role": "assistant", "content": _plain(message)})
        else:
            told += _calls(step, told)
    return told


def tokens_of(told: list[Fields]) -> int:
    """The approximate number of tokens in messages."""
    return sum(estimated_tokens(str(message)) for message in told)


def _newest_first(connection: sqlite3.Connection, run: Stored) -> Iterator[Stored]:
    query = PageQuery(limit=50)
    while True:
        page = messages.page(connection, str(run.body["thread_id"]), query)
        yield from (
            message for message in page.objects if message.body["run_id"] != run.id and message.body["content"]
        )
        if not page.has_more:
            return
        query = replace(query, after=page.objects[-1].id)


def _first(connection: sqlite3.Connection, run: Stored, budget: int) -> Stored | None:
    """The first message of the thread, unless too little of ``budget`` would be left for the others."""
    query = PageQuery(limit=1, descending=False)
    found = messages.page(connection, str(run.body["thread_id"]), query).objects
    most = min(budget // 4, CONTEXT_TOKENS // 10)
    if not found or not found[0].body["content"] or found[0].body["run_id"] == run.id:
        return None
    return found[0] if _tokens(found[0]) <= most else None


def _message(connection: sqlite3.Connection, message: Stored) -> Fields:
    role = message.body["role"]
    parts = cast("list[Fields]", message.body["content"])
    # Only users can show pictures to a model.
    if role == "assistant" or all(part["type"] == "text" for part in parts):
        return {"role": role, "content": _plain(message)}
    return {"role": role, "content": [_part(connection, part) for part in parts]}


def _plain(message: Stored) -> str:
    parts = cast("list[Fields]", message.body["content"])
    texts = [cast("Fields", part["text"])["value"] for part in parts if part["type"] == "text"]
    texts += [part["refusal"] for part in parts if part["type"] == "refusal"]
    return "\n".join(str(text) for text in texts)


def _part(connection: sqlite3.Connection, part: Fields) -> Fields:
    if part["type"] == "text":
        return {"type": "text", "text": cast("Fields", part["text"])["value"]}
    picture = cast("Fields", part[str(part["type"])])
    if part["type"] == "image_url":
        return {"type": "image_url", "image_url": picture}
    try:
        name = files.get(connection, str(picture["file_id"])).body["filename"]
    except ApiError:
        name = None
    return {"type": _FILE, **picture, "name": name}


def show_pictures(told: list[Fields], content: ContentFolder) -> list[Fields]:
    """The messages with the pictures of files as data; reads them, so in no transaction."""
    return [
        {**message, "content": [_shown(part, content) for part in parts]}
        if isinstance(parts := message["content"], list)
        else message
        for message in told
    ]


def _shown(part: Json, content: ContentFolder) -> Json:
    if not isinstance(part, dict) or part["type"] != _FILE:
        return part
    file_id, name = str(part["file_id"]), part["name"]
    try:
        data = content.path_of(file_id).read_bytes() if name is not None else None
    except OSError:
        data = None
    if data is None:
        return {"type": "text", "text": f"[The picture {file_id} is not there any more.]"}
    url = f"data:{_picture_type(data, str(name))};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": part["detail"]}}


def _picture_type(data: bytes, name: str) -> str:
    for beginning, kind in _PICTURES:
        if data.startswith(beginning):
            return kind
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _tokens(message: Stored) -> int:
    parts = cast("list[Fields]", message.body["content"])
    pictures = [cast("Fields", part[str(part["type"])]) for part in parts if str(part["type"]).startswith("image")]
    shown = (
        0
        if message.body["role"] == "assistant"
        else sum(_IMAGE_TOKENS[str(picture["detail"])] for picture in pictures)
    )
    return estimated_tokens(_plain(message)) + shown


def _calls(step: Stored, told: list[Fields]) -> list[Fields]:
    """The calls of one turn and their results; text of the same turn is one message with them."""
    outputs = {
        str(call["id"]): str(cast("Fields", call["function"]).get("output") or "")
        for call in steps.calls_of(step)
        if "function" in call
    }
    calls = cast("list[Fields]", record.private(step)["calls"])
    declared: list[Json] = [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in calls
    ]
    said = told.pop()["content"] if told and _is_text(told[-1]) else None
    results: list[Fields] = [
        {
            "role": "tool",
            "tool_call_id": call["id"],
            "content": call["result"] if call["result"] is not None else outputs.get(str(call["id"]), ""),
        }
        for call in calls
    ]
    return [{"role": "assistant", "content": said, "tool_calls": declared}, *results]


def _is_text(message: Fields) -> bool:
    return message["role"] == "assistant" and "tool_calls" not in message
