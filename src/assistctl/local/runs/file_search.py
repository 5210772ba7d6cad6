"""The tool ``file_search``: the assistant's and the thread's vector stores searched together.

At most 20 results and some 16,000 tokens of them, 5 and 4,000 for the oldest models (guide of the tool).
"""

from __future__ import annotations

import json
from typing import cast

from starlette.concurrency import run_in_threadpool

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.local.runs.citations import mark
from assistctl.local.runs.tools import FILE_SEARCH, Fields, ToolError, ToolResult, function
from assistctl.local.vector_stores import stores
from assistctl.local.vector_stores.chunking import estimated_tokens
from assistctl.local.vector_stores.search import Library, SearchResult, search_stores
from assistctl.model.unicode_text import whole_characters

_RESULTS, _TOKENS = 20, 16_000
_OLD_RESULTS, _OLD_TOKENS = 5, 4_000
_MOST_QUERIES = 5

_DESCRIPTION = (
    "Searches the files that belong to this assistant and this conversation. Each result begins with a mark such"
    " as 【4:0†name.md】. Where the answer uses a result, put its mark, exactly as it stands there, behind what it"
    " supports."
)
_QUERIES: Fields = {
    "type": "array",
    "items": {"type": "string"},
    "description": "What to search for, in the words the files would use; each query searches for one thing.",
}


class FileSearch:
    """The tool for one run. ``settings`` is the tool as the run has it; ``number`` is what
    the first search's marks begin with."""

    def __init__(
        self, library: Library, store_ids: list[str], settings: Fields, *, model: str, number: int
    ) -> None:
        self._library = library
        self._store_ids = list(dict.fromkeys(store_ids))
        self._next = number
        is_old = model.startswith("gpt-3.5")
        options = cast("Fields", settings.get("file_search") or {})
        self._limit = int(str(options.get("max_num_results") or (_OLD_RESULTS if is_old else _RESULTS)))
        self._tokens = _OLD_TOKENS if is_old else _TOKENS
        ranking = cast("Fields", options.get("ranking_options") or {})
        self._ranking: Fields = {"ranker": "default_2024_08_21", "score_threshold": 0.0, **ranking}

    def declaration(self) -> Fields:
        """See ``BuiltInTool``."""
        return function(FILE_SEARCH, _DESCRIPTION, {"queries": _QUERIES}, ["queries"])

    def begun(self, call_id: str) -> Fields:
        """See ``BuiltInTool``: an empty object, as the service tells it."""
        return {"id": call_id, "type": FILE_SEARCH, FILE_SEARCH: {}}

    def input_of(self, arguments: str) -> None:
        """See ``BuiltInTool``: what is searched for is not told."""

    async def call(self, call_id: str, arguments: str) -> ToolResult:
        """See ``BuiltInTool``."""
        found = await run_in_threadpool(self._found, _queries(arguments))
        number, self._next = self._next, self._next + 1
        citations, texts = {}, []
        for index, result in enumerate(found):
            position = f"{number}:{index}"
            citations[position] = str(result["file_id"])
            [content] = cast("list[Fields]", result["content"])
            texts.append(f"{mark(position, str(result['file_name']))}\n{content['text']}")
        step: Fields = {
            "id": call_id,
            "type": FILE_SEARCH,
            FILE_SEARCH: {"ranking_options": self._ranking, "results": cast("Json", found)},
        }
        return ToolResult("\n\n".join(texts) or "Nothing was found.", step, citations)

    def _found(self, queries: list[str]) -> list[Fields]:
        """The results of all stores, best first, as many as may be told to the model."""
        store_ids = [store_id for store_id in self._store_ids if self._is_there(store_id)] if queries else []
        found = search_stores(
            self._library,
            store_ids,
            queries,
            max_num_results=self._limit,
            ranking_options=self._ranking,
        )
        return self._affordable([_result(chunk) for chunk in found])

    def _is_there(self, store_id: str) -> bool:
        """Whether a store can be searched; that keeps it from expiring. Raises ``ToolError`` for one that has."""
        try:
            with self._library.database.writing() as connection:
                stores.use(connection, store_id)
        except ApiError as error:
            if error.status == 404:  # noqa: PLR2004  # somebody deleted it
                return False
            raise ToolError(error.message) from error
        return True

    def _affordable(self, found: list[Fields]) -> list[Fields]:
        left = self._tokens
        kept: list[Fields] = []
        for result in found:
            [content] = cast("list[Fields]", result["content"])
            left -= estimated_tokens(str(content["text"]), at_most=left)
            if left < 0 and kept:
                break
            kept.append(result)
        return kept


def _result(found: SearchResult) -> Fields:
    return {
        "file_id": found.file_id,
        "file_name": found.filename,
        "score": found.score,
        "content": [{"type": "text", "text": text} for text in found.texts],
    }


def _queries(arguments: str) -> list[str]:
    """The queries in what the model wrote, which need not be what it was asked to write."""
    try:
        value = json.loads(arguments)
    except ValueError:
        value = arguments
    if isinstance(value, dict):
        value = value.get("queries") or value.get("query") or ""
    queries = value if isinstance(value, list) else [value]
    texts = [whole_characters(str(query)) for query in queries]
    return [text for text in texts if text.strip()][:_MOST_QUERIES]
