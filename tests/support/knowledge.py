"""Files and vector stores in a test, from plain words: a file is ``path`` or ``path=content``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.model.knowledge import DesiredStore, ObservedStore, StoreEntry, StoreFile
from assistctl.model.source_file import Identity, SourceFile
from assistctl.ownership.file_marks import FILES, attributes_of, sync_marker
from assistctl.ownership.mark import MARK, Mark

POSITION = Position("assistants/desk.yaml")


def source(text: str) -> SourceFile:
    """The file ``path=content``; the content is the path when it is left out."""
    path, _, content = text.partition("=")
    data = (content or path).encode()
    name = path.rpartition("/")[2]
    return SourceFile(path, Path(path), len(data), Identity(hashlib.sha256(data).hexdigest(), name))


def desired_store(
    *files: str,
    key: str = "desk",
    attributes: dict[str, Json] | None = None,
    chunking: dict[str, Json] | None = None,
) -> DesiredStore:
    """A vector store with these files."""
    entries = tuple(StoreEntry(source(file), lambda: POSITION, attributes or {}) for file in files)
    return DesiredStore(key, {"name": key}, entries, POSITION, chunking)


def store_file(text: str, file_id: str, *, status: str = "completed", **attributes: Json) -> StoreFile:
    """A file that this project put into a vector store."""
    entry = StoreEntry(source(text), lambda: POSITION, attributes)
    return StoreFile(file_id, status, attributes_of(entry))


def observed_store(
    store: DesiredStore, store_id: str = "vs_1", *, completed: int | None = None, says: str | None = None
) -> ObservedStore:
    """``store`` as it is on the platform of the tests' project once it was applied."""
    mark = str(Mark("acme", "prod", store.key))
    pairs = {MARK: mark, FILES: sync_marker(store, 0) if says is None else says}
    return ObservedStore(
        store_id, dict(store.fields), pairs, completed=_count(store) if completed is None else completed
    )


def ids(with_outcome: Iterable[object]) -> list[str]:
    """The ids of things."""
    return [str(getattr(result, "id", getattr(result, "file_id", result))) for result in with_outcome]


def _count(store: DesiredStore) -> int:
    return len({entry.source.identity for entry in store.files})
