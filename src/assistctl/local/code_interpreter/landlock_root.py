"""The root folder that code sees under Landlock: empty but for the interpreter, and where the rest is mounted."""

from __future__ import annotations

import os
import shutil
import struct
import sys
from pathlib import Path

PYTHON = "/python"
"""The interpreter's place in that root. Only what lies in the root itself can be started."""

_SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo")
_INTERPRETER = 3
"""The kind of an ELF segment that names the loader (``PT_INTERP``, elf(5))."""


def make_root(root: Path, readable: list[str]) -> dict[str, str]:
    """Make it, and return what to mount there for reading: place -> folder on this machine.

    ``readable`` folders keep their paths, so that what refers to them finds them.
    """
    mounts: dict[str, str] = {}
    for place in (*_SYSTEM, *readable):
        folder = Path(place)
        if folder.is_symlink() and folder.parent == Path("/"):  # /lib is usr/lib on most systems
            (root / folder.name).symlink_to(folder.readlink())
        elif folder.is_dir():
            _inside(root, place).mkdir(parents=True, exist_ok=True)
            mounts[place] = place
    executable = Path(os.path.realpath(sys.executable))
    shutil.copy(executable, root / PYTHON[1:])
    loader = _loader_of(executable)
    if loader is not None:
        # The kernel takes the loader by this path; a folder mounted above it is no place that it looks at.
        copy = _inside(root, loader)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(loader, copy)
    return mounts


def _inside(root: Path, path: str) -> Path:
    """Where an absolute path is in the root, its links taken along."""
    return root / os.path.relpath(path, "/")


def _loader_of(executable: Path) -> str | None:
    """The loader that a 64-bit ELF file names, or ``None`` for one that needs none."""
    with executable.open("rb") as file:
        header = file.read(64)
        if header[:5] != b"\x7fELF\x02":
            return None
        order = "<" if header[5] == 1 else ">"
        (offset,) = struct.unpack_from(f"{order}Q", header, 32)
        size, count = struct.unpack_from(f"{order}HH", header, 54)
        file.seek(offset)
        segments = file.read(size * count)
        for start in range(0, size * count, size):
            kind, _, begin, _, _, length = struct.unpack_from(f"{order}IIQQQQ", segments, start)
            if kind == _INTERPRETER:
                file.seek(begin)
                return file.read(length).rstrip(b"\0").decode()
    return None
