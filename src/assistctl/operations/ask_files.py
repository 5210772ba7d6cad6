"""Files that go along with a question, and those that an answer brings."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection
from pathlib import Path

from assistctl.checkout.untrusted_files import (
    UnusableFileError,
    read_regular,
    reason_of,
    refuse_path,
    refuse_private_key,
)
from assistctl.errors import ProjectError
from assistctl.manifest.files.found_file import MAX_SIZE
from assistctl.model.conversation import MessageFile
from assistctl.model.source_file import Identity, SourceFile

READERS = ("file_search", "code_interpreter")
"""The tools that read files."""

_LONGEST_NAME = 120
# Control characters, and what Windows takes in no name.
_UNUSABLE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*]')


def file_to_attach(path: Path, tool: str | None, tools: Collection[str]) -> MessageFile:
    """The file at ``path`` for ``tool``; without one, for the only one of ``tools`` that reads files.

    Its tool is empty where the assistant has none. Raises ``ProjectError`` for a file that cannot, or must not, be
    read, and where it is not clear which tool is to read it.
    """
    readers = [reader for reader in READERS if reader in tools]
    if tool is None and len(readers) > 1:
        raise ProjectError(
            f"{path}: both {' and '.join(readers)} could read it", f"Say which: --attach {path}:{readers[-1]}"
        )
    try:
        # Named by who runs the command, so that it may be outside of the project.
        refuse_path(path.absolute(), Path.cwd())
        content = read_regular(path, MAX_SIZE)
        refuse_private_key(content)
    except UnusableFileError as error:
        raise ProjectError(f"{path}: {error.summary}", error.detail) from error
    except OSError as error:
        raise ProjectError(f"{path}: {reason_of(error)}", "--attach takes a file, or FILE:TOOL.") from error
    if not content:
        raise ProjectError(f"{path}: this file is empty", "Platforms refuse a file without a byte.")
    location = path.resolve()
    identity = Identity(hashlib.sha256(content).hexdigest(), path.name)
    source = SourceFile(path.name, location, len(content), identity)
    return MessageFile(source, tool or (readers[0] if readers else ""))


def save(folder: Path, name: str, content: bytes, otherwise: str) -> Path:
    """Write ``content`` into ``folder`` under ``name``, or one like it where there is a file already; its path.

    ``otherwise`` is its name where ``name``, which a model made up, is none. Nothing is overwritten. Raises
    ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    usable = usable_name(name) or usable_name(otherwise) or "file"
    stem, suffix = Path(usable).stem, Path(usable).suffix
    for number in range(1, 10_000):
        path = folder / (usable if number == 1 else f"{stem}-{number}{suffix}")
        with contextlib.suppress(FileExistsError), path.open("xb") as file:
            file.write(content)
            return path
    raise FileExistsError(None, "there are too many files of that name", str(folder / usable))


def usable_name(name: str) -> str:
    """The last part of ``name`` without what has no place in a file's name; empty where nothing is left."""
    base = name.replace("\\", "/").rpartition("/")[2]
    # A name that begins with a dot is hidden, or the folder above.
    plain = _UNUSABLE.sub("_", base).strip().lstrip(".")
    stem, dot, suffix = plain.rpartition(".")
    return f"{stem[:_LONGEST_NAME]}{dot}{suffix[:20]}" if dot and stem else plain[:_LONGEST_NAME]
