"""Names as Unicode has them: an é is one character or two, and some file systems and archives change which.

What people type, what git keeps and what a folder lists may differ in that alone.
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path


def composed(name: str) -> str:
    """A name or path in the form in which two that look the same are the same (NFC)."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def as_spelled(path: Path) -> Path:
    """``path`` as the folders it leads through spell it; itself when nothing there looks the same."""
    if str(path).isascii() or os.path.lexists(path) or path == path.parent:
        return path
    folder = as_spelled(path.parent)
    return folder / _listed_as(path.name, folder)


def _listed_as(name: str, folder: Path) -> str:
    if name.isascii() or os.path.lexists(folder / name):
        return name
    wanted = composed(name)
    try:
        return next((one.name for one in sorted(folder.iterdir()) if composed(one.name) == wanted), name)
    except OSError:
        return name
