"""The frame of every request about vector stores: a transaction, and indexing afterwards.

Whatever waits to be indexed when a request ends is worked on from then on, whoever attached it. An answer that
says ``in_progress`` also says when to ask again (``openai-poll-after-ms``), which the SDK's helpers honour.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse

from assistctl.json_value import Json
from assistctl.local.state import database_of, indexer_of
from assistctl.local.vector_stores import attachments

_FIRST_MS, _FILE_MS, _LONGEST_MS = 20, 5, 500
"""Milliseconds until somebody may ask again whether files are indexed: a small one takes some five."""


@contextmanager
def reading(request: Request) -> Iterator[sqlite3.Connection]:
    """See ``Database.reading``."""
    with database_of(request).reading() as connection:
        yield connection
        waiting = attachments.any_waiting(connection)
    if waiting:
        indexer_of(request).wake()


@contextmanager
def writing(request: Request, *, create: bool = False, durable: bool = True) -> Iterator[sqlite3.Connection]:
    """See ``Database.writing``."""
    with database_of(request).writing(create=create, durable=durable) as connection:
        yield connection
        waiting = attachments.any_waiting(connection)
    if waiting:
        indexer_of(request).wake()


def answer(fields: Mapping[str, Json]) -> JSONResponse:
    """The response with an object that may have a ``status``."""
    headers = {"openai-poll-after-ms": str(_poll_after(fields))} if fields.get("status") == "in_progress" else None
    return JSONResponse(fields, headers=headers)


def _poll_after(fields: Mapping[str, Json]) -> int:
    counts = fields.get("file_counts")
    waiting = counts["in_progress"] if isinstance(counts, dict) else 1
    return min(_FIRST_MS + _FILE_MS * cast("int", waiting), _LONGEST_MS)
