"""Declarations with files that were found -> with files that are known by their identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assistctl.checkout.untrusted_files import PrivateKeyError, UnusableFileError
from assistctl.diagnostics import Diagnostic, Severity
from assistctl.manifest.documents.declaration import Declaration
from assistctl.manifest.documents.skill_folders import base_of
from assistctl.manifest.files.entries import Reader
from assistctl.manifest.files.expand import AttachedFile
from assistctl.manifest.files.found_file import FoundFile
from assistctl.manifest.files.hash_cache import HashCache, place_for
from assistctl.manifest.files.hashing import hashes
from assistctl.model.knowledge import StoreEntry
from assistctl.model.resource import CONTENT, DesiredResource, ResourceFile
from assistctl.model.source_file import Identity, SourceFile
from assistctl.ownership.canonical import content_digest


def identified(declarations: Sequence[Declaration], directory: Path) -> tuple[list[Declaration], list[Diagnostic]]:
    """``declarations`` of the project in ``directory`` with their files hashed, and what is wrong with those."""
    files = [attached.file for declaration in declarations for attached in declaration.files]
    if not files:
        return list(declarations), []
    sha256 = hashes(files, HashCache(directory, place_for(directory)))
    readings = [_Reading(declaration, sha256) for declaration in declarations]
    found = [reading.declaration() for reading in readings]
    return found, [problem for reading in readings for problem in reading.problems]


class _Reading:
    """The files of one declaration."""

    def __init__(self, declared: Declaration, sha256: Mapping[FoundFile, str | UnusableFileError]) -> None:
        self.problems: list[Diagnostic] = []
        self._declared = declared
        self._sha256 = sha256

    def declaration(self) -> Declaration:
        """The declaration with its files; adds to ``problems``."""
        interpreted = [source for _, source in self._once(Reader.INTERPRETER)]
        searched = tuple(
            StoreEntry(source, attached.position, attached.attributes)
            for attached, source in self._once(Reader.SEARCH)
        )
        self._refuse_equal_names(interpreted)
        desired, store, resource = self._declared.assistant, self._declared.store, self._declared.resource
        return replace(
            self._declared,
            assistant=replace(desired, interpreter_files=tuple(interpreted)) if desired else None,
            store=replace(store, files=searched) if store else None,
            resource=self._made_of_files(resource) if resource else None,
        )

    def _made_of_files(self, resource: DesiredResource) -> DesiredResource:
        """``resource`` with the files in its folder, and a digest of them among its fields."""
        sources = [source for _, source in self._sources(Reader.CONTENT)]
        if not sources:
            return resource
        base = base_of(source.path for source in sources)
        files = tuple(
            ResourceFile(source.path.removeprefix(base), source)
            for source in sorted(sources, key=lambda source: source.path)
        )
        content = content_digest((file.path, file.source.identity.sha256) for file in files)
        return replace(resource, files=files, fields={**resource.fields, CONTENT: content})

    def _once(self, reader: Reader) -> list[tuple[AttachedFile, SourceFile]]:
        """The files for one tool, each identity once: two uploads of it could not be told apart."""
        first: dict[Identity, tuple[AttachedFile, SourceFile]] = {}
        for attached, source in self._sources(reader):
            other, its_source = first.setdefault(source.identity, (attached, source))
            if other.attributes != attached.attributes:
                self._report(
                    attached,
                    f"{source.path} and {its_source.path} are the same file, with different attributes",
                    "Name and bytes are equal, so they are one upload: give both the same attributes.",
                )
        return list(first.values())

    def _sources(self, reader: Reader) -> Iterator[tuple[AttachedFile, SourceFile]]:
        for attached in self._declared.files:
            if attached.reader is not reader:
                continue
            file, sha256 = attached.file, self._sha256[attached.file]
            if isinstance(sha256, UnusableFileError):
                self._report_unusable(attached, sha256)
                continue
            name = file.path.rpartition("/")[2]
            yield attached, SourceFile(file.path, file.location, file.stat.size, Identity(sha256, name))

    def _refuse_equal_names(self, sources: Sequence[SourceFile]) -> None:
        first: dict[str, SourceFile] = {}
        by_path = {attached.file.path: attached for attached in self._declared.files}
        for source in sources:
            other = first.setdefault(source.identity.name, source)
            if other is not source:
                self._report(
                    by_path[source.path],
                    f"{source.path} and {other.path} have the same name for code_interpreter",
                    "It sees names without folders: rename one of the two.",
                )

    def _report_unusable(self, attached: AttachedFile, error: UnusableFileError) -> None:
        if isinstance(error, PrivateKeyError) and attached.by_pattern:
            # What a pattern matches and is never read is left out; that it is shows only now, so it is told.
            summary = f"{attached.file.path} is left out: it holds a private key"
            self._report(attached, summary, error.detail, severity=Severity.WARNING)
            return
        self._report(attached, f"{attached.file.path}: {error.summary}", error.detail)

    def _report(
        self, attached: AttachedFile, summary: str, detail: str, *, severity: Severity = Severity.ERROR
    ) -> None:
        self.problems.append(
            Diagnostic(
                severity,
                summary,
                detail,
                key=self._declared.key,
                path=attached.field,
                position=attached.field_position,
            )
        )
