"""Which files hold manifests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistctl.errors import ProjectError
from assistctl.manifest.files.never_read import resolve_readable
from assistctl.manifest.project.markdown_manifests import is_markdown_manifest
from assistctl.manifest.project.project import PROJECT_FILE, Project, project_above
from assistctl.manifest.syntax.text_file import UnusableFileError, is_folder, place_of, resolve_inside, shown_path
from assistctl.model.plan import Diagnostic, Position, Severity

MANIFEST_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A file to read: ``path`` as found, ``shown`` as messages name it, ``root`` the folder it may use."""

    path: Path
    shown: str
    root: Path


def discover(project: Project, paths: Sequence[Path] | None) -> tuple[list[ManifestFile], list[Diagnostic]]:
    """The manifest files at ``paths`` (default: the project's assistants folder), each once, and what is wrong.

    A folder stands for every ``*.yaml`` and ``*.yml`` below it and the ``*.md`` whose front matter declares an
    assistant, sorted, without hidden ones and without ``assistctl.yaml``; links are followed inside the project
    and refused when they leave it.
    """
    search = _Search(project)
    if paths is None:
        search.default_folder()
    for path in paths or ():
        search.add(path)
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


class _Search:
    def __init__(self, project: Project) -> None:
        self.files: list[ManifestFile] = []
        self.problems: list[Diagnostic] = []
        self._project = project
        self._seen: set[Path] = set()

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

    def add(self, path: Path) -> None:
        place = place_of(path)
        own = place.is_relative_to(self._project.directory)
        if is_folder(place):
            self._add_folder(place, self._project.directory if own else place.resolve(), path)
        elif place != self._project.file:
            self._add_file(place, self._project.directory if own else place.parent, path)

    def _add_folder(self, folder: Path, root: Path, given: Path | None = None) -> None:
        before = len(self.files) + len(self.problems)
        for path in self._walk(folder, root):
            self._add_file(path, root, (given / path.relative_to(folder)) if given else path)
        if len(self.files) + len(self.problems) == before:
            self._report(
                given or folder,
                "there are no manifests in this folder",
                "A manifest is a file that ends in .yaml or .yml, or one in .md with its fields as front matter.",
                severity=Severity.WARNING,
            )

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
        if path not in self._seen:
            self._seen.add(path)
            self.files.append(ManifestFile(path, shown, root))

    def _way_to_file(self, given: Path) -> str:
        """Where a file may be that is not at the path which was ``given`` on the command line."""
        meant = self._project.directory / given
        if meant.is_file():
            return f"Did you mean {os.path.relpath(meant)}? A path is relative to the folder this runs in."
        return "A path is relative to the folder this runs in."

    def _walk(self, folder: Path, root: Path) -> Iterator[Path]:
        """Candidate files below ``folder``, depth first and sorted; each real folder is entered once."""
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
            yield from files
            waiting += reversed(folders)

    def _is_another_project(self, folder: Path, real: Path) -> bool:
        """Whether a folder below that of the project is a project itself, which is reported.

        Both would create its assistants, each for itself.
        """
        is_below = self._project.file is not None and real.is_relative_to(self._project.directory)
        if not is_below or real == self._project.directory or not (real / PROJECT_FILE).is_file():
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

    def _entries(self, folder: Path, root: Path) -> tuple[list[Path], list[Path]]:
        try:
            entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        except OSError as error:
            self._report(folder, f"this folder cannot be read: {error.strerror}", "Check its permissions.")
            return [], []
        folders = [path for path in entries if is_folder(path)]
        for path in folders:
            if path.suffix in MANIFEST_SUFFIXES:
                self._report(path, "this is a folder, not a manifest", "Rename it: a folder needs no suffix.")
        known = set(folders)
        files = [path for path in entries if path not in known and _is_manifest(path, root)]
        return folders, [path for path in files if path.name != PROJECT_FILE]

    def _report(self, path: Path, summary: str, detail: str, *, severity: Severity = Severity.ERROR) -> None:
        shown = shown_path(path, self._project.directory)
        self.problems.append(Diagnostic(severity, summary, detail, position=Position.of_whole(shown)))


def _is_manifest(path: Path, root: Path) -> bool:
    return path.suffix in MANIFEST_SUFFIXES or is_markdown_manifest(path, root)
