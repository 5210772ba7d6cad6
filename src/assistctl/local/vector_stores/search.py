"""The chunks of vector stores that fit best: ``/vector_stores/{id}/search``, and the tool ``file_search`` of runs.

Words are ranked by ``ranking``; with an embedder, meaning counts too, and both scores are added by their weights
(``hybrid_search``, half and half unless told otherwise). A query is taken as it is: nothing here could rewrite
it. With several queries a chunk counts by the one it fits best. A file that is in several of the stores counts
once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistctl.json_value import Json
from assistctl.local.database.storage import Database
from assistctl.local.vector_stores import vectors
from assistctl.local.vector_stores.embeddings import Embedder, RefusedTextsError
from assistctl.local.vector_stores.filters import fits
from assistctl.local.vector_stores.indexer import Indexer
from assistctl.local.vector_stores.ranking import Hit, rank

Fields = dict[str, Json]

DEFAULT_RESULTS = 10

_WITHOUT_EMBEDDINGS = frozenset({"none"})
"""Rankers that rank by words alone."""

_RESULT = """SELECT file_id, json_extract(body, '$.filename'), attributes, text
    FROM chunks JOIN vector_store_files ON vector_store_files.seq = attachment
    JOIN objects ON objects.kind = 'file' AND objects.id = file_id WHERE chunks.id = ?"""


@dataclass(frozen=True, slots=True)
class Library:
    """The place of an app's vector stores, and the makers of their indexes."""

    database: Database
    indexer: Indexer


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A passage that fits: its file, its ``score`` above 0 and at most 1, and its ``texts``."""

    file_id: str
    filename: str
    score: float
    attributes: Fields
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """A query, and its vector with the share that similarity to it has in a score."""

    text: str
    vector: bytes | None
    meaning: float


def search_stores(
    library: Library,
    store_ids: Sequence[str],
    queries: Sequence[str],
    *,
    max_num_results: int = DEFAULT_RESULTS,
    ranking_options: Mapping[str, Json] | None = None,
    filters: Mapping[str, Json] | None = None,
) -> list[SearchResult]:
    """The passages of some stores together that fit any of the queries, best first.

    ``ranking_options`` has the API's shape: ``ranker``, ``score_threshold``, ``hybrid_search``. ``filters`` is the
    API's attribute filter, checked before. Stores that are not there have no passages. To be called outside of a
    transaction, and not on the event loop: it may ask the server of embeddings. Raises ``AssistctlError`` when the
    database cannot be used.
    """
    options = ranking_options or {}
    embedder = library.indexer.embedder
    questions = list(_questions(embedder, queries, options))
    with library.database.reading() as connection:
        found = _best(connection, store_ids, questions, embedder, _allowed(connection, store_ids, filters))
        threshold = float(str(options.get("score_threshold") or 0))
        wanted = (hit for hit in found if hit.score >= threshold)
        results = _different(connection, wanted, max_num_results)
        lacks_vectors = embedder is not None and vectors.any_missing(connection, embedder.model, store_ids)
    if lacks_vectors and embedder is not None and not embedder.is_left_alone:
        library.indexer.wake()
    return results


def search_page(library: Library, store_id: str, sent: Fields) -> Fields:
    """The ``VectorStoreSearchResultsPage``. ``sent`` fits ``fields.SEARCH``."""
    query = sent["query"]
    queries = [str(text) for text in query] if isinstance(query, list) else [str(query)]
    options, filters = sent.get("ranking_options"), sent.get("filters")
    found = search_stores(
        library,
        [store_id],
        queries,
        max_num_results=int(str(sent.get("max_num_results", DEFAULT_RESULTS))),
        ranking_options=options if isinstance(options, dict) else None,
        filters=filters if isinstance(filters, dict) else None,
    )
    return {
        "object": "vector_store.search_results.page",
        "search_query": list(queries),
        "data": [_view(chunk) for chunk in found],
        "has_more": False,
        "next_page": None,
    }


def _questions(
    embedder: Embedder | None, queries: Sequence[str], options: Mapping[str, Json]
) -> Iterator[_Question]:
    meaning = _share_of_meaning(options)
    found: list[bytes] | None = None
    if embedder is not None and meaning > 0 and options.get("ranker") not in _WITHOUT_EMBEDDINGS:
        try:
            found = embedder.vectors(queries)
        except RefusedTextsError:
            # A query longer than the model takes; its words are still there.
            found = None
    for number, query in enumerate(queries):
        yield _Question(query, found[number] if found else None, meaning)


def _share_of_meaning(options: Mapping[str, Json]) -> float:
    weights = options.get("hybrid_search")
    if not isinstance(weights, dict):
        return 0.5
    meaning, words = float(str(weights.get("embedding_weight", 0))), float(str(weights.get("text_weight", 0)))
    return meaning / (meaning + words) if meaning + words > 0 else 0.5


def _best(
    connection: sqlite3.Connection,
    store_ids: Sequence[str],
    questions: Sequence[_Question],
    embedder: Embedder | None,
    allowed: set[int] | None,
) -> list[Hit]:
    """Every hit of any of the questions once, best first."""
    best: dict[int, Hit] = {}
    for question in questions:
        hits = rank(connection, store_ids, question.text, allowed)
        if embedder is not None and question.vector is not None:
            alike = vectors.similar(connection, embedder.model, store_ids, question.vector, allowed)
            hits = _fused(hits, alike, question.meaning)
        for hit in hits:
            known = best.get(hit.chunk)
            if known is None or known.score < hit.score:
                best[hit.chunk] = hit
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.chunk))


def _fused(hits: list[Hit], alike: dict[tuple[int, int], float], meaning: float) -> list[Hit]:
    """Both scores as one. A chunk without a vector yet counts by its words."""
    by_words = {(hit.chunk, hit.attachment): hit.score for hit in hits}
    fused = []
    for place in by_words.keys() | alike.keys():
        words = by_words.get(place, 0.0)
        score = words if place not in alike else meaning * alike[place] + (1 - meaning) * words
        if score > 0:
            fused.append(Hit(*place, min(score, 1.0)))
    return fused


def _allowed(
    connection: sqlite3.Connection, store_ids: Sequence[str], condition: Mapping[str, Json] | None
) -> set[int] | None:
    """The files whose attributes fit the filter, ``None`` for all when there is no filter."""
    if condition is None:
        return None
    rows = connection.execute(
        """SELECT seq, attributes FROM vector_store_files
            WHERE vector_store_id IN (SELECT value FROM json_each(?))""",
        (json.dumps(list(store_ids)),),
    )
    return {seq for seq, attributes in rows if fits(json.loads(attributes), dict(condition))}


def _different(connection: sqlite3.Connection, hits: Iterator[Hit], most: int) -> list[SearchResult]:
    """The results for the first hits, without those that another store has as well."""
    results: dict[tuple[str, str], SearchResult] = {}
    for hit in hits:
        if len(results) == most:
            break
        file_id, filename, attributes, text = connection.execute(_RESULT, (hit.chunk,)).fetchone()
        result = SearchResult(file_id, filename, hit.score, json.loads(attributes), (text,))
        results.setdefault((file_id, text), result)
    return list(results.values())


def _view(result: SearchResult) -> Fields:
    return {
        "file_id": result.file_id,
        "filename": result.filename,
        "score": result.score,
        "attributes": result.attributes,
        "content": [{"type": "text", "text": text} for text in result.texts],
    }
