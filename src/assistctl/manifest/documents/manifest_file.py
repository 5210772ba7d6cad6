"""One manifest file -> what its documents declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import did_you_mean
from assistctl.manifest.contents import Contents, Variables, fill, fill_texts
from assistctl.manifest.documents.declaration import Declaration
from assistctl.manifest.documents.document import SCHEMAS, DocumentReader, Read
from assistctl.manifest.files.readable_file import UnusableFileError, as_yaml_text, read_bytes
from assistctl.manifest.project.discovery import ManifestFile
from assistctl.manifest.syntax.node import Mark, Node, Positions, merged
from assistctl.manifest.syntax.phrases import sentences, shown
from assistctl.manifest.syntax.yaml_values import Nodes, Values, read_values, usual_bytes
from assistctl.model.kind import Kind

if TYPE_CHECKING:
    from assistctl.manifest.files.glob import Folders
    from assistctl.manifest.files.named_files import NamedFiles
    from assistctl.manifest.syntax.yaml_parser import Document

_NEEDS = "A manifest is a mapping of fields and needs at least `model:`."


class ReadManifest(NamedTuple):
    """One file that may be a manifest: what it declares, all that is to say about it, and the files it names."""

    file: ManifestFile
    declarations: tuple[Declaration, ...] = ()
    messages: tuple[Diagnostic, ...] = ()
    named: tuple[NamedFiles, ...] = ()


def read_manifest(file: ManifestFile, variables: Variables, folders: Callable[[], Folders] | None) -> ReadManifest:
    """What is in ``file``.

    ``folders`` is where to look for the files that assistants read; without it they are not looked for.
    """
    reading = _Reading(file, variables, folders)
    try:
        data = read_bytes(file.place)
        return reading.values(data) or reading.nodes(data)
    except UnusableFileError as error:
        return ReadManifest(file, messages=(error.diagnostic(file.shown),))


class _Reading(NamedTuple):
    """A file, and what its documents are read with."""

    file: ManifestFile
    variables: Variables
    folders: Callable[[], Folders] | None

    def values(self, data: bytes) -> ReadManifest | None:
        """What is in a file of the usual kind, whose nodes are read only for a message; ``None`` for another.

        Raises ``UnusableFileError``.
        """
        if self.file.is_markdown:
            return None
        usual = usual_bytes(data)
        documents = read_values(usual)
        if not documents:
            return None
        reader = DocumentReader(self.file, self.folders, [], default_key=len(documents) == 1)
        nodes = Nodes(usual, self.file.shown)
        read = [
            self._usual(reader, document, partial(nodes.root, place)) for place, document in enumerate(documents)
        ]
        found = [declared for declared in read if declared is not None]
        return _manifest(reader, found) if len(found) == len(read) else None

    def nodes(self, data: bytes) -> ReadManifest:
        """What is in any file. Raises ``UnusableFileError``."""
        if self.file.is_markdown:
            from assistctl.manifest.documents.markdown import compose_markdown

            documents, problems = compose_markdown(data, self.file.shown)
        else:
            from assistctl.manifest.syntax.yaml_parser import compose

            documents, problems = compose(as_yaml_text(data), self.file.shown)
        if not documents and not problems:
            problems = [_wrong_document("there is nothing in this document", Position(self.file.shown))]
        reader = DocumentReader(self.file, self.folders, [], default_key=len(documents) == 1)
        return _manifest(reader, [self._any(reader, document) for document in documents], problems)

    def _usual(self, reader: DocumentReader, values: Values, root: Callable[[], Node]) -> Read | None:
        """What ``_any`` returns of a document that is an assistant's or another thing's as it stands."""
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

    def _any(self, reader: DocumentReader, document: Document) -> Read:
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
        declared = root.child("key")
        over = self._override(reader, declared.value if declared else None)
        contents = fill(merged(root, over) if over else root, self.variables)
        return reader.read(contents, kind, document.problems)

    def _override(self, reader: DocumentReader, declared: object) -> Node | None:
        """What the target declares on top of the document with the ``declared`` key, if any."""
        target = self.variables.target
        if target is None or not target.overrides:
            return None
        key = self.file.stem if declared is None and reader.default_key else declared
        return target.overrides.get(key) if isinstance(key, str) else None

    def _position(self, mark: Mark) -> Position:
        return Position(self.file.shown, mark.line + 1, mark.column + 1)


def _manifest(reader: DocumentReader, read: Iterable[Read], problems: Iterable[Diagnostic] = ()) -> ReadManifest:
    """The file with what was ``read`` of its documents, and the ``problems`` that stopped the reading."""
    declarations, messages = [], []
    for declared, said in read:
        declarations += [declared] if declared else []
        messages += said
    return ReadManifest(reader.file, tuple(declarations), (*messages, *problems), tuple(reader.named))


def _wrong_document(summary: str, position: Position) -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, _NEEDS, position=position)


def _kind(root: Node) -> Kind | None:
    """What the document declares; an assistant where it does not say (or is no text, which the schema reports)."""
    declared = root.child("kind")
    if declared is None or not isinstance(declared.value, str):
        return Kind.ASSISTANT
    return _kind_named(declared.value)


def _kind_named(word: object) -> Kind | None:
    return next((kind for kind in SCHEMAS if kind == word), None)


def _unknown_kind(root: Node) -> Diagnostic:
    declared = root.child("kind")
    word = str(declared.value) if declared else ""
    return Diagnostic(
        Severity.ERROR,
        f"kind cannot be {shown(word)}",
        sentences(did_you_mean(word, map(str, SCHEMAS)), f"Allowed: {', '.join(SCHEMAS)}."),
        path="kind",
        position=declared.position if declared else root.position,
    )
