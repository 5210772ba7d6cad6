"""Discovery of the files that hold manifests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from assistctl.checkout.untrusted_files import (
    UnusableFileError,
    have_readable_names,
    is_file,
    is_folder,
    place_of,
    resolve_inside,
    resolve_readable,
    shown_name,
    shown_path,
)
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import ProjectError
from assistctl.manifest.project.markdown_manifests import MARKDOWN_SUFFIX, is_markdown, is_markdown_manifest
from assistctl.manifest.project.project import PROJECT_FILE, Project, project_above

MANIFEST_SUFFIXES = (".yaml", ".yml")
"""In whatever case: some editors and systems write ``.YML``, and not all tell the two apart."""


class ManifestFile(NamedTuple):
    """A file to read: its ``place`` as found, ``shown`` as messages name it, ``root`` the folder it may use."""

    place: str
    shown: str
    root: Path

    @property
    def path(self) -> Path:
        """Its place as a path, which takes longer to make than reading it."""
        return Path(self.place)

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        name = self.place.rpartition(os.sep)[2]
        dot = name.rfind(".")
        return name[:dot] if 0 < dot < len(name) - 1 else name

    @property
    def is_markdown(self) -> bool:
        """Whether it is Markdown, by its name."""
        return self.place.lower().endswith(MARKDOWN_SUFFIX) and is_markdown(self.path.name)


def discover(project: Project, paths: Sequence[Path] | None) -> tuple[list[ManifestFile], list[Diagnostic]]:
    """The manifest files at ``paths`` (default: the project's assistants folder), each once, and what is wrong.

    A folder stands for every ``*.yaml`` and ``*.yml`` below it and the ``*.md`` whose front matter declares an
    assistant, in whatever case, sorted, without hidden ones and without ``assistctl.yaml``; links are followed
    inside the project and refused when they leave it.
    """
    search = _Search(project)
    if paths is None:
        search.default_folder()
    for path in paths or ():
        search.add_given(path)
    return search.files, search.problems


def project_of(paths: Sequence[Path]) -> Path | None:
    """The folder of the project that files and folders belong to, ``None`` for those that belong to none.

    Raises ``ProjectError`` when they are of several projects.
    """
    found = {project_above(place_of(path)) for path in paths} - {None}
    folders = sorted(folder for folder in found if folder is not None)
    if len(folders) > 1:
        raise ProjectError(
            f"these paths are in several projects: {', '.join(map(str, folders))}", "Validate each by itself."
        )
    return folders[0] if folders else None


class _Listed(NamedTuple):
    """A folder, where it really is, and its candidate files by name, each with whether it is a regular file."""

    folder: Path
    real: Path
    files: list[tuple[str, bool]]


class _Search:
    def __init__(self, project: Project) -> None:
        self.files: list[ManifestFile] = []
        self.problems: list[Diagnostic] = []
        self._project = project
        self._seen: set[str] = set()

    def default_folder(self) -> None:
        folder = self._project.assistants
        if not is_folder(folder):
            self._report(
                folder,
                f"there is no folder {shown_path(folder, self._project.directory)}",
                self._way_to_manifests(),
            )
            return
        self._add_folder(folder, self._project.directory)

    def _way_to_manifests(self) -> str:
        project = self._project
        if project.file is None and project_above(project.directory) is not None:
            return project.way_to_a_project()
        return (
            "Manifests live there. `assistctl init` writes one to start from; `assistants:` in assistctl.yaml "
            "names another folder."
        )

    def add_given(self, path: Path) -> None:
        place = place_of(path)
        own = place.is_relative_to(self._project.directory)
        if is_folder(place):
            self._add_folder(place, self._project.directory if own else place.resolve(), path)
        elif place != self._project.file:
            self._add_file(place, self._project.directory if own else place.parent, path)

    def _add_folder(self, folder: Path, root: Path, given: Path | None = None) -> None:
        before = len(self.files) + len(self.problems)
        for listed in self._walk(folder, root):
            self._add_listed(listed, root, (given / listed.folder.relative_to(folder)) if given else listed.folder)
        if len(self.files) + len(self.problems) == before:
            self._report(
                given or folder,
                "there are no manifests in this folder",
                "A manifest is a file that ends in .yaml or .yml, or one in .md with its fields as front matter.",
                severity=Severity.WARNING,
            )

    def _add_listed(self, listed: _Listed, root: Path, given: Path) -> None:
        """Add the candidates in a folder that was ``given`` as such."""
        # A regular file is where its folder is, which was resolved: only of a link it has to be asked.
        parts = (*_parts_below(listed.folder, root), *_parts_below(listed.real, root))
        is_readable = have_readable_names(*parts, "")
        shown = shown_path(given / "_", self._project.directory)[:-1]
        folder = str(listed.folder / "_")[:-1]
        for name, is_regular in listed.files:
            if not (is_regular and is_readable and have_readable_names(name)):
                self._add_file(listed.folder / name, root, given / name)
            else:
                self._add(folder + name, shown + shown_name(name), root)

    def _add_file(self, path: Path, root: Path, given: Path) -> None:
        shown = shown_path(given, self._project.directory)
        try:
            resolve_readable(path, root)
        except UnusableFileError as error:
            problem = error.diagnostic(shown)
            if not os.path.lexists(path):
                problem = replace(problem, detail=self._way_to_file(given))
            self.problems.append(problem)
            return
        self._add(str(path), shown, root)

    def _add(self, place: str, shown: str, root: Path) -> None:
        if (same := os.path.normcase(place)) not in self._seen:
            self._seen.add(same)
            self.files.append(ManifestFile(place, shown, root))

    def _way_to_file(self, given: Path) -> str:
        """A hint at the file that was meant by the path ``given`` on the command line."""
        meant = self._project.directory / given
        if is_file(meant):
            return f"Did you mean {os.path.relpath(meant)}? A path is relative to the folder this runs in."
        return "A path is relative to the folder this runs in."

    def _walk(self, folder: Path, root: Path) -> Iterator[_Listed]:
        """Folders with candidate files, ``folder`` first, depth first and sorted; each real one once."""
        entered: set[Path] = set()
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            real = self._enterable(here, root)
            if real is None or real in entered:
                continue
            entered.add(real)
            if here != folder and self._is_another_project(here, real):
                continue
            folders, files = self._entries(here, root)
            yield _Listed(here, real, files)
            waiting += reversed(folders)

    def _is_another_project(self, folder: Path, real: Path) -> bool:
        """Whether a folder below that of the project is a project itself, which is reported.

        Both would create its assistants, each for itself.
        """
        is_below = self._project.file is not None and real.is_relative_to(self._project.directory)
        if not is_below or real == self._project.directory or not is_file(real / PROJECT_FILE):
            return False
        self._report(
            folder,
            f"there is a project in this folder, with its own {PROJECT_FILE}",
            "Two projects would own its assistants. Move it out of this one's manifests, let `assistants:` name a "
            f"folder without it, or remove its {PROJECT_FILE}.",
        )
        return True

    def _enterable(self, folder: Path, root: Path) -> Path | None:
        try:
            return resolve_inside(folder, root)
        except UnusableFileError as error:
            self._report(folder, error.summary, error.detail)
            return None

    def _entries(self, folder: Path, root: Path) -> tuple[list[Path], list[tuple[str, bool]]]:
        """The folders in one, and the names of candidate files, each with whether it is a regular file."""
        try:
            with os.scandir(folder) as listed:
                entries = sorted((entry for entry in listed if entry.name[0] != "."), key=lambda entry: entry.name)
        except OSError as error:
            self._report(folder, f"this folder cannot be read: {error.strerror}", "Check its permissions.")
            return [], []
        folders, files = [], []
        for entry in entries:
            is_manifest = entry.name.lower().endswith(MANIFEST_SUFFIXES)
            if _is_folder(entry):
                folders.append(folder / entry.name)
                if is_manifest:
                    text = "this is a folder, not a manifest"
                    self._report(folders[-1], text, "Rename it: a folder needs no suffix.")
            elif (is_manifest and entry.name != PROJECT_FILE) or _is_markdown(folder, entry.name, root):
                files.append((entry.name, entry.is_file(follow_symlinks=False)))
        return folders, files

    def _report(self, path: Path, summary: str, detail: str, *, severity: Severity = Severity.ERROR) -> None:
        shown = shown_path(path, self._project.directory)
        self.problems.append(Diagnostic(severity, summary, detail, position=Position.of_whole(shown)))


def _is_markdown(folder: Path, name: str, root: Path) -> bool:
    # Most files are told apart by their names, without a path.
    return name.lower().endswith(MARKDOWN_SUFFIX) and is_markdown_manifest(folder / name, root)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder that can be seen, or leads to one; never raises."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _parts_below(path: Path, root: Path) -> tuple[str, ...]:
    return path.relative_to(root).parts if path.is_relative_to(root) else ()
