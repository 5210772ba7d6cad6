"""One manifest file -> what its documents declare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from assistctl.errors import did_you_mean
from assistctl.manifest.contents import Contents, fill
from assistctl.manifest.documents.assistant import assistant, refuse_twins
from assistctl.manifest.documents.file_conflicts import refuse_conflicts
from assistctl.manifest.documents.included_files import include_files
from assistctl.manifest.documents.mcp_servers import mcp_server, refuse_secrets
from assistctl.manifest.documents.vector_store import own_store, refuse_wide_overlap, shared_store
from assistctl.manifest.files.entries import FileEntry, assistant_entries, folder_entries, store_entries
from assistctl.manifest.files.expand import AttachedFile, attached_files
from assistctl.manifest.files.glob import Folders
from assistctl.manifest.files.named_files import NamedFiles, named_files
from assistctl.manifest.project.discovery import ManifestFile
from assistctl.manifest.project.markdown_manifests import MARKDOWN_SUFFIX
from assistctl.manifest.project.variables import Variables
from assistctl.manifest.syntax.key_text import key_from
from assistctl.manifest.syntax.node import Node, Path, dotted, merged
from assistctl.manifest.syntax.phrases import sentences, shown
from assistctl.manifest.syntax.text_file import UnusableFileError, as_yaml_text, read_bytes
from assistctl.manifest.syntax.yaml_parser import Document, compose
from assistctl.manifest.validation.diagnostics import explain
from assistctl.manifest.validation.placeholders import refuse_placeholders
from assistctl.manifest.validation.schema import (
    ASSISTANT,
    ENVIRONMENT,
    MCP_SERVER,
    MEMORY_STORE,
    SKILL,
    VECTOR_STORE,
    is_valid,
    violations,
)
from assistctl.manifest.validation.strict_schemas import warn_of_loose_schemas
from assistctl.manifest.validation.violations import Subject
from assistctl.model.assistant import Desired
from assistctl.model.diagnostics import Diagnostic, Position, Severity
from assistctl.model.json_value import Json
from assistctl.model.kind import RESOURCE_KINDS, Kind

if TYPE_CHECKING:
    from assistctl.model.checks import Check
    from assistctl.model.knowledge import DesiredStore
    from assistctl.model.mcp_server import McpServer
    from assistctl.model.resource import DesiredResource

_SCHEMAS = {
    Kind.ASSISTANT: ASSISTANT,
    Kind.VECTOR_STORE: VECTOR_STORE,
    Kind.MCP_SERVER: MCP_SERVER,
    Kind.ENVIRONMENT: ENVIRONMENT,
    Kind.MEMORY_STORE: MEMORY_STORE,
    Kind.SKILL: SKILL,
}
_NEEDS = "A manifest is a mapping of fields and needs at least `model:`."


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one document declares: an assistant, with its files' vector store if any, or a thing of another kind.

    None is there when the document has an error. ``files`` are what was found for it, if it was looked for.
    """

    kind: Kind
    key: str
    position: Position
    assistant: Desired | None = None
    store: DesiredStore | None = None
    files: tuple[AttachedFile, ...] = ()
    server: McpServer | None = None
    resource: DesiredResource | None = None

    @property
    def is_sound(self) -> bool:
        """Whether the document has no error."""
        return any(one is not None for one in (self.assistant, self.store, self.server, self.resource))


@dataclass(frozen=True, slots=True)
class ReadManifest:
    """One file that may be a manifest: what it declares, all that is to say about it, and the files it names."""

    file: ManifestFile
    declarations: tuple[Declaration, ...] = ()
    messages: tuple[Diagnostic, ...] = ()
    named: tuple[NamedFiles, ...] = ()


def read_manifest(file: ManifestFile, variables: Variables, folders: Folders | None) -> ReadManifest:
    """What is in ``file``.

    ``folders`` is where to look for the files that assistants read; without it they are not looked for.
    """
    try:
        documents, problems = _composed(file)
    except UnusableFileError as error:
        return ReadManifest(file, messages=(error.diagnostic(file.shown),))
    if not documents and not problems:
        documents = [Document(None, Position(file.shown))]
    declarations, messages = [], []
    reading = _Reading(file, variables, folders, default_key=len(documents) == 1)
    for document in documents:
        one, said = reading.read(document)
        declarations += [one] if one else []
        messages += said
    return ReadManifest(file, tuple(declarations), (*messages, *problems), tuple(reading.named))


