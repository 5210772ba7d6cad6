"""One manifest file -> what its documents declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from assistctl.checkout.untrusted_files import UnusableFileError, read_bytes, resolve_inside
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import did_you_mean
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents, Variables, fill, fill_texts
from assistctl.manifest.documents.declaration import Declaration, assistant, refuse_twins, resource
from assistctl.manifest.project.discovery import ManifestFile
from assistctl.manifest.syntax.phrases import sentences, shown
from assistctl.manifest.syntax.yaml_values import (
    Mark,
    Node,
    Nodes,
    Positions,
    Values,
    as_yaml_text,
    merged,
    read_values,
    usual_bytes,
    value_at,
)
from assistctl.manifest.validation.schema import (
    ASSISTANT,
    ENVIRONMENT,
    MCP_SERVER,
    MEMORY_STORE,
    SKILL,
    VECTOR_STORE,
    is_valid,
)
from assistctl.model.assistant import USE_FIELDS
from assistctl.model.kind import RESOURCE_KINDS, Kind

if TYPE_CHECKING:
    from assistctl.manifest.files.entries import FileEntry
    from assistctl.manifest.files.expand import AttachedFile
    from assistctl.manifest.files.glob import Folders
    from assistctl.manifest.files.named_files import NamedFiles
    from assistctl.manifest.syntax.yaml_parser import Document
    from assistctl.model.checks import Check

_Read: TypeAlias = "tuple[Declaration | None, list[Diagnostic]]"
"""The declaration of a document, if it has a key, and the diagnostics about it."""

_SCHEMAS = {
    Kind.ASSISTANT: ASSISTANT,
    Kind.VECTOR_STORE: VECTOR_STORE,
    Kind.MCP_SERVER: MCP_SERVER,
    Kind.ENVIRONMENT: ENVIRONMENT,
    Kind.MEMORY_STORE: MEMORY_STORE,
    Kind.SKILL: SKILL,
}
_NEEDS = "A manifest is a mapping of fields and needs at least `model:`."
_MAY_NAME_FILES = frozenset({"files", "folder", "tools", "checks"})
_WITHOUT_TWINS = frozenset({"tools", "platforms", *USE_FIELDS})
_OF_FILES = frozenset({"files", "vector_store", "tool_resources"})


class ReadManifest(NamedTuple):
    """One file that may be a manifest: what it declares, all that is to say about it, and the files it names."""

    file: ManifestFile
    declarations: tuple[Declaration, ...] = ()
    messages: tuple[Diagnostic, ...] = ()
    named: tuple[NamedFiles, ...] = ()


def read_manifest(file: ManifestFile, variables: Variables, folders: Callable[[], Folders] | None) -> ReadManifest:
    """Read ``file``.

    ``folders`` is where to look for the files that assistants read; without it they are not looked for.
    """
    reader = _FileReader(file, variables, folders)
    try:
        data = read_bytes(file.place)
        return reader.read_usual(data) or reader.read_any(data)
    except UnusableFileError as error:
        return ReadManifest(file, messages=(error.diagnostic(file.shown),))


class _FileReader(NamedTuple):
    """A file, and what its documents are read with."""

    file: ManifestFile
    variables: Variables
    folders: Callable[[], Folders] | None

    def read_usual(self, data: bytes) -> ReadManifest | None:
        """Read a file of the usual kind, with nodes only for messages; ``None`` for any other.

        Raises ``UnusableFileError``.
        """
        if self.file.is_markdown:
            return None
        usual = usual_bytes(data)
        documents = read_values(usual)
        if not documents:
            return None
        reader = _DocumentReader(self.file, self.folders, [], default_key=len(documents) == 1)
        nodes = Nodes(usual, self.file.shown)
        read = [
            self._usual(reader, document, partial(nodes.root, place)) for place, document in enumerate(documents)
        ]
        found = [declared for declared in read if declared is not None]
        return _manifest(reader, found) if len(found) == len(read) else None

    def read_any(self, data: bytes) -> ReadManifest:
        """Read any file. Raises ``UnusableFileError``."""
        if self.file.is_markdown:
            from assistctl.manifest.documents.markdown import compose_markdown

            documents, problems = compose_markdown(data, self.file.shown)
        else:
            from assistctl.manifest.syntax.yaml_parser import compose

            documents, problems = compose(as_yaml_text(data), self.file.shown)
        if not documents and not problems:
            problems = [_wrong_document("there is nothing in this document", Position(self.file.shown))]
        reader = _DocumentReader(self.file, self.folders, [], default_key=len(documents) == 1)
        return _manifest(reader, [self._any(reader, document) for document in documents], problems)

    def _usual(self, reader: _DocumentReader, values: Values, root: Callable[[], Node]) -> _Read | None:
        """The result of ``_any`` for a document that declares one thing as it stands."""
        value = values.value
        kind = _kind_named(value["kind"]) if "kind" in value else Kind.ASSISTANT
        if kind is None or self._override(reader, value.get("key")) is not None:
            return None
        position = self._position(values.place)
        key_position = self._position(values.key_place) if "key" in value else position
        contents = Contents(root, Positions(root), position, key_position, value)
        if values.texts:
            fill_texts(contents, values.texts, self.variables)
        return reader.read(contents, kind)

    def _any(self, reader: _DocumentReader, document: Document) -> _Read:
        """The declaration of a document, if it has a key, and the messages about it."""
        root = document.root
        if root is None:
            return None, [_wrong_document("there is nothing in this document", document.position)]
        if not isinstance(root.value, dict):
            found = "a list" if isinstance(root.value, list) else "a single value"
            return None, [*document.problems, _wrong_document(f"this document is {found}", root.position)]
        kind = _kind(root)
        if kind is None:
            return None, [*document.problems, _unknown_kind(root)]
        declared = root.child("key")
        over = self._override(reader, declared.value if declared else None)
        contents = fill(merged(root, over) if over else root, self.variables)
        return reader.read(contents, kind, document.problems)

    def _override(self, reader: _DocumentReader, declared: object) -> Node | None:
        """The target's override of the document with the ``declared`` key, if any."""
        target = self.variables.target
        if target is None or not target.overrides:
            return None
        key = self.file.stem if declared is None and reader.default_key else declared
        return target.overrides.get(key) if isinstance(key, str) else None

    def _position(self, mark: Mark) -> Position:
        return Position(self.file.shown, mark.line + 1, mark.column + 1)


