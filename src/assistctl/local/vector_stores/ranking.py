"""Ranking of chunks for a query: BM25 over the terms in the FTS5 index.

FTS5's own ``bm25()`` counts the whole index, so other stores would change the ranking, and all but ignores words
that most chunks have, so in a store of one document every score would be zero. Here the numbers are those of the
stores that are searched, and a word weighs ``log(1 + chunks / chunks with it)``, which stays above zero. Words
such as "the" and "what" weigh a tenth of that, unless no other word of the query finds anything; among many
chunks, where most have them, they are not looked up at all.

The score goes from 0 to 1. With ``r`` for the part of the most that a chunk could reach, it is ``2r / (1 + r)``:
every word of the query once, in a chunk of average length, makes two thirds. A word that nobody wrote weighs as
the average of the others, so that one unknown name does not spoil an answer, nor goes unnoticed.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistctl.local.vector_stores.words import QueryWord, query_words

_K1 = 1.0
_B = 0.75

_FUNCTION_WORD = 0.1
_MANY = 2000
"""Chunks beyond which to look up function words takes longer than all the rest, and changes nothing."""

_SEARCHED = """vector_store_files.status = 'completed'
    AND vector_store_id IN (SELECT value FROM json_each(:stores))"""
_SIZE = f"""SELECT count(*), avg(length) FROM chunks JOIN vector_store_files ON seq = attachment
    WHERE {_SEARCHED}"""  # noqa: S608  # both parts are constants
_USES = f"""SELECT id, attachment, length, uses FROM
    (SELECT doc, count(*) AS uses FROM chunk_terms
        WHERE term IN (SELECT value FROM json_each(:terms)) GROUP BY doc)
    JOIN chunks INDEXED BY chunk_sizes ON id = doc JOIN vector_store_files ON seq = attachment WHERE {_SEARCHED}"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that has something to do with the query: ``score`` is above 0 and at most 1."""

    chunk: int
    attachment: int
    score: float


_Use = tuple[int, int, int, int]
"""A word in a chunk: the chunk, its attachment, its length, and how often the word is in it. There are many."""


def rank(
    connection: sqlite3.Connection,
    store_ids: Sequence[str],
    query: str,
    attachments: Collection[int] | None = None,
) -> list[Hit]:
    """The chunks of some stores that have a word of the query, in no order; only of ``attachments``, if given."""
    stores = json.dumps(list(store_ids))
    count, average = connection.execute(_SIZE, {"stores": stores}).fetchone()
    if not count:
        return []
    words = query_words(query)
    found = [_uses(connection, stores, word) for word in words if not word.is_function_word]
    others: list[list[_Use]] = []
    if count <= _MANY or not any(found):
        others = [_uses(connection, stores, word) for word in words if word.is_function_word]
    weighed = [(1.0, uses) for uses in found]
    weighed += [(_FUNCTION_WORD if any(found) else 1.0, uses) for uses in others]
    return _scored(weighed, count, average, attachments)


def _uses(connection: sqlite3.Connection, stores: str, word: QueryWord) -> list[_Use]:
    return connection.execute(_USES, {"stores": stores, "terms": json.dumps(word.terms)}).fetchall()


def _scored(
    words: Sequence[tuple[float, Sequence[_Use]]],
    count: int,
    average: float,
    attachments: Collection[int] | None,
) -> list[Hit]:
    """The hits for words with a factor each, and where they are used."""
    weights = [factor * math.log1p(count / len(uses)) for factor, uses in words if uses]
    if not weights:
        return []
    # A word that nobody wrote is a part of what was asked, too.
    written = sum(factor for factor, uses in words if uses)
    most = sum(weights) / written * sum(factor for factor, _ in words)
    reached: defaultdict[tuple[int, int], float] = defaultdict(float)
    for factor, uses in words:
        weight = factor * math.log1p(count / max(len(uses), 1))
        for chunk, attachment, length, times in uses:
            # From 0 to 1: 1/2 for a word that is once in a chunk of average length.
            saturation = times / (times + _K1 * (1 - _B + _B * length / average))
            reached[chunk, attachment] += weight * saturation
    return [
        Hit(chunk, attachment, _score(part / most))
        for (chunk, attachment), part in reached.items()
        if attachments is None or attachment in attachments
    ]


def _score(part: float) -> float:
    part = min(part, 1.0)
    return 2 * part / (1 + part)
