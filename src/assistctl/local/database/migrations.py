"""The SQL that turns a database of one format into one of the next.

The format's number is SQLite's ``user_version``. Entries are added, never changed: files of every format are out
there.
"""

from __future__ import annotations

_OBJECTS = (
    # seq is the order of insertion, also among objects of one second; a number is never used again.
    """CREATE TABLE objects (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX objects_in_order ON objects (kind, seq)",
)

_FILES_AND_VECTOR_STORES = (
    """CREATE INDEX files_by_expiry ON objects (json_extract(body, '$.expires_at')) WHERE kind = 'file'""",
    # One row for each attachment of a file to a vector store. A file attached again is a new row, so that
    # whoever is indexing the old one finds it gone.
    """CREATE TABLE vector_store_files (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        vector_store_id TEXT NOT NULL,
        file_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        attributes TEXT NOT NULL,
        max_chunk_size_tokens INTEGER NOT NULL,
        chunk_overlap_tokens INTEGER NOT NULL,
        usage_bytes INTEGER NOT NULL DEFAULT 0,
        error_code TEXT,
        error_message TEXT,
        UNIQUE (vector_store_id, file_id)
    ) STRICT""",
    "CREATE INDEX vector_store_files_in_order ON vector_store_files (vector_store_id, seq)",
    "CREATE INDEX vector_store_files_of_file ON vector_store_files (file_id)",
    "CREATE INDEX vector_store_files_waiting ON vector_store_files (seq) WHERE status = 'in_progress'",
    """CREATE TABLE file_batch_members (
        batch_id TEXT NOT NULL,
        attachment INTEGER NOT NULL,
        PRIMARY KEY (batch_id, attachment)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX file_batches_of_attachment ON file_batch_members (attachment)",
    # overlap is how many characters at the start repeat the end of the chunk before.
    """CREATE TABLE chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        attachment INTEGER NOT NULL,
        overlap INTEGER NOT NULL,
        length INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX chunks_of_attachment ON chunks (attachment, id, length)",
    # https://www.sqlite.org/fts5.html#external_content_tables
    """CREATE VIRTUAL TABLE chunk_words USING fts5 (
        text, content = 'chunks', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
    )""",
    "CREATE VIRTUAL TABLE chunk_terms USING fts5vocab (chunk_words, 'instance')",
    """CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words (rowid, text) VALUES (new.id, new.text);
    END""",
    """CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, text) VALUES ('delete', old.id, old.text);
    END""",
    """CREATE TRIGGER attachment_removed AFTER DELETE ON vector_store_files BEGIN
        DELETE FROM chunks WHERE attachment = old.seq;
        DELETE FROM file_batch_members WHERE attachment = old.seq;
    END""",
    """CREATE TRIGGER file_removed AFTER DELETE ON objects WHEN old.kind = 'file' BEGIN
        DELETE FROM vector_store_files WHERE file_id = old.id;
    END""",
    """CREATE TRIGGER vector_store_removed AFTER DELETE ON objects WHEN old.kind = 'vector store' BEGIN
        DELETE FROM vector_store_files WHERE vector_store_id = old.id;
        DELETE FROM objects
            WHERE kind = 'file batch' AND json_extract(body, '$.vector_store_id') = old.id;
    END""",
)

_THREADS_AND_RUNS = (
    # Pages of a thread's messages and runs, and of a run's steps, whatever else there is.
    """CREATE INDEX objects_of_thread ON objects (kind, json_extract(body, '$.thread_id'), seq)
        WHERE json_extract(body, '$.thread_id') IS NOT NULL""",
    """CREATE INDEX objects_of_run ON objects (kind, json_extract(body, '$.run_id'), seq)
        WHERE json_extract(body, '$.run_id') IS NOT NULL""",
    # The runs that have not ended: at most one of a thread. The owner is the server that works on it, null while
    # the run waits for outputs of tools.
    """CREATE TABLE open_runs (
        run_id TEXT PRIMARY KEY,
        thread_id TEXT NOT NULL UNIQUE,
        owner TEXT,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER thread_removed AFTER DELETE ON objects WHEN old.kind = 'thread' BEGIN
        DELETE FROM open_runs WHERE thread_id = old.id;
        DELETE FROM objects WHERE kind = 'message' AND json_extract(body, '$.thread_id') = old.id;
        DELETE FROM objects WHERE kind = 'run' AND json_extract(body, '$.thread_id') = old.id;
        DELETE FROM objects WHERE kind = 'run step' AND json_extract(body, '$.thread_id') = old.id;
    END""",
)

# What is searched is no longer the text as it stands but its terms (`vector_stores.words`), which SQLite cannot
# make. `ascii` leaves all letters outside of ASCII as they are.
_TERMS_OF_CHUNKS = (
    "DROP TRIGGER chunk_added",
    "DROP TRIGGER chunk_removed",
    "DROP TABLE chunk_terms",
    "DROP TABLE chunk_words",
    "ALTER TABLE chunks ADD COLUMN terms TEXT NOT NULL DEFAULT ''",
    """UPDATE chunks SET terms = search_terms(text, (
        SELECT json_extract(body, '$.filename') FROM vector_store_files JOIN objects ON objects.id = file_id
        WHERE vector_store_files.seq = attachment
    ))""",
    # For the ranking: a row of the table takes pages of text, an entry of this index a few bytes.
    "CREATE INDEX chunk_sizes ON chunks (id, attachment, length)",
    """CREATE VIRTUAL TABLE chunk_words USING fts5 (
        terms, content = 'chunks', content_rowid = 'id', tokenize = 'ascii'
    )""",
    "INSERT INTO chunk_words (chunk_words) VALUES ('rebuild')",
    "CREATE VIRTUAL TABLE chunk_terms USING fts5vocab (chunk_words, 'instance')",
    """CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words (rowid, terms) VALUES (new.id, new.terms);
    END""",
    """CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, terms) VALUES ('delete', old.id, old.terms);
        DELETE FROM chunk_vectors WHERE chunk = old.id;
    END""",
    # The embeddings of chunks: numbers of 16 bits, of the model that made them.
    """CREATE TABLE chunk_vectors (
        chunk INTEGER NOT NULL,
        model TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (chunk, model)
    ) STRICT, WITHOUT ROWID""",
)

# A deleted file is no longer one of those that a thread has for the code interpreter.
_FILES_OF_CODE = (
    """CREATE INDEX threads_with_code_files ON objects (kind)
        WHERE kind = 'thread'
            AND json_extract(body, '$.tool_resources.code_interpreter.file_ids[0]') IS NOT NULL""",
    """CREATE TRIGGER code_file_removed AFTER DELETE ON objects WHEN old.kind = 'file' BEGIN
        UPDATE objects SET body = json_set(body, '$.tool_resources.code_interpreter.file_ids', (
            SELECT json_group_array(value) FROM json_each(body, '$.tool_resources.code_interpreter.file_ids')
            WHERE value != old.id
        ))
        WHERE kind = 'thread'
            AND json_extract(body, '$.tool_resources.code_interpreter.file_ids[0]') IS NOT NULL
            AND instr(body, '"' || old.id || '"') > 0;
    END""",
)

# The database's name for whoever must know which one answers; it gets one with its first change.
_ACCOUNT = ("CREATE TABLE account (id TEXT NOT NULL) STRICT",)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _OBJECTS,
    _FILES_AND_VECTOR_STORES,
    _THREADS_AND_RUNS,
    _TERMS_OF_CHUNKS,
    _FILES_OF_CODE,
    _ACCOUNT,
)
"""The statements that turn format n into format n + 1, at index n."""

ACCOUNT_FORMAT = 6
"""The first format with an account."""
