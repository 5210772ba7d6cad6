"""What is never read, whoever asks: a manifest goes to a platform and is shown in plans, and secrets must not.

By name: ``.env*``, ``.git`` and ``.assistctl``, as any part of a path and in any spelling that some file system
takes for the same; private keys by the names that their tools give them, and by the header of one inside.
"""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from assistctl.manifest.syntax.text_file import UnusableFileError, resolve_inside

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FOLDERS = (".git", ".assistctl")
_ENVIRONMENT = ".env"
# What Windows also calls such a name (https://en.wikipedia.org/wiki/8.3_filename).
_SHORT_NAME = re.compile(r"(?:git|env|assis)[^.]*~[0-9a-f]+")
# ssh-keygen(1) and the containers that always hold a key: PKCS #12, PuTTY's.
_KEY_NAME = re.compile(r"id_(?:rsa|dsa|ecdsa|ed25519|ecdsa_sk|ed25519_sk|xmss)|.*\.(?:p12|pfx|ppk)")
# RFC 7468, RFC 4716 and RFC 9580 all write it so; the words before say of which kind.
_KEY_HEADER = re.compile(rb"---- ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?----")
_KEY_WORDS = b"PRIVATE KEY"
_LONGEST_HEADER = 80

_ADVICE = (
    "`.env*`, `.git`, `.assistctl` and private keys hold secrets, and what a manifest uses is uploaded and shown: "
    "put what assistants may see into another file."
)


class NeverReadError(UnusableFileError):
    """A file that is never read."""


class PrivateKeyError(NeverReadError):
    """A file that is never read because of what is in it."""


def refuse_names(*names: str) -> None:
    """Raise ``NeverReadError`` when a part of a path is one of ``names`` that are never read."""
    for name in names:
        plain = _plain(name)
        if plain.startswith(_ENVIRONMENT) or plain in _FOLDERS or _SHORT_NAME.fullmatch(plain):
            raise NeverReadError(f"this is never read, because of {name} in its path", _ADVICE)
    if names and _KEY_NAME.fullmatch(_plain(names[-1])):
        raise NeverReadError("this is never read: it has the name of a private key", _ADVICE)


def have_readable_names(*names: str) -> bool:
    """Whether none of ``names``, the parts of a path, is one that is never read."""
    try:
        refuse_names(*names)
    except NeverReadError:
        return False
    return True


def resolve_readable(path: Path, root: Path) -> Path:
    """The real path of a file in ``root`` that may be read.

    Raises ``NeverReadError`` when ``path`` or what it leads to may not, and ``UnusableFileError`` as
    ``resolve_inside`` does.
    """
    given = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    refuse_names(*given.parts)
    real = resolve_inside(path, root)
    refuse_names(*real.relative_to(root).parts)
    return real


def refuse_path(path: Path, root: Path) -> None:
    """Raise ``NeverReadError`` when the file at ``path``, wherever it is, is never read, or what it leads to.

    Of a path in ``root`` only what is below that counts. What cannot be resolved is for whoever opens it.
    """
    try:
        real = path.resolve()
    except (OSError, RuntimeError):
        real = path
    for place in (path, real):
        refuse_names(*(place.relative_to(root) if place.is_relative_to(root) else place).parts)


def refuse_private_key(data: bytes) -> None:
    """Raise ``PrivateKeyError`` when there is the header of a private key in ``data``."""
    if _KEY_WORDS in data and _KEY_HEADER.search(data):
        raise PrivateKeyError("this is never read: it holds a private key", _ADVICE)


class ReaderOfNoKey(io.FileIO):
    """A file to be read in pieces; ``readinto`` raises ``PrivateKeyError`` at the header of a private key."""

    _end = b""

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """See ``io.RawIOBase``."""
        count = super().readinto(buffer) or 0
        piece = bytes(memoryview(buffer)[:count])
        # A header may begin in one piece and end in the next.
        refuse_private_key(self._end + piece[:_LONGEST_HEADER])
        refuse_private_key(piece)
        self._end = (self._end + piece)[-_LONGEST_HEADER:]
        return count


def _plain(name: str) -> str:
    """``name`` as file systems compare it: without case, and what some of them leave out of it."""
    if not name.isascii():
        name = _visible(name)
    # NTFS leaves out dots and spaces at the end; after a colon comes the name of one of a file's streams.
    return name.casefold().partition(":")[0].rstrip(" .")


def _visible(name: str) -> str:
    # HFS+ leaves out what cannot be seen.
    return "".join(one for one in unicodedata.normalize("NFKC", name) if unicodedata.category(one) != "Cf")