def _composed(file: ManifestFile) -> tuple[list[Document], list[Diagnostic]]:
    """The documents in ``file``, and what stopped the reading. Raises ``UnusableFileError``."""
    data = read_bytes(file.path)
    if file.path.suffix != MARKDOWN_SUFFIX:
        return compose(as_yaml_text(data), file.shown)
    from assistctl.manifest.documents.markdown import compose_markdown

    return compose_markdown(data, file.shown)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How to read the documents of one file. ``default_key``: the file's name is a key.

    ``named`` are the files that those read so far name.
    """

    file: ManifestFile
    variables: Variables
    folders: Folders | None
    default_key: bool
    named: list[NamedFiles] = field(default_factory=list)

    def read(self, document: Document) -> tuple[Declaration | None, list[Diagnostic]]:
        """What a document declares, if it has a key, and what is to say about it."""
        root = document.root
        if root is None:
            return None, [_wrong_document("there is nothing in this document", document.position)]
        if not isinstance(root.value, dict):
            found = "a list" if isinstance(root.value, list) else "a single value"
            return None, [*document.problems, _wrong_document(f"this document is {found}", root.position)]
        kind = _kind(root)
        if kind is None:
            return None, [*document.problems, _unknown_kind(root)]
        return self._declared(self._overridden(root), kind, document.problems)

    def _declared(
        self, root: Node, kind: Kind, said: Sequence[Diagnostic]
    ) -> tuple[Declaration | None, list[Diagnostic]]:
        contents = fill(root, self.variables)
        self.named.extend(named_files(contents, self.file))
        key = self._key(root, contents)
        refuse_placeholders(contents)
        contents.problems += _violations(contents, _SCHEMAS[kind])
        entries = self._entries(contents, kind)
        files = attached_files(contents, entries, self.file, self.folders) if self.folders else ()
        checks = self._checks(contents, files)
        problems = sorted(
            (_by_name(replace(problem, key=key), contents) for problem in (*said, *contents.problems)),
            key=lambda problem: _place(problem, self.file.shown),
        )
        if key is None:
            return None, problems
        declaration = Declaration(kind, key, (root.child("key") or root).position)
        if any(problem.severity is Severity.ERROR for problem in problems):
            return declaration, problems
        if kind is Kind.VECTOR_STORE:
            return replace(declaration, store=shared_store(key, contents), files=files), problems
        if kind is Kind.MCP_SERVER:
            return replace(declaration, server=mcp_server(key, contents)), problems
        if kind in RESOURCE_KINDS:
            from assistctl.manifest.documents.resources import resource

            return replace(declaration, resource=resource(kind, key, contents), files=files), problems
        desired, store = assistant(key, contents, entries, checks), own_store(key, contents, entries)
        return replace(declaration, assistant=desired, store=store, files=files), problems

    def _checks(self, contents: Contents, files: tuple[AttachedFile, ...]) -> tuple[Check, ...]:
        """The checks in a document, most of which have none: then nothing is imported for them."""
        if not (isinstance(contents.value, dict) and contents.value.get("checks")):
            return ()
        from assistctl.manifest.documents.checks import FilesOfChecks, declared_checks

        return declared_checks(contents, FilesOfChecks(files, self.file, self.folders))

    def _entries(self, contents: Contents, kind: Kind) -> list[FileEntry]:
        """The entries of ``files``, after all checks that belong to the kind of document."""
        if kind is Kind.VECTOR_STORE:
            refuse_wide_overlap(contents, ())
            return store_entries(contents)
        if kind is Kind.MCP_SERVER:
            refuse_secrets(contents)
            return []
        if kind in RESOURCE_KINDS:
            return folder_entries(contents)
        include_files(contents, self.file)
        refuse_twins(contents)
        warn_of_loose_schemas(contents)
        entries = assistant_entries(contents)
        refuse_conflicts(contents, entries)
        return entries

    def _overridden(self, root: Node) -> Node:
        """The document with what the target declares for its key on top."""
        declared, target = root.child("key"), self.variables.target
        key = declared.value if declared else (self.file.path.stem if self.default_key else None)
        over = target.overrides.get(key) if target and isinstance(key, str) else None
        return merged(root, over) if over else root

    def _key(self, root: Node, contents: Contents) -> str | None:
        """The document's key; ``None`` when there is none that can be used."""
        declared = root.child("key")
        if declared is not None:
            return declared.value if isinstance(declared.value, str) and _is_key(declared.value) else None
        stem = self.file.path.stem
        if not self.default_key:
            contents.report((), "this document needs a `key`", "A file with several documents needs one in each.")
            return None
        if not _is_key(stem):
            contents.report(
                (),
                f"the file's name {shown(stem)} is no key",
                f"Add `key: {key_from(stem) or 'my-assistant'}`, or rename the file.",
            )
            return None
        return stem


def _place(problem: Diagnostic, manifest: str) -> tuple[bool, str, int, int]:
    """The order of reading: the manifest, then the files it names."""
    position = problem.position or Position(manifest)
    return position.file != manifest, position.file, position.line, position.column


def _by_name(problem: Diagnostic, contents: Contents) -> Diagnostic:
    """The problem with tools as plans have them: ``tools[order_status]``, not ``tools[1]``."""
    from assistctl.ownership.tool_paths import tools_by_name

    tools = contents.value.get("tools") if isinstance(contents.value, dict) else None
    hidden = [dotted(path) for path in contents.secret]
    path, summary, detail = (
        tools_by_name(text, tools, hidden) for text in (problem.path, problem.summary, problem.detail)
    )
    return replace(problem, path=path, summary=summary, detail=detail)


def _wrong_document(summary: str, position: Position) -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, _NEEDS, position=position)


def _kind(root: Node) -> Kind | None:
    """What the document declares; an assistant where it does not say (or is no text, which the schema reports)."""
    declared = root.child("kind")
    if declared is None or not isinstance(declared.value, str):
        return Kind.ASSISTANT
    return next((kind for kind in _SCHEMAS if kind == declared.value), None)


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


def _is_key(text: str) -> bool:
    return is_valid(ASSISTANT, text, ("properties", "key"))


def _violations(contents: Contents, schema: str) -> list[Diagnostic]:
    errors = list(violations(schema, contents.value))
    wrong_type = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    other_readings = wrong_type & contents.readings.keys()
    if other_readings:
        for path in other_readings:
            _put(contents.value, path, contents.readings[path])
        errors = list(violations(schema, contents.value))
    if not errors:
        return []
    subject = Subject(
        contents.root,
        secret=frozenset(contents.secret),
        unjudged=frozenset(contents.unjudged),
        references=contents.references,
    )
    return explain(errors, subject)


def _put(value: Any, path: Path, reading: Json) -> None:  # noqa: ANN401 - walks through whatever JSON is there
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = reading
