"""What ``assistctl init`` writes: a project that plans and applies as it stands."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from assistctl import __version__
from assistctl.checkout.regular_file import read_regular
from assistctl.errors import AssistctlError
from assistctl.export.write_files import write_whole

# Where a file of ours goes in the new project; a leading dot would hide it from our own tools.
_FILES = {
    "assistctl.yaml": "assistctl.yaml",
    "helper.yaml": "assistants/helper.yaml",
    "helper.md": "assistants/prompts/helper.md",
}
_PIPELINES = {
    "github": {"workflow.yml": ".github/workflows/assistctl.yml"},
    "gitlab": {"gitlab-ci.yml": ".gitlab-ci.yml"},
}
CI_SYSTEMS = tuple(_PIPELINES)
"""The systems whose pipelines can be written, the first being the usual one."""

_IGNORED = (".assistctl/", ".env", "*.plan")
_LARGEST = 1024 * 1024
_PLACEHOLDER = "PROJECT_NAME"
_RELEASE = "ASSISTCTL_RELEASE"


@dataclass(frozen=True, slots=True)
class Scaffolded:
    """The paths that were written and those that were there already and were left alone."""

    created: tuple[str, ...]
    kept: tuple[str, ...]


def scaffold(directory: Path, project: str, ci: str = CI_SYSTEMS[0]) -> Scaffolded:
    """Write a new project's files into ``directory``, with a pipeline for ``ci``; nothing there is overwritten.

    Raises ``AssistctlError`` when a file cannot be written.
    """
    created, kept = [], []
    for name, text in _texts(project, ci):
        path = directory / name
        if os.path.lexists(path):
            kept.append(name)
            continue
        _write(path, text, directory)
        created.append(name)
    if _ignore(directory / ".gitignore"):
        created.append(".gitignore")
    return Scaffolded(tuple(created), tuple(kept))


def project_name(directory: Path) -> str:
    """A project name made from the folder's."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", directory.resolve().name).strip("-._")
    return name[:64] or "my-assistants"


def _texts(project: str, ci: str) -> Iterator[tuple[str, str]]:
    from assistctl.manifest.validation.schema import FOR_EDITORS, read_schema

    files = resources.files(__name__) / "files"
    for name, place in {**_FILES, **_PIPELINES[ci]}.items():
        text = (files / name).read_text(encoding="utf-8")
        yield place, text.replace(_PLACEHOLDER, project).replace(_RELEASE, __version__)
    for name in FOR_EDITORS:
        text = json.dumps(read_schema(name), indent=2, ensure_ascii=False)
        yield f"schemas/{name}.schema.json", f"{text}\n"


def _write(path: Path, text: str, directory: Path) -> None:
    _stay_inside(path, directory)
    write_whole(path, text)


def _stay_inside(path: Path, directory: Path) -> None:
    if not path.resolve().is_relative_to(directory.resolve()):
        raise AssistctlError(f"{path} leaves {directory}, through a link", "Remove the link, and run it again.")


def _ignore(path: Path) -> bool:
    """Add what must not be committed; whether there was anything to add."""
    try:
        text = read_regular(path, _LARGEST).decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise AssistctlError(f"{path} cannot be read: {error}") from error
    missing = [line for line in _IGNORED if line not in text.splitlines()]
    if missing:
        _stay_inside(path, path.parent)
        _append(path, "".join(f"{line}\n" for line in missing), on_new_line=text.endswith("\n") or not text)
    return bool(missing)


def _append(path: Path, text: str, *, on_new_line: bool) -> None:
    """Add to what is there, which a full disk does not take away."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text if on_new_line else f"\n{text}")
    except OSError as error:
        raise AssistctlError(f"{path} cannot be written: {error.strerror}") from error