def _manifest(reader: _DocumentReader, read: Iterable[_Read], problems: Iterable[Diagnostic] = ()) -> ReadManifest:
    """The file with what was ``read`` of its documents, and the ``problems`` that stopped the reading."""
    declarations, messages = [], []
    for declared, said in read:
        declarations += [declared] if declared else []
        messages += said
    return ReadManifest(reader.file, tuple(declarations), (*messages, *problems), tuple(reader.named))


def _wrong_document(summary: str, position: Position) -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, _NEEDS, position=position)


def _kind(root: Node) -> Kind | None:
    """The declared kind; an assistant where the document names none (or no text, which the schema reports)."""
    declared = root.child("kind")
    if declared is None or not isinstance(declared.value, str):
        return Kind.ASSISTANT
    return _kind_named(declared.value)


def _kind_named(word: object) -> Kind | None:
    return next((kind for kind in _SCHEMAS if kind == word), None)


def _unknown_kind(root: Node) -> Diagnostic:
    declared = root.child("kind")
    word = str(declared.value) if declared else ""
    return Diagnostic(
        Severity.ERROR,
        f"kind cannot be {shown(word)}",
        sentences(did_you_mean(word, map(str, _SCHEMAS)), f"Allowed: {', '.join(_SCHEMAS)}."),
        path="kind",
        position=declared.position if declared else root.position,
    )


