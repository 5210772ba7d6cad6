"""Files that an assistant reads and that can be had from where it is: written beside its manifest, and declared.

Whether an upload can be downloaded depends on what it was made for and on the server
(https://platform.openai.com/docs/api-reference/files/retrieve-contents); of the files of a vector store there is
the text that was read from them (``vector_stores.files.content`` of openai 3.57.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.migration.lost_resources import Content, ResourceNames, ids_in
from assistctl.migration.manifest_parts import tools_in
from assistctl.migration.report import Document, FieldOutcome, Outcome
from assistctl.model.capabilities import Capabilities, Level
from assistctl.ownership.canonical import RESOURCE_LISTS

_HOW = "The files are taken along, in {folder}/."
_AS_TEXT = "Of {names} it is the text that the vector store has: better put the originals in their place."
# What is neither a folder, nor hidden, nor a pattern, on any file system.
_NOT_IN_NAMES = re.compile(r"[^\w .()+,@-]+")


@dataclass(slots=True)
class TakenAlong:
    """The files a manifest declares, their ``contents`` by path, and the ``resources`` that stay."""

    entries: list[Json] = field(default_factory=list)
    vector_store: dict[str, Json] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    resources: dict[str, Json] = field(default_factory=dict)
    outcomes: list[FieldOutcome] = field(default_factory=list)

    def declared_in(self, document: Document) -> Document:
        """``document`` with its files."""
        if not self.entries:
            return document
        store: dict[str, Json] = {"vector_store": dict(self.vector_store)} if self.vector_store else {}
        return {**document, "files": list(self.entries), **store}


def taken_along(
    key: str, document: Document, resources: Json, known: ResourceNames, capabilities: Capabilities
) -> TakenAlong:
    """The files of an assistant whose manifest is ``document``, where all that a tool reads was downloaded."""
    taken = TakenAlong(resources=dict(resources) if isinstance(resources, dict) else {})
    for tool, files, stores in (
        ("code_interpreter", ids_in(resources, "code_interpreter"), ()),
        ("file_search", *_of_store(ids_in(resources, "file_search"), known)),
    ):
        if files and all(file in known.downloaded for file in files) and _reads(document, tool, capabilities):
            _take(taken, _Files(key, tool, files, stores), known)
    return taken


@dataclass(frozen=True, slots=True)
class _Files:
    """The files that an assistant's tool reads, which are in ``stores``."""

    key: str
    tool: str
    ids: Sequence[str]
    stores: Sequence[str]


def _of_store(stores: Sequence[str], known: ResourceNames) -> tuple[Sequence[str], Sequence[str]]:
    """The files of the one store that there may be."""
    if len(stores) != 1:
        return (), ()
    return known.contents.get(stores[0], ()), stores


def _reads(document: Document, tool: str, capabilities: Capabilities) -> bool:
    support = capabilities.fields.get(f"files.{tool}")
    has_tool = any(isinstance(declared, dict) and declared.get("type") == tool for declared in tools_in(document))
    return has_tool and support is not None and support.level is not Level.UNSUPPORTED


def _take(taken: TakenAlong, files: _Files, known: ResourceNames) -> None:
    folder, extracted = f"files/{files.key}", list[str]()
    for file_id in files.ids:
        content, original = known.downloaded[file_id], known.files.get(file_id) or ""
        name = file_name(original, file_id, content)
        path = _free(f"{folder}/{name}", taken.contents, file_id)
        if content.is_extracted:
            extracted.append(path.rpartition("/")[2])
        taken.contents[path] = content.data
        taken.entries.append({"path": path, "tool": files.tool, **_attributes(files.stores, file_id, known)})
    if files.stores:
        taken.vector_store = dict(_store_settings(files, known))
    path = f"tool_resources.{files.tool}.{RESOURCE_LISTS[files.tool]}"
    notes = [_HOW.format(folder=folder), *([_AS_TEXT.format(names=", ".join(extracted))] if extracted else [])]
    taken.outcomes.append(FieldOutcome(path, path, Outcome.MAPPED, " ".join(notes)))
    del taken.resources[files.tool]


def _attributes(stores: Sequence[str], file_id: str, known: ResourceNames) -> dict[str, Json]:
    settings = known.file_settings.get((stores[0], file_id), {}) if stores else {}
    return {"attributes": settings["attributes"]} if "attributes" in settings else {}


def _store_settings(files: _Files, known: ResourceNames) -> Iterator[tuple[str, Json]]:
    """The settings of the store, and the chunking if all its files share it."""
    store = files.stores[0]
    yield from known.settings.get(store, {}).items()
    cuts = [known.file_settings.get((store, file_id), {}).get("chunking_strategy") for file_id in files.ids]
    if cuts and cuts[0] is not None and all(cut == cuts[0] for cut in cuts):
        yield "chunking_strategy", cuts[0]


def file_name(original: str, file_id: str, content: Content) -> str:
    """A name that is safe in any folder, of a text where that is what there is."""
    base = re.split(r"[/\\]", original)[-1]
    name = _NOT_IN_NAMES.sub("_", base).strip(" .") or file_id
    plain = name.lower().endswith((".txt", ".md"))
    return f"{name}.txt" if content.is_extracted and not plain else name


def _free(path: str, taken: Iterable[str], file_id: str) -> str:
    used = {taken_path.casefold() for taken_path in taken}
    if path.casefold() not in used:
        return path
    folder, _, name = path.rpartition("/")
    return f"{folder}/{file_id}-{name}"
