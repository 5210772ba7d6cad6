"""``/vector_stores/{id}/search``: the chunks that fit best.

The query is taken as it is: nothing here could rewrite it. With several queries a chunk counts by the one it
fits best.
"""

from __future__ import annotations

import json
import sqlite3

from assistctl.local.vector_stores.filters import fits
from assistctl.local.vector_stores.ranking import Hit, rank
from assistctl.model.plan import Json

Fields = dict[str, Json]

_DEFAULT_RESULTS = 10
_RESULT = """SELECT file_id, json_extract(body, '$.filename'), attributes, text
    FROM chunks JOIN vector_store_files ON vector_store_files.seq = attachment
    JOIN objects ON objects.kind = 'file' AND objects.id = file_id WHERE chunks.id = ?"""


def search(connection: sqlite3.Connection, store_id: str, sent: Fields) -> Fields:
    """The ``VectorStoreSearchResultsPage``. ``sent`` fits ``fields.SEARCH``."""
    query = sent["query"]
    queries = [str(it) for it in query] if isinstance(query, list) else [str(query)]
    found = _best(connection, store_id, queries, _allowed(connection, store_id, sent.get("filters")))
    options = sent.get("ranking_options")
    threshold = options.get("score_threshold", 0) if isinstance(options, dict) else 0
    wanted = [hit for hit in found if hit.score >= float(str(threshold))]
    limit = int(str(sent.get("max_num_results", _DEFAULT_RESULTS)))
    return {
        "object": "vector_store.search_results.page",
        "search_query": list(queries),
        "data": [_result(connection, hit) for hit in wanted[:limit]],
        "has_more": False,
        "next_page": None,
    }


def _best(
    connection: sqlite3.Connection, store_id: str, queries: list[str], allowed: set[int] | None
) -> list[Hit]:
    """Every hit of any of the queries once, best first."""
    best: dict[int, Hit] = {}
    for query in queries:
        for hit in rank(connection, store_id, query, allowed):
            known = best.get(hit.chunk)
            if known is None or known.score < hit.score:
                best[hit.chunk] = hit
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.chunk))


def _allowed(connection: sqlite3.Connection, store_id: str, condition: Json) -> set[int] | None:
    """The files whose attributes fit the filter, ``None`` for all when there is no filter."""
    if not isinstance(condition, dict):
        return None
    rows = connection.execute(
        "SELECT seq, attributes FROM vector_store_files WHERE vector_store_id = ?", (store_id,)
    )
    return {seq for seq, attributes in rows if fits(json.loads(attributes), condition)}


def _result(connection: sqlite3.Connection, hit: Hit) -> Fields:
    file_id, filename, attributes, text = connection.execute(_RESULT, (hit.chunk,)).fetchone()
    return {
        "file_id": file_id,
        "filename": filename,
        "score": hit.score,
        "attributes": json.loads(attributes),
        "content": [{"type": "text", "text": text}],
    }
