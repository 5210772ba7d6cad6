"""Indexing of attached files, behind the requests.

A thread is started when there is work and ends when there is none. Work is what the database says is
``in_progress``, so what one process leaves, the next request to any process picks up. One process at a time
works, under a lock (``held``). A file that cannot be read fails alone, whatever it does to what reads it. With an
embedder, chunks get their vectors when all files are indexed: these can be found by their words until then.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from assistctl.local.database.storage import Database
from assistctl.local.files.content import LOCK, ContentFolder
from assistctl.local.vector_stores import jobs, vectors
from assistctl.local.vector_stores.chunking import Chunk, chunks
from assistctl.local.vector_stores.document_reader import DocumentReader
from assistctl.local.vector_stores.embeddings import Embedder, RefusedTextsError
from assistctl.local.vector_stores.jobs import Job
from assistctl.local.vector_stores.unreadable import SERVER_ERROR, UnreadableError

logger = logging.getLogger(__name__)

_STOP_SECONDS = 10.0
"""How long to wait for the thread at the end; beyond that the process goes, and another one finishes its work."""

_SLICE = 200
"""Chunks written in one transaction. Measured, that takes up to 0.2 s, and other writers wait."""

_EMBEDDED_TOGETHER = 64
"""Chunks sent to the server of embeddings in one request: some 50,000 tokens by default."""


class Indexer:
    """The indexing of one app. ``database`` may be used by others at the same time.

    ``embedder``, if there is one, makes the vectors of chunks.
    """

    def __init__(self, database: Database, content: ContentFolder, embedder: Embedder | None = None) -> None:
        # A connection of its own, so that requests need not wait for it. In memory there is only the one.
        self._database = database if database.path is None else Database(database.path)
        self._content = content
        self.embedder = embedder
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wanted = False
        self._stopping = threading.Event()
        self._documents = DocumentReader()

    def wake(self) -> None:
        """See to it that what waits is indexed."""
        with self._mutex:
            self._wanted = True
            if self._thread is not None:
                return
            self._stopping = threading.Event()
            self._documents = DocumentReader()
            # A daemon: the end of the process need not wait for it, as nothing is lost.
            self._thread = threading.Thread(target=self._run, name="assistctl-indexer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop after the step under way. ``wake`` starts again."""
        with self._mutex:
            thread, documents = self._thread, self._documents
            self._stopping.set()
        documents.close()
        if thread is not None:
            thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while self._is_wanted():
            try:
                self._work()
            except Exception:
                # The next request wakes it again, and tells its client what is wrong with the database.
                logger.exception("indexing stopped")
            self._documents.rest()
            if self._database.path is not None:
                self._database.close()

    def _is_wanted(self) -> bool:
        with self._mutex:
            wanted = self._wanted and not self._stopping.is_set()
            self._wanted = False
            if not wanted:
                self._thread = None
            return wanted

    def _work(self) -> None:
        if self._database.path is None:
            self._index_all()
            return
        with held(self._content.made() / LOCK) as mine:
            if mine:
                self._index_all()

    def _index_all(self) -> None:
        while not self._stopping.is_set():
            with self._database.reading() as connection:
                job = jobs.next_job(connection)
            if job is None:
                break
            self._index(job)
        if self.embedder is not None:
            self._embed_all(self.embedder)

    def _embed_all(self, embedder: Embedder) -> None:
        """Make the vectors that are missing, until the server fails; the next search wakes it again."""
        last = 0
        while not self._stopping.is_set():
            with self._database.reading() as connection:
                waiting = vectors.missing(connection, embedder.model, after=last, most=_EMBEDDED_TOGETHER)
            if not waiting:
                return
            last = waiting[-1][0]
            made = self._embedded(embedder, waiting)
            if made is None:
                return
            with self._database.writing() as connection:
                vectors.add(connection, embedder.model, made)

    @staticmethod
    def _embedded(embedder: Embedder, waiting: list[tuple[int, str]]) -> list[tuple[int, bytes]] | None:
        """The vectors of chunks; ``None`` when the server fails. What it refuses is tried one by one."""
        try:
            found = embedder.vectors([text for _, text in waiting])
        except RefusedTextsError as error:
            if len(waiting) == 1:
                logger.warning("a passage has no embedding and is found by its words alone: %s", error)
                return []
            made = [Indexer._embedded(embedder, [chunk]) for chunk in waiting]
            return [vector for of_one in made for vector in of_one or []]
        return (
            None if found is None else [(chunk, vector) for (chunk, _), vector in zip(waiting, found, strict=True)]
        )

    def _index(self, job: Job) -> None:
        try:
            pieces = self._chunks(job)
        except UnreadableError as error:
            self._fail(job, error)
            return
        except Exception:
            # Left as it is, this file would be the next one again, and no other one would ever be.
            logger.exception("the file %s could not be indexed", job.file_id)
            self._fail(job, UnreadableError(SERVER_ERROR, "The server had an error while indexing the file."))
            return
        for start in range(0, len(pieces), _SLICE):
            if self._stopping.is_set() or not self._write(job, pieces, start):
                return

    def _fail(self, job: Job, error: UnreadableError) -> None:
        # What failed because it was stopped is still to be read.
        if not self._stopping.is_set():
            with self._database.writing() as connection:
                jobs.fail(connection, job, error.code, error.message)

    def _chunks(self, job: Job) -> list[Chunk]:
        """The chunks of a file; none when it is time to stop."""
        # What it needs for all kinds of files would be loaded for nothing by most commands.
        from assistctl.local.vector_stores.extraction import extract, is_document

        read = self._documents.read if is_document(job.filename) else extract
        parts: list[str] = []
        for part in read(self._content.path_of(job.file_id), job.filename):
            if self._stopping.is_set():
                return []
            parts.append(part)
        return list(chunks("".join(parts), job.max_chunk_size_tokens, job.chunk_overlap_tokens))

    def _write(self, job: Job, pieces: list[Chunk], start: int) -> bool:
        """Write one slice; false when it is not wanted any more."""
        end = start + _SLICE
        with self._database.writing() as connection:
            if not jobs.is_waiting(connection, job):
                return False
            if start == 0:
                jobs.clear(connection, job)
            jobs.add_chunks(connection, job, pieces[start:end])
            if end >= len(pieces):
                jobs.complete(connection, job)
        return True


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Whether the lock among processes was taken; if so, it is held until the end of the block.

    SQLite's own lock on an empty database is used for it: it is let go when its process ends, however that ends,
    and works wherever the database itself does. The file is made if it is not there, for its owner only.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            yield False
            return
        yield True
