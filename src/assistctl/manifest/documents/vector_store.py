"""A document's contents -> the vector store it declares: one of its own, or that of an assistant's ``files``.

An assistant's ``files``, ``vector_store``, ``tools`` and ``tool_resources`` must agree on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.documents.declaration import lifecycle
from assistctl.manifest.files.entries import TOOLS, FileEntry, Reader, readers_of
from assistctl.manifest.syntax.yaml_values import Path, dotted, value_at
from assistctl.secrets.template import Template

if TYPE_CHECKING:
    from assistctl.model.knowledge import DesiredStore

_OWN = "vector_store"
_STORE = (_OWN,)
_FIELDS = ("name", "expires_after", "metadata")


def shared_store(key: str, contents: Contents) -> DesiredStore:
    """The store that a ``kind: vector_store`` document without errors declares; its files are still to be read."""
    from assistctl.model.knowledge import DesiredStore

    value = contents.value if isinstance(contents.value, dict) else {}
    moved_from = value.get("moved_from")
    templates = {dotted(path): made for path, made in contents.secret.items() if _is_sent(path)}
    return DesiredStore(
        key=key,
        fields=_fields(key, value),
        files=(),
        position=contents.position,
        chunking=_chunking(value),
        lifecycle=lifecycle(value.get("lifecycle")),
        secret_paths=frozenset(templates),
        positions=contents.positions,
        moved_from=moved_from if isinstance(moved_from, str) else None,
        shared=True,
        templates=templates,
    )


def own_store(key: str, contents: Contents, entries: Sequence[FileEntry]) -> DesiredStore | None:
    """The store of an assistant's ``files``, if any are to be searched; they are still to be read."""
    if not _searched(entries):
        return None
    from assistctl.model.knowledge import DesiredStore

    value = contents.value if isinstance(contents.value, dict) else {}
    more, moved_from = value.get(_OWN), value.get("moved_from")
    more = more if isinstance(more, dict) else {}
    templates = dict(_own_templates(contents))
    return DesiredStore(
        key=key,
        fields=_fields(key, more),
        files=(),
        position=contents.positions["files"],
        chunking=_chunking(more),
        secret_paths=frozenset(templates),
        positions=_own_positions(contents.positions),
        moved_from=moved_from if isinstance(moved_from, str) else None,
        templates=templates,
    )


def searched_store(key: str, contents: Contents, entries: Sequence[FileEntry]) -> str | None:
    """The key of the store that an assistant searches: its own or a shared one."""
    shared = value_at(contents.value, _STORE)
    if isinstance(shared, str):
        return shared
    return key if _searched(entries) else None


def refuse_wide_overlap(contents: Contents, store: Path) -> None:
    """The passages of the store at ``store`` overlap by half at most, which no schema can say."""
    path = (*store, "chunking_strategy", "static")
    sizes: Json = contents.value
    for step in path:
        sizes = sizes.get(str(step)) if isinstance(sizes, dict) else None
    if not isinstance(sizes, dict):
        return
    longest, overlap = sizes.get("max_chunk_size_tokens"), sizes.get("chunk_overlap_tokens")
    if isinstance(longest, int | float) and isinstance(overlap, int | float) and overlap * 2 > longest:
        contents.report(
            (*path, "chunk_overlap_tokens"),
            f"an overlap of {overlap} tokens is more than half of {longest}",
            "A passage may repeat at most half of `max_chunk_size_tokens`.",
        )


def refuse_conflicts(contents: Contents, entries: Sequence[FileEntry]) -> None:
    """Report each contradiction in an assistant's contents; ``entries`` are those of its ``files``."""
    value = contents.value if isinstance(contents.value, dict) else {}
    readers = {entry.reader for entry in entries}
    store = None if _STORE in contents.unjudged else value.get(_OWN)
    if isinstance(store, str):
        _check_reference(contents, readers)
        readers.add(Reader.SEARCH)
    elif isinstance(store, dict):
        refuse_wide_overlap(contents, _STORE)
        _check_own(contents, entries)
    _refuse_ids_beside_files(contents, value.get("tool_resources"), readers)


def _searched(entries: Sequence[FileEntry]) -> bool:
    return any(entry.reader is Reader.SEARCH for entry in entries)


def _fields(key: str, declared: Mapping[str, Json]) -> dict[str, Json]:
    fields: dict[str, Json] = {"name": key, **{name: declared[name] for name in _FIELDS if name in declared}}
    if "metadata" in fields:
        fields["metadata"] = fields["metadata"] or {}
    return fields


def _chunking(declared: Mapping[str, Json]) -> Mapping[str, Json] | None:
    chunking = declared.get("chunking_strategy")
    return chunking if isinstance(chunking, dict) else None


def _own_templates(contents: Contents) -> Iterator[tuple[str, Template]]:
    for path, made in contents.secret.items():
        own = path[1:] if path[0] == _OWN else path
        if path[0] in {_OWN, "files"} and _is_sent(own):
            yield dotted(own), made


def _own_positions(positions: Mapping[str, Position]) -> dict[str, Position]:
    inside = f"{_OWN}."
    own = {path: place for path, place in positions.items() if path == "files" or path.startswith("files[")}
    return own | {path.removeprefix(inside): at for path, at in positions.items() if path.startswith(inside)}


def _is_sent(path: Path) -> bool:
    """Whether the text at ``path`` goes to the platform: the name of a file's tool does not."""
    return bool(path) and (path[0] in _FIELDS or path[2:3] == ("attributes",))


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
