"""``files:`` as a manifest declares it: each entry with the tool it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.syntax.phrases import either
from assistctl.manifest.syntax.yaml_values import Path, dotted, value_at


class Reader(StrEnum):
    """A tool that reads files, by its ``type``."""

    INTERPRETER = "code_interpreter"
    SEARCH = "file_search"
    CONTENT = "content"
    """No tool: they are what a skill is made of."""


TOOLS = (Reader.INTERPRETER, Reader.SEARCH)
"""The readers that are tools."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One entry: a path or pattern relative to the manifest, who reads the files, and their attributes.

    For a reader that is no tool, ``pattern`` is a folder as it is named, with all that is in it.
    ``place`` is where the entry stands (``files[0]``), ``field`` where its path does (``files[0].path``; the same
    for an entry that is text alone).
    """

    pattern: str
    reader: Reader
    attributes: Mapping[str, Json]
    place: Path
    field: Path


def assistant_entries(contents: Contents) -> list[FileEntry]:
    """The entries of an assistant's ``files`` without those that are wrong or not known, which are reported."""
    readers = readers_of(contents) if _has_any(contents, ("files",)) else None
    return [
        entry
        for written in _written(contents)
        if (entry := _for_its_reader(contents, written, readers)) is not None
    ]


def store_entries(contents: Contents) -> list[FileEntry]:
    """The same of a vector store's ``files``, which are all there to be searched."""
    return [_entry(written, Reader.SEARCH) for written in _written(contents)]


def folder_entries(contents: Contents) -> list[FileEntry]:
    """One entry for all files in the ``folder`` of a document, if that can be used."""
    field: Path = ("folder",)
    folder = value_at(contents.value, field)
    if not isinstance(folder, str) or not folder or field in contents.unjudged:
        return []
    return [FileEntry(folder, Reader.CONTENT, {}, field, field)]


def readers_of(contents: Contents) -> frozenset[Reader] | None:
    """The tools that read files, those of a platform's own among them; ``None`` when that is not known."""
    value = contents.value if isinstance(contents.value, dict) else {}
    tools = value.get("tools", [])
    if not isinstance(tools, list):
        return None
    types = [tool.get("type") if isinstance(tool, dict) else None for tool in tools]
    if any(("tools", place, "type") in contents.unjudged for place in range(len(types))):
        return None
    readers = {reader for reader in TOOLS if reader in types}
    if Reader.INTERPRETER not in readers and _is_code_run_by_own_tool(value.get("platforms")):
        readers.add(Reader.INTERPRETER)
    return frozenset(readers)


def attachment_entries(contents: Contents, field: Path) -> list[FileEntry]:
    """The entries of the list of files at ``field``, which a message brings along; as ``assistant_entries``."""
    readers = readers_of(contents)
    return [
        entry
        for written in _written(contents, field)
        if (entry := _for_its_reader(contents, written, readers)) is not None
    ]


def _is_code_run_by_own_tool(platforms: Json) -> bool:
    """Whether a platform's own tools have one that is a code interpreter there."""
    declared = platforms if isinstance(platforms, dict) else {}
    tools = {name: part["tools"] for name, part in declared.items() if isinstance(part, dict) and "tools" in part}
    if not tools:
        return False
    from assistctl.platforms.registry import capabilities_of, known_platforms

    known = known_platforms()
    return any(
        isinstance(tool, dict) and tool.get("type") in capabilities_of(name).code_tools
        for name, listed in tools.items()
        if name in known and isinstance(listed, list)
        for tool in listed
    )


def _has_any(contents: Contents, of: Path) -> bool:
    files = value_at(contents.value, of)
    return isinstance(files, list) and bool(files)


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry with a path that can be used; the rest of it as it stands there."""

    pattern: str
    declared: Mapping[str, Json]
    place: Path
    field: Path


def _written(contents: Contents, of: Path = ("files",)) -> Iterator[_Written]:
    files = value_at(contents.value, of)
    for number, item in enumerate(files if isinstance(files, list) else ()):
        place: Path = (*of, number)
        declared, field = ({"path": item}, place) if isinstance(item, str) else (item, (*place, "path"))
        pattern = declared.get("path") if isinstance(declared, dict) else None
        if not isinstance(declared, dict) or not isinstance(pattern, str) or not pattern:
            continue
        if field in contents.secret:
            contents.report(
                field,
                "a path cannot hold a value from the environment",
                "Plans show paths and the platform keeps the names of files: use a ${var:} for it.",
            )
        elif field not in contents.unjudged:
            yield _Written(pattern, declared, place, field)


def _for_its_reader(contents: Contents, written: _Written, readers: frozenset[Reader] | None) -> FileEntry | None:
    reader = _reader(contents, written, readers)
    if reader is None:
        return None
    if reader is Reader.INTERPRETER and "attributes" in written.declared:
        contents.report(
            (*written.place, "attributes"),
            "files of code_interpreter have no attributes",
            "Only file_search filters by them: remove `attributes`.",
        )
        return None
    return _entry(written, reader)


def _reader(contents: Contents, written: _Written, readers: frozenset[Reader] | None) -> Reader | None:
    field = (*written.place, "tool")
    named = written.declared.get("tool")
    if readers is None or field in contents.unjudged:
        return None
    if "tool" not in written.declared:
        return _only_reader(contents, written, readers)
    if named not in TOOLS:
        return None  # the schema has a word for that
    reader = Reader(str(named))
    if reader in readers:
        return reader
    contents.report(
        field,
        f"the assistant has no {reader}",
        f"Add `- type: {reader}` to `tools`, or name the tool that is to read the files.",
    )
    return None


def _only_reader(contents: Contents, written: _Written, readers: frozenset[Reader]) -> Reader | None:
    if len(readers) == 1:
        return next(iter(readers))
    place = dotted(written.place)
    if readers:
        ways = either(f"`tool: {reader}`" for reader in TOOLS)
        contents.report(written.place, f"{place} does not say which of the two tools reads it", f"Add {ways}.")
    else:
        ways = either(f"`- type: {reader}`" for reader in TOOLS)
        contents.report(written.place, "no tool of the assistant reads files", f"Add {ways} to `tools`.")
    return None


def _entry(written: _Written, reader: Reader) -> FileEntry:
    attributes = written.declared.get("attributes")
    return FileEntry(
        written.pattern, reader, attributes if isinstance(attributes, dict) else {}, written.place, written.field
    )