class _DocumentReader(NamedTuple):
    """A reader for the documents of one file. ``default_key``: the file's name is a key.

    ``folders`` is where to look for the files that assistants read; without it they are not looked for. ``named``
    are the files that the documents read so far name.
    """

    file: ManifestFile
    folders: Callable[[], Folders] | None
    named: list[NamedFiles]
    default_key: bool

    def read(self, contents: Contents, kind: Kind, said: Sequence[Diagnostic] = ()) -> _Read:
        """The declaration of the document with these contents; ``said`` are the messages about it so far."""
        value: dict[str, Json] = contents.value if isinstance(contents.value, dict) else {}
        if _MAY_NAME_FILES & value.keys() or isinstance(value.get("instructions"), dict):
            self._note_names(contents)
        key = self._key(contents)
        if _may_hold_placeholders(value):
            from assistctl.manifest.validation.placeholders import refuse_placeholders

            refuse_placeholders(contents)
        if not is_valid(_SCHEMAS[kind], contents.value):
            from assistctl.manifest.documents.problems import violations_of

            contents.problems += violations_of(contents, _SCHEMAS[kind])
        entries = self._entries(contents, value, kind)
        files = self._files(contents, entries)
        checks = self._checks(contents, files)
        problems = self._problems(contents, said, key) if said or contents.problems else []
        if key is None:
            return None, problems
        if any(problem.severity is Severity.ERROR for problem in problems):
            return Declaration(kind, key, contents.key_position), problems
        if kind is Kind.ASSISTANT:
            return self._assistant(key, contents, entries, files, checks), problems
        return _of_other_kind(kind, key, contents, files), problems

    def _note_names(self, contents: Contents) -> None:
        from assistctl.manifest.files.named_files import named_files

        self.named.extend(named_files(contents, self.file))

    def _problems(self, contents: Contents, said: Sequence[Diagnostic], key: str | None) -> list[Diagnostic]:
        from assistctl.manifest.documents.problems import in_order

        return in_order((*said, *contents.problems), key, contents, self.file)

    def _assistant(
        self,
        key: str,
        contents: Contents,
        entries: list[FileEntry],
        files: tuple[AttachedFile, ...],
        checks: tuple[Check, ...],
    ) -> Declaration:
        store, searched = None, None
        if entries or value_at(contents.value, ("vector_store",)) is not None:
            from assistctl.manifest.documents.vector_store import own_store, searched_store

            store, searched = own_store(key, contents, entries), searched_store(key, contents, entries)
        desired = assistant(key, contents, entries, searched, checks)
        return Declaration(Kind.ASSISTANT, key, contents.key_position, desired, store, files)

    def _files(self, contents: Contents, entries: list[FileEntry]) -> tuple[AttachedFile, ...]:
        """The files that ``entries`` stand for, if they are to be looked for."""
        if not entries or self.folders is None:
            return ()
        from assistctl.manifest.files.expand import attached_files

        return attached_files(contents, entries, self.file, self.folders())

    def _checks(self, contents: Contents, files: tuple[AttachedFile, ...]) -> tuple[Check, ...]:
        """The checks in a document, most of which have none: then nothing is imported for them."""
        if not (isinstance(contents.value, dict) and contents.value.get("checks")):
            return ()
        from assistctl.manifest.documents.checks import FilesOfChecks, declared_checks

        folders = self.folders() if self.folders else None
        return declared_checks(contents, FilesOfChecks(files, self.file, folders))

    def _entries(self, contents: Contents, value: dict[str, Json], kind: Kind) -> list[FileEntry]:
        """The entries of ``files``, after all checks that belong to the kind of document.

        Nothing is imported, or asked, for fields that the document does not have.
        """
        if kind is Kind.VECTOR_STORE:
            from assistctl.manifest.documents.vector_store import refuse_wide_overlap
            from assistctl.manifest.files.entries import store_entries

            refuse_wide_overlap(contents, ())
            return store_entries(contents)
        if kind is Kind.MCP_SERVER:
            from assistctl.manifest.documents.mcp_servers import refuse_secrets

            refuse_secrets(contents)
            return []
        if kind in RESOURCE_KINDS:
            if kind is Kind.SKILL:
                from assistctl.manifest.documents.skill_sources import check_source

                check_source(contents)
            if "skills" in value:
                refuse_twins(contents)
            return _folder_entries(contents) if "folder" in value else []
        instructions = value.get("instructions")
        if isinstance(instructions, str) and "\n" not in instructions.strip():
            _warn_of_path(contents, self.file, instructions.strip())
        if "tools" in value or isinstance(instructions, dict):
            from assistctl.manifest.documents.included_files import include_files

            include_files(contents, self.file)
        if _WITHOUT_TWINS & value.keys():
            refuse_twins(contents)
        if "tools" in value or "response_format" in value:
            from assistctl.manifest.validation.strict_schemas import warn_of_loose_schemas

            warn_of_loose_schemas(contents)
        return self._assistant_entries(contents) if _OF_FILES & value.keys() else []

    def _assistant_entries(self, contents: Contents) -> list[FileEntry]:
        from assistctl.manifest.documents.vector_store import refuse_conflicts
        from assistctl.manifest.files.entries import assistant_entries

        entries = assistant_entries(contents)
        refuse_conflicts(contents, entries)
        return entries

    def _key(self, contents: Contents) -> str | None:
        """The document's key; ``None`` when it has no usable one."""
        value = contents.value
        if isinstance(value, dict) and "key" in value:
            declared = value["key"]
            return declared if isinstance(declared, str) and _is_key(declared) else None
        stem = self.file.stem
        if not self.default_key:
            contents.report((), "this document needs a `key`", "A file with several documents needs one in each.")
            return None
        if not _is_key(stem):
            contents.report(
                (),
                f"the file's name {shown(stem)} is not a key",
                f"Add `key: {_key_like(stem) or 'my-assistant'}`, or rename the file.",
            )
            return None
        return stem


