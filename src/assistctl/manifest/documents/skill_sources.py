"""Skills that are a folder of a public repository, as one commit has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from assistctl.checkout.pinned_folder import PinnedFolder
from assistctl.checkout.untrusted_files import NeverReadError, UnusableFileError
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import ProjectError
from assistctl.manifest.contents import Contents
from assistctl.manifest.documents.declaration import Declaration
from assistctl.manifest.files.entries import Reader
from assistctl.manifest.files.expand import AttachedFile
from assistctl.manifest.files.found_file import find
from assistctl.manifest.files.glob import Folders

_SOURCE = "source"


def check_source(contents: Contents) -> None:
    """Report a skill that says where it is nowhere, or twice, or at no public address."""
    value = contents.value if isinstance(contents.value, dict) else {}
    if ("folder" in value) == (_SOURCE in value):
        summary = "a skill has a `folder` or a `source`" + (", not both" if _SOURCE in value else "")
        where = (_SOURCE,) if _SOURCE in value else ()
        contents.report(where, summary, "`folder` is one of the project, `source` one of a public repository.")
    source = value.get(_SOURCE)
    if not isinstance(source, dict):
        return
    from assistctl.checkout.public_repository import refused_address

    for name, text in source.items():
        path = (_SOURCE, name)
        if path in contents.secret:
            contents.report(path, f"{name} cannot hold a value from the environment", "Use a ${var:} for it.")
        elif name == "repository" and isinstance(text, str) and path not in contents.unjudged:
            why = refused_address(text)
            if why is not None:
                contents.report(path, f"this repository cannot be fetched: {why}", "Write https://HOST/PATH.")


def with_sources(
    declarations: Sequence[Declaration], *, fetch: bool
) -> tuple[list[Declaration], list[Diagnostic]]:
    """``declarations`` with the files of repositories, and what is wrong with those.

    Without ``fetch`` only with what was fetched before.
    """
    found: list[Declaration] = []
    problems: list[Diagnostic] = []
    for declaration in declarations:
        source = declaration.resource.source if declaration.resource is not None else None
        if source is None or declaration.resource is None:
            found.append(declaration)
            continue
        position = declaration.resource.position_of(_SOURCE)
        try:
            folder = _folder(source, fetch=fetch)
            files = tuple(_files(source, folder, position)) if folder is not None else ()
        except ProjectError as error:
            problems.append(_problem(declaration, error.summary, error.hint, position))
            continue
        except UnusableFileError as error:
            problems.append(_problem(declaration, f"{source.shown}: {error.summary}", error.detail, position))
            continue
        found.append(replace(declaration, files=files))
    return found, problems


def _problem(declared: Declaration, summary: str, detail: str, position: Position) -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, detail, key=declared.key, path=_SOURCE, position=position)


def _folder(source: PinnedFolder, *, fetch: bool) -> Path | None:
    """The folder on this machine; ``None`` where it is missing and not to be fetched."""
    from assistctl.checkout.public_repository import fetched

    cache = _cache()
    if not fetch:
        place = cache / source.name
        return place if place.is_dir() else None
    return fetched(source, cache)


def _cache() -> Path:
    """The cache of fetched folders. Raises ``ProjectError`` for a user without a cache folder."""
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("assistctl", appauthor=False)
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():
        # Elsewhere than at an absolute path it would be a folder in the project.
        raise ProjectError("there is no cache folder to fetch a repository into", "Set XDG_CACHE_HOME.")
    return folder / "repositories"


def _files(source: PinnedFolder, folder: Path, position: Position) -> Iterator[AttachedFile]:
    """The files in ``folder``, without hidden ones and what is never read. Raises ``UnusableFileError``."""
    root = folder.resolve()
    for place, name in sorted(Folders().matches(root, ("**", "*"), root)):
        try:
            file = find(place, name, root, may_be_empty=True)
        except NeverReadError:
            continue
        shown = replace(file, path=f"{source.shown}/{file.path}")
        yield AttachedFile(shown, Reader.CONTENT, {}, _SOURCE, _SOURCE, {_SOURCE: position}, by_pattern=True)
