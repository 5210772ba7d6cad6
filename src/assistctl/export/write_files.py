"""Manifests as files that were not there before: nothing is overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from assistctl.errors import AssistctlError
from assistctl.export.yaml_writer import Written


def schema_beside(folder: Path, project: Path, name: str = "assistant") -> str:
    """The path or address of the project's schema ``name`` for an editor, seen from a manifest in ``folder``."""
    return Path(os.path.relpath(project / "schemas", folder)).as_posix() + f"/{name}.schema.json"


def require_new(written: Iterable[Written], folder: Path, option: str) -> None:
    """Raise ``AssistctlError`` if one of the files is there, or a link in ``folder`` leads it elsewhere.

    ``option`` is how to name another folder.
    """
    for manifest in written:
        for name in (*manifest.files, *manifest.contents):
            if not (folder / name).parent.resolve().is_relative_to(folder.resolve()):
                raise AssistctlError(
                    f"{folder / name} would leave {folder}, through a link, so nothing was written",
                    f"Remove the link, or write to another folder with {option}.",
                )
            if os.path.lexists(folder / name):
                raise AssistctlError(
                    f"{folder / name} exists already, so nothing was written",
                    f"Move it away, or write to another folder with {option}.",
                )


def write_new(written: Sequence[Written], folder: Path, option: str) -> list[Path]:
    """Write the files below ``folder``, all or none; their paths.

    Raises as ``require_new`` does, before the first of them, and as ``write_whole``; then none of them is left.
    Whoever finds a manifest takes its assistant for declared, whatever is missing beside it.
    """
    require_new(written, folder, option)
    done: list[Path] = []
    try:
        for manifest in written:
            # The manifest behind what it names, for whoever is killed meanwhile.
            texts: dict[str, str | bytes] = {**manifest.files, **manifest.contents}
            for name in reversed(texts):
                done.append(write_whole(folder / name, texts[name]))  # noqa: PERF401  # those before a failure count
    except BaseException:
        for path in done:
            path.unlink(missing_ok=True)
        raise
    return [folder / name for manifest in written for name in (*manifest.files, *manifest.contents)]


def write_whole(path: Path, text: str | bytes) -> Path:
    """Write a file that was not there before; its path.

    Raises ``AssistctlError`` when that is not possible, on a full disk for one; then nothing of it is left.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Mode x: nothing is overwritten, also not what came into being a moment ago.
        with path.open("xb") as file:
            _fill(file, path, text if isinstance(text, bytes) else text.encode())
    except OSError as error:
        raise AssistctlError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _fill(file: BinaryIO, path: Path, text: bytes) -> None:
    try:
        file.write(text)
        file.flush()
    except OSError:
        path.unlink(missing_ok=True)
        raise
