"""Undeclared things of a target -> the manifests that declare them, files and vector stores included.

A plan after that deletes nothing: what a manifest can name it declares, what it cannot it names by its id, and
what nobody owns it takes over by its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.export.declare_files import (
    DeclaredStore,
    HeldStore,
    Naming,
    NotNameableError,
    declared_store,
    interpreter_entries,
    store_fields,
)
from assistctl.export.from_observed import declared
from assistctl.export.undeclared import Scope, identity, keyed
from assistctl.export.yaml_writer import Written, written_document
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.kind import Kind
from assistctl.ownership.canonical import PLATFORMS
from assistctl.ownership.file_marks import HeldFile
from assistctl.ownership.placeholders import file_ids, store_ids
from assistctl.planning.named_ids import ids_named

_INTERPRETER, _SEARCH = "code_interpreter", "file_search"
# After which field of a manifest its files stand.
_BEFORE_FILES = ("import", "moved_from", "name", "description", "model", "instructions", "tools")

_LONGEST_STEM = 64 - len("-store")

_T = TypeVar("_T")


def _not_named(_: HeldFile) -> None:
    """No name, for manifests that may not name files."""


@dataclass(frozen=True, slots=True)
class Known:
    """Declared things: assistants, and the keys of vector stores, those with a document apart.

    ``resources`` are the keys of environments, memory stores, skills and MCP servers.
    """

    assistants: Sequence[Desired] = ()
    own_stores: frozenset[str] = frozenset()
    shared_stores: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """The keys that are taken."""
        return self.others.union(self.own_stores, (assistant.key for assistant in self.assistants))

    @property
    def others(self) -> frozenset[str]:
        """The keys of documents that declare no assistant."""
        return self.shared_stores | self.resources


@dataclass(frozen=True, slots=True)
class Existing:
    """The things on the target: all ``assistants``, and the vector stores of ours that count, by id.

    ``naming`` tells how a manifest names the files that uploads were made of. ``resources`` is what is there
    beside assistants, by kind, and ``contents`` are the files of those that are made of files, by their ids;
    ``unread`` says of which they could not be had.
    """

    assistants: Sequence[Observed]
    stores: Mapping[str, HeldStore] = field(default_factory=dict)
    naming: Naming = _not_named
    resources: Mapping[Kind, Sequence[Observed]] = field(default_factory=dict)
    contents: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    unread: Sequence[Diagnostic] = ()


@dataclass(frozen=True, slots=True)
class Style:
    """The form of the manifests: the schemas that editors look up, by name, and the platform's traits."""

    schema: Callable[[str], str]
    capabilities: Capabilities


