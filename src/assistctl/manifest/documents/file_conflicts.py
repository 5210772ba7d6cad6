"""What an assistant's ``files``, ``vector_store``, ``tools`` and ``tool_resources`` must agree on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.documents.vector_store import refuse_wide_overlap
from assistctl.manifest.files.entries import TOOLS, FileEntry, Reader, readers_of

_STORE = ("vector_store",)


def refuse_conflicts(contents: Contents, entries: Sequence[FileEntry]) -> None:
    """Report each contradiction in an assistant's contents; ``entries`` are those of its ``files``."""
    value = contents.value if isinstance(contents.value, dict) else {}
    readers = {entry.reader for entry in entries}
    store = None if _STORE in contents.unjudged else value.get("vector_store")
    if isinstance(store, str):
        _check_reference(contents, readers)
        readers.add(Reader.SEARCH)
    elif isinstance(store, dict):
        refuse_wide_overlap(contents, _STORE)
        _check_own(contents, entries)
    _refuse_ids_beside_files(contents, value.get("tool_resources"), readers)


def _check_reference(contents: Contents, readers: Collection[Reader]) -> None:
    if _STORE in contents.secret:
        contents.report(_STORE, "a key cannot hold a value from the environment", "Use a ${var:} for it.")
    if Reader.SEARCH in readers:
        contents.report(
            _STORE,
            "an assistant searches one vector store: its own `files` or a shared one",
            "Move the files for file_search to the shared vector store, or remove this key.",
        )
    declared = readers_of(contents)
    if declared is not None and Reader.SEARCH not in declared:
        contents.report(_STORE, "the assistant has no file_search", "Add `- type: file_search` to `tools`.")


def _check_own(contents: Contents, entries: Sequence[FileEntry]) -> None:
    files = contents.value.get("files", []) if isinstance(contents.value, dict) else []
    are_all_known = isinstance(files, list) and len(files) == len(entries)
    if are_all_known and all(entry.reader is not Reader.SEARCH for entry in entries):
        contents.report(
            _STORE,
            "there is nothing in `files` for file_search, so there is no vector store",
            "Add files for it; or write the key of a shared vector store here.",
        )


def _refuse_ids_beside_files(contents: Contents, resources: Json, readers: Collection[Reader]) -> None:
    declared = resources if isinstance(resources, dict) else {}
    for reader in TOOLS:
        if reader in readers and reader in declared:
            what = "vector store" if reader is Reader.SEARCH else "files"
            contents.report(
                ("tool_resources", reader.value),
                f"the manifest declares the {what} of {reader} already",
                "Use either ids here or `files` and `vector_store`.",
            )
