"""What ``assistctl init`` writes: a project that plans and applies as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from assistctl.errors import AssistctlError
from assistctl.manifest.new_files import write_whole

# Where a file of ours goes in the new project; a leading dot would hide it from our own tools.
_FILES = {
    "assistctl.yaml": "assistctl.yaml",
    "helper.yaml": "assistants/helper.yaml",
    "helper.md": "assistants/prompts/helper.md",
    "workflow.yml": ".github/workflows/assistctl.yml",
}
_IGNORED = (".assistctl/", ".env", "*.plan")
_PLACEHOLDER = "PROJECT_NAME"


@dataclass(frozen=True, slots=True)
class Scaffolded:
    """The paths that were written and those that were there already and were left alone."""

    created: tuple[str, ...]
    kept: tuple[str, ...]


def scaffold(directory: Path, project: str) -> Scaffolded:
    """Write a new project's files into ``directory``; nothing that exists is overwritten.

    Raises ``AssistctlError`` when a file cannot be written.
    """
    created, kept = [], []
    for name, text in _texts(project):
        path = directory / name
        if path.exists():
            kept.append(name)
            continue
        write_whole(path, text)
        created.append(name)
    if _ignore(directory / ".gitignore"):
        created.append(".gitignore")
    return Scaffolded(tuple(created), tuple(kept))


def project_name(directory: Path) -> str:
    """A project name made from the folder's."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", directory.resolve().name).strip("-._")
    return name[:64] or "my-assistants"


def _texts(project: str) -> Iterator[tuple[str, str]]:
    from assistctl.manifest.schema import ASSISTANT, MANIFEST, PROJECT, VECTOR_STORE, read_schema

    files = resources.files(__name__) / "files"
    for name, place in _FILES.items():
        text = (files / name).read_text(encoding="utf-8")
        yield place, text.replace(_PLACEHOLDER, project)
    for name in (MANIFEST, ASSISTANT, VECTOR_STORE, PROJECT):
        text = json.dumps(read_schema(name), indent=2, ensure_ascii=False)
        yield f"schemas/{name}.schema.json", f"{text}\n"


def _ignore(path: Path) -> bool:
    """Add what must not be committed; whether there was anything to add."""
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise AssistctlError(f"{path} cannot be read: {error}") from error
    missing = [line for line in _IGNORED if line not in text.splitlines()]
    if missing:
        _append(path, "".join(f"{line}\n" for line in missing), on_new_line=text.endswith("\n") or not text)
    return bool(missing)


def _append(path: Path, text: str, *, on_new_line: bool) -> None:
    """Add to what is there, which a full disk does not take away."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text if on_new_line else f"\n{text}")
    except OSError as error:
        raise AssistctlError(f"{path} cannot be written: {error.strerror}") from error