def _key_like(text: str) -> str:
    from assistctl.manifest.syntax.key_text import key_from

    return key_from(text)


def _is_key(text: str) -> bool:
    return is_valid(ASSISTANT, text, ("properties", "key"))


def _warn_of_path(contents: Contents, manifest: ManifestFile, name: str) -> None:
    """Warn where ``name``, which is all that the instructions are, is the path of a file."""
    from assistctl.manifest.files.found_file import MAX_PATH

    if not name or len(name) > MAX_PATH or ("instructions",) in contents.secret:
        return
    try:
        is_file = resolve_inside(manifest.path.parent / name, manifest.root).is_file()
    except (UnusableFileError, OSError):
        return
    if is_file:
        contents.report(
            ("instructions",),
            f"the instructions are the words {name!r}, which is also the path of a file",
            f"For what is in that file write `instructions: {{file: {name}}}`.",
            severity=Severity.WARNING,
        )


def _may_hold_placeholders(value: Mapping[str, Json]) -> bool:
    store = value.get("vector_store")
    name = store.get("name") if isinstance(store, dict) else None
    return _has_brace(value.get("model")) or _has_brace(value.get("name")) or _has_brace(name)


def _has_brace(text: Json) -> bool:
    return isinstance(text, str) and "{" in text


def _folder_entries(contents: Contents) -> list[FileEntry]:
    from assistctl.manifest.files.entries import folder_entries

    return folder_entries(contents)


def _of_other_kind(kind: Kind, key: str, contents: Contents, files: tuple[AttachedFile, ...]) -> Declaration:
    if kind is Kind.MCP_SERVER:
        from assistctl.manifest.documents.mcp_servers import mcp_server

        return Declaration(kind, key, contents.key_position, server=mcp_server(key, contents))
    if kind in RESOURCE_KINDS:
        return Declaration(kind, key, contents.key_position, files=files, resource=resource(kind, key, contents))
    from assistctl.manifest.documents.vector_store import shared_store

    return Declaration(kind, key, contents.key_position, store=shared_store(key, contents), files=files)
