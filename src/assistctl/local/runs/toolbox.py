"""The platform's own tools for one run, ready to be used."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from starlette.concurrency import run_in_threadpool

from assistctl.json_value import Json
from assistctl.local.code_interpreter.sessions import Sessions
from assistctl.local.database.collection import Stored
from assistctl.local.database.storage import Database
from assistctl.local.files.content import ContentFolder
from assistctl.local.http.errors import ApiError
from assistctl.local.runs import record
from assistctl.local.runs.code_interpreter import CodeInterpreter, file_names
from assistctl.local.runs.file_search import FileSearch
from assistctl.local.runs.tools import CODE_INTERPRETER, FILE_SEARCH, BuiltInTool, ToolError
from assistctl.local.threads import record as threads
from assistctl.local.vector_stores import attachments, stores
from assistctl.local.vector_stores.indexer import Indexer
from assistctl.local.vector_stores.search import Library

Fields = dict[str, Json]

INDEXING_SECONDS = 60.0
"""How long a run waits for its thread's store, in seconds; it does not wait for the assistant's (guide)."""

_FIRST_LOOK, _LONGEST_LOOK = 0.02, 0.5
"""Seconds between two looks at a store: each is a fifth longer than the one before, as many runs may wait."""


async def tools_for(
    database: Database, content: ContentFolder, indexer: Indexer, code_sessions: Sessions, run: Stored
) -> dict[str, BuiltInTool]:
    """The tools by their names. Raises ``ToolError`` when the thread's vector store has expired."""
    declared = {str(tool["type"]): tool for tool in cast("list[Fields]", run.body["tools"])}
    tools: dict[str, BuiltInTool] = {}
    if FILE_SEARCH not in declared and CODE_INTERPRETER not in declared:
        return tools
    thread, number = await run_in_threadpool(_thread, database, run)
    of_assistant: Fields = {"tool_resources": record.private(run)["tool_resources"]}
    if FILE_SEARCH in declared:
        for store_id in threads.store_ids(thread.body):
            await _indexed(database, indexer, store_id)
        tools[FILE_SEARCH] = FileSearch(
            Library(database, indexer),
            [*threads.store_ids(of_assistant), *threads.store_ids(thread.body)],
            declared[FILE_SEARCH],
            model=str(run.body["model"]),
            number=number,
        )
    if CODE_INTERPRETER in declared:
        file_ids = [*threads.file_ids(of_assistant), *threads.file_ids(thread.body)]
        files = await run_in_threadpool(file_names, database, file_ids)
        tools[CODE_INTERPRETER] = CodeInterpreter(database, content, code_sessions, thread.id, files)
    return tools


def _thread(database: Database, run: Stored) -> tuple[Stored, int]:
    """The run's thread, and a number that no mark in it has yet: it grows with messages and steps."""
    thread_id = str(run.body["thread_id"])
    with database.reading() as connection:
        return threads.THREADS.get(connection, thread_id), threads.size(connection, thread_id)


async def _indexed(database: Database, indexer: Indexer, store_id: str) -> None:
    """Wait until a store's files are indexed, or it takes too long. Another process may be what indexes them."""
    deadline = time.monotonic() + INDEXING_SECONDS
    pause = _FIRST_LOOK
    while await run_in_threadpool(_is_indexing, database, store_id):
        if time.monotonic() > deadline:
            return
        indexer.wake()
        await asyncio.sleep(pause)
        pause = min(pause * 1.2, _LONGEST_LOOK)


def _is_indexing(database: Database, store_id: str) -> bool:
    with database.reading() as connection:
        try:
            stores.active(connection, store_id)
        except ApiError as error:
            if error.status == 404:  # noqa: PLR2004  # not found: deleted, and so not searched
                return False
            raise ToolError(error.message) from error
        return attachments.counts(connection, store_id).in_progress > 0