@dataclass(slots=True)
class Dump:
    """The manifests of ``assistants``, and of the vector ``stores`` with a document of their own.

    ``diagnostics`` say what could not be named.
    """

    scope: Scope
    known: Known
    existing: Existing
    style: Style
    assistants: list[Written] = field(default_factory=list)
    stores: list[Written] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)
    _documents: dict[str, str] = field(default_factory=dict)
    _declared: set[str] = field(default_factory=set)

    def add(self, chosen: Sequence[Observed], *, beside: bool = True) -> None:
        """Write the manifests of ``chosen``; ``beside``: they have to fit in with the existing ones."""
        had = Counter(self.scope.key_of(assistant.metadata) for assistant in self.existing.assistants)
        duplicates = {key for key, count in had.items() if key is not None and count > 1}
        known = self.known.assistants if beside else ()
        named = keyed(chosen, known, self.scope, self.known.others if beside else ())
        self._keys |= {key for key, _ in named}
        for key, assistant in named:
            origin = identity(key, assistant, self.scope, duplicates)
            self.assistants.append(self._manifest(key, assistant, origin))

    def add_unsearched_stores(self) -> None:
        """Write documents for the vector stores of ours that no manifest declares and nothing names."""
        named = {text for found in self.existing.assistants for text in ids_named(found.fields, found.metadata)}
        for store in sorted(self.existing.stores.values(), key=lambda store: store.key):
            if store.key not in self.known.keys and store.observed.id not in named | self._declared:
                self._document(store)

    def _manifest(self, key: str, assistant: Observed, origin: Mapping[str, Json]) -> Written:
        found = declared(assistant, key, self.style.capabilities)
        document = {**origin, **found.document}
        resources = document.pop("tool_resources", None)
        by_id = dict(resources) if isinstance(resources, dict) else {}
        interpreted = self._interpreted(key, assistant, document)
        searched = self._searched(key, assistant, document)
        files: list[Json] = [{"path": path, "tool": _INTERPRETER} for path in interpreted]
        more: dict[str, Json] = {}
        withheld = found.withheld
        if interpreted:
            by_id.pop(_INTERPRETER, None)
        if searched is not None:
            by_id.pop(_SEARCH, None)
        if isinstance(searched, DeclaredStore):
            files += [{**entry, "tool": _SEARCH} for entry in searched.files]
            more = {"vector_store": dict(searched.fields)} if searched.fields else {}
            withheld = (*withheld, *map(_of_own_store, searched.withheld))
        elif searched is not None:
            more = {"vector_store": searched}
        if files:
            more["files"] = files
        if by_id:
            more["tool_resources"] = by_id
        return self._written(key, _in_order(document, more), "assistant", withheld)

    def _interpreted(self, key: str, assistant: Observed, document: Mapping[str, Json]) -> list[str]:
        """The files of the code interpreter as a manifest names them; none if it cannot name them all."""
        if not file_ids(assistant.fields) or not self._has_interpreter(document):
            return []
        named = self._tried(
            lambda: interpreter_entries(assistant, self.existing.naming),
            key,
            f"the files of {key}",
            "they are named by id",
        )
        return named or []

    def _has_interpreter(self, document: Mapping[str, Json]) -> bool:
        """Whether it has a code interpreter, or what is one on its platform."""
        platforms = document.get(PLATFORMS)
        own = platforms.values() if isinstance(platforms, dict) else ()
        kinds = self.style.capabilities.code_tools
        return _has_tool(document, _INTERPRETER) or any(
            _has_tool(part, kind) for part in own if isinstance(part, dict) for kind in kinds
        )

    def _searched(self, key: str, assistant: Observed, document: Mapping[str, Json]) -> DeclaredStore | str | None:
        """The vector store that an assistant searches: its own, or the key of a shared one."""
        ids = store_ids(assistant.fields)
        store = self.existing.stores.get(ids[0]) if len(ids) == 1 else None
        if store is None or not _has_tool(document, _SEARCH):
            return None
        if store.key in self.known.shared_stores:
            return store.key
        if store.key == key:
            return self._own_store(key, store)
        is_anothers = store.key in self._keys | self.known.keys and store.observed.id not in self._documents
        return None if is_anothers else self._document(store)

    def _own_store(self, key: str, store: HeldStore) -> DeclaredStore | None:
        found = self._tried(
            lambda: declared_store(store, self.existing.naming),
            key,
            f"the vector store of {key}",
            "it is named by its id",
        )
        if found is None or not found.files:
            return None
        self._declared.add(store.observed.id)
        return found

    def _document(self, store: HeldStore) -> str:
        """The key of a document for a vector store, written once."""
        if store.observed.id not in self._documents:
            self._documents[store.observed.id] = self._new_document(store)
        return self._documents[store.observed.id]

    def _new_document(self, store: HeldStore) -> str:
        subject, else_so = f"the vector store {store.key}", "its document leaves it what it holds"
        found = self._tried(lambda: declared_store(store, self.existing.naming), store.key, subject, else_so)
        rules: dict[str, Json] = {} if found is not None else {"ignore_changes": ["files"]}
        found = found or store_fields(store)
        rules |= {"prevent_destroy": True} if found.is_protected else {}
        key = store.key if store.key not in self._keys else f"{store.key[:_LONGEST_STEM]}-store"
        self._keys.add(key)
        self._declared.add(store.observed.id)
        document: dict[str, Json] = {
            "kind": "vector_store",
            **({} if key == store.key else {"moved_from": store.key}),
            **({"files": [_short(entry) for entry in found.files]} if found.files else {}),
            **found.fields,
            **({"lifecycle": rules} if rules else {}),
        }
        self.stores.append(self._written(key, document, "vector-store", found.withheld))
        return key

    def _tried(self, naming: Callable[[], _T], key: str, subject: str, else_so: str) -> _T | None:
        try:
            return naming()
        except NotNameableError as error:
            summary = f"{subject} cannot be declared by files: {error}; {else_so}"
            advice = "Put the files back as they were uploaded, and dump again, to have them in the manifest."
            self.diagnostics.append(Diagnostic(Severity.WARNING, summary, advice, key=key))
            return None

    def _written(self, key: str, document: Mapping[str, Json], schema: str, withheld: tuple[str, ...]) -> Written:
        return written_document(document, key, schema=self.style.schema(schema), withheld=withheld)


def _has_tool(document: Mapping[str, Json], kind: str) -> bool:
    tools = document.get("tools")
    listed = tools if isinstance(tools, list) else []
    return any(isinstance(tool, dict) and tool.get("type") == kind for tool in listed)


def _short(entry: Mapping[str, Json]) -> Json:
    return entry["path"] if list(entry) == ["path"] else dict(entry)


def _of_own_store(path: str) -> str:
    return path if path.startswith("files") else f"vector_store.{path}"


def _in_order(document: Mapping[str, Json], more: Mapping[str, Json]) -> dict[str, Json]:
    """The fields of a manifest, its files behind its tools."""
    first = {name: document[name] for name in _BEFORE_FILES if name in document}
    files = {name: more[name] for name in ("files", "vector_store", "tool_resources") if name in more}
    return {**first, **files, **{name: value for name, value in document.items() if name not in first}}
