"""Which chunks answer a query, and how well: BM25 over the words in the FTS5 index.

FTS5's own ``bm25()`` counts the whole index, so other stores would change the ranking, and all but ignores words
that most chunks have, so in a store of one document every score would be zero. Here the numbers are the
store's own, and a word weighs ``log(1 + chunks / chunks with it)``, which stays above zero. The score is the part
of the most a chunk could reach, from 0 to 1: half means every word of the query once, in a chunk of average
length. A word nobody wrote weighs as one that a single chunk has. Chinese and Japanese, which put no spaces
between words, are only found by whole phrases between punctuation marks.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass

_K1 = 1.0
_B = 0.75

# As the index has it (`migrations`), so that the query's words are cut and stemmed in the same way.
_TOKENIZER = (
    "CREATE VIRTUAL TABLE query USING fts5 (text, tokenize = 'porter unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE terms USING fts5vocab (query, 'row')",
)
_SIZE = """SELECT count(*), avg(length) FROM chunks JOIN vector_store_files ON seq = attachment
    WHERE vector_store_id = ? AND status = 'completed'"""
_USES = """SELECT id, attachment, length, uses FROM
    (SELECT doc, count(*) AS uses FROM chunk_terms WHERE term = ? GROUP BY doc)
    JOIN chunks ON id = doc JOIN vector_store_files ON seq = attachment
    WHERE vector_store_id = ? AND status = 'completed'"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that has something to do with the query: ``score`` is above 0 and at most 1."""

    chunk: int
    attachment: int
    score: float


def rank(
    connection: sqlite3.Connection, store_id: str, query: str, attachments: Collection[int] | None = None
) -> list[Hit]:
    """The chunks of a store that have a word of the query, best first; only those of ``attachments``, if given."""
    count, average = connection.execute(_SIZE, (store_id,)).fetchone()
    if not count:
        return []
    scores: defaultdict[tuple[int, int], float] = defaultdict(float)
    best = 0.0
    for term in _terms(query):
        uses = connection.execute(_USES, (term, store_id)).fetchall()
        weight = math.log1p(count / max(len(uses), 1))
        best += weight * (_K1 + 1)
        for chunk, attachment, length, times in uses:
            if attachments is None or attachment in attachments:
                scores[chunk, attachment] += weight * _saturated(times, length / average)
    hits = [Hit(chunk, attachment, min(score / best, 1.0)) for (chunk, attachment), score in scores.items()]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk))


def _saturated(times: int, relative_length: float) -> float:
    return times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * relative_length))


def _terms(query: str) -> list[str]:
    """The different words of a query, as the index knows them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in _TOKENIZER:
            connection.execute(statement)
        connection.execute("INSERT INTO query VALUES (?)", (query,))
        return [term for (term,) in connection.execute("SELECT term FROM terms")]
