"""A key that no checkout holds: what bears its seal was written by this person on this machine.

It lies in the user's own folder for state (``platformdirs.user_state_path``), readable by its owner alone, and is
made when something is sealed for the first time. Machines that are thrown away, as those of CI, may be given one
in the environment, so that a later run trusts what an earlier one wrote. Where there is neither, nothing is sealed
and no seal holds: whoever asks goes on without.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.errors import ProjectError

VARIABLE = "ASSISTCTL_RECORD_KEY"
"""The environment variable that may carry the key. ``.env`` is no place for it: it lies in the checkout."""

_LENGTH = 32
_SHORTEST_TEXT = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class MachineKey:
    """Seals data so that this machine recognises it, and tells nobody else anything about it."""

    _secret: bytes = field(repr=False)

    def seal(self, purpose: str, data: bytes) -> str:
        """An HMAC-SHA256 of ``data`` as 64 hex digits; that of another ``purpose`` is another one."""
        return hmac.new(self._secret, purpose.encode() + b"\0" + data, hashlib.sha256).hexdigest()

    def holds(self, purpose: str, data: bytes, seal: object) -> bool:
        """Whether ``seal`` is what ``seal`` returned for that."""
        return isinstance(seal, str) and hmac.compare_digest(self.seal(purpose, data).encode(), seal.encode())


def machine_key(checkout: Path, *, create: bool = False) -> MachineKey | None:
    """The key, which must not lie in ``checkout``; one is made where there is none if ``create``.

    ``None`` where there is none or it cannot be kept. Raises ``ProjectError`` for one in the environment that is
    so short that it could be guessed.
    """
    text = os.environ.get(VARIABLE, "")
    if text:
        return MachineKey(_from_environment(text))
    place = _place(checkout)
    if place is None:
        return None
    try:
        found = _read(place)
        if found is None and create:
            found = _made(place)
    except OSError:
        return None
    return None if found is None else MachineKey(found)


def _from_environment(text: str) -> bytes:
    if len(text) < _SHORTEST_TEXT:
        raise ProjectError(
            f"{VARIABLE} is too short for a key: it has {len(text)} characters, and needs {_SHORTEST_TEXT}",
            'Make one with: python -c "import secrets; print(secrets.token_hex(32))"',
        )
    return hashlib.sha256(b"assistctl\0" + text.encode("utf-8", "surrogateescape")).digest()


def _place(checkout: Path) -> Path | None:
    """The place of the key; ``None`` without a home, or with one inside the checkout."""
    from platformdirs import user_state_path

    try:
        place = user_state_path("assistctl", appauthor=False) / "record.key"
        # Without a home there is nothing to stand for the `~`.
        if not place.is_absolute() or place.resolve().is_relative_to(_root_of(checkout)):
            return None
    except (OSError, RuntimeError):
        return None
    return place


def _root_of(checkout: Path) -> Path:
    directory = checkout.resolve()
    return next((parent for parent in (directory, *directory.parents) if (parent / ".git").exists()), directory)


def _read(place: Path) -> bytes | None:
    """The key in ``place``, unless others may read or write it, or it is something else."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(place, flags)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or not _is_private(about):
            return None
        found = file.read(_LENGTH + 1)
    return found if len(found) == _LENGTH else None


def _is_private(about: os.stat_result) -> bool:
    if os.name != "posix":
        return True
    return about.st_uid == os.geteuid() and not about.st_mode & _OTHERS


def _made(place: Path) -> bytes | None:
    """A new key in ``place``; the one that another process made first, if that is faster."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Private from the start: a temporary file is readable by its owner alone.
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
        _put(Path(name), place)
    finally:
        Path(name).unlink(missing_ok=True)
    return _read(place)


def _put(new: Path, place: Path) -> None:
    try:
        os.link(new, place)
    except OSError:
        # There is one that cannot be used, or the file system knows no links.
        if _read(place) is None:
            new.replace(place)
