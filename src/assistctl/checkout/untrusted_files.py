"""Files and paths of a checkout that somebody else may have made: what is read of them, and where is written.

Regular files alone are read, up to a size, never waiting: opening a pipe would wait for somebody to write to it,
and a device may have no end. What assistctl writes down stays in the project, whatever links are there. Names may
differ in their form alone, for an é is one character or two: in what people type, what git keeps and what a folder
lists.

What manifests use goes to platforms and is shown in plans, and secrets must not. So some files are never read for
one, whoever asks. By name: ``.env*``, ``.git`` and ``.assistctl``, as any part of a path and in any spelling that
some file system takes for the same; private keys by the names that their tools give them, and by the header of one
inside.
"""

from __future__ import annotations

import io
import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import ProjectError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""The flags to open a file with that may turn out to be a pipe: the call does not wait."""

OWN_FOLDER = ".assistctl"
"""The folder, in a project's, of all that is kept for it."""

ENVIRONMENT_FILE = ".env"
"""The file that adds to the project's environment; nothing whose name begins so is read for a manifest."""

MAX_BYTES = 4 * 1024 * 1024
"""How large a text may be; the longest that any of the APIs takes (1,048,576 characters) fits in UTF-8."""

BYTE_ORDER_MARK = "\ufeff"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SECRET_FOLDERS = (".git", OWN_FOLDER)

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


class NotRegularError(OSError):
    """Something exists and is not a regular file; ``strerror`` says so in a sentence."""


class TooLargeError(OSError):
    """It is larger than the caller wants to read."""


class UnusableFileError(Exception):
    """A file that cannot be read as text: why, what to do, and the line and column it is about, if any."""

    def __init__(self, summary: str, detail: str = "", place: tuple[int, int] | None = None) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.place = place

    def diagnostic(self, file: str) -> Diagnostic:
        """The error as a diagnostic about ``file``."""
        return Diagnostic(
            Severity.ERROR, self.summary, self.detail, position=Position(file, *(self.place or (1, 1)))
        )


class NeverReadError(UnusableFileError):
    """A file that is never read."""


class PrivateKeyError(NeverReadError):
    """A file that is never read because of what is in it."""


def read_regular(path: Path | str, limit: int) -> bytes:
    """The contents of a regular file of at most ``limit`` bytes, links followed.

    Raises ``NotRegularError`` for anything else that is there, ``TooLargeError``, and ``OSError`` as ``open``
    does.
    """
    descriptor, size = _opened(path)
    try:
        data = os.read(descriptor, min(size, limit) + 1)
        # One that grows, or whose size nobody knows (in /proc), has more to give.
        while len(data) <= limit and (more := os.read(descriptor, limit + 1 - len(data))):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise TooLargeError(None, f"it is larger than {limit:,} bytes", str(path))
    return data


def open_regular(path: Path) -> BinaryIO:
    """A regular file, open for reading. Raises as ``read_regular`` does."""
    return os.fdopen(_opened(path)[0], "rb")


def read_bytes(path: Path | str) -> bytes:
    """The bytes of a regular file of a bearable size. Raises ``UnusableFileError``."""
    try:
        return read_regular(path, MAX_BYTES)
    except NotRegularError as error:
        raise UnusableFileError(str(error.strerror)) from error
    except TooLargeError as error:
        raise UnusableFileError(
            f"this file is larger than {MAX_BYTES:,} bytes",
            "No API takes texts of that size: is it the right file?",
        ) from error
    except OSError as error:
        raise UnusableFileError(f"it cannot be read: {reason_of(error)}") from error


def read_text(path: Path) -> str:
    """The text of a file, as it is. Raises ``UnusableFileError``."""
    return as_text(read_bytes(path))


def as_text(data: bytes) -> str:
    """The text of a file that was read, as it is. Raises ``UnusableFileError``."""
    if data.startswith(_UTF_16_MARKS):
        raise UnusableFileError("this is not UTF-8 but UTF-16", "Save it as UTF-8.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = line_and_column(data[: error.start].decode("utf-8"), error.start)
        raise UnusableFileError(
            f"this is not UTF-8: byte 0x{data[error.start]:02X} at offset {error.start}, on line {place[0]}",
            "Save it as UTF-8.",
            place,
        ) from error


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The line and column, from 1, of an offset in ``text``."""
    before = re.split(r"\r\n|\r|\n", text[:offset])
    return len(before), len(before[-1]) + 1


def reason_of(error: Exception) -> str:
    """The system's reason for refusing, as the end of a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)


def resolve_inside(path: Path, root: Path) -> Path:
    """The real path of something that exists in ``root``, links followed.

    Raises ``UnusableFileError`` when it is missing, or when it or a link on the way leaves ``root``.
    """
    try:
        real = as_spelled(path).resolve(strict=True)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise UnusableFileError("this is a link to nothing", f"It points to {path.readlink()}.") from error
        raise UnusableFileError("there is no such file", "A path is relative to the file it stands in.") from error
    except RuntimeError as error:
        raise UnusableFileError("this is a link that leads back to itself") from error
    except (OSError, ValueError) as error:
        raise UnusableFileError(f"it cannot be opened: {reason_of(error)}") from error
    if not real.is_relative_to(root):
        raise UnusableFileError(
            "it lies outside the project" if path == real else "it leaves the project, through a link or `..`",
            "What a manifest uses must lie in the project, so that a checkout is complete.",
        )
    return real


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


def refuse_names(*names: str) -> None:
    """Raise ``NeverReadError`` when a part of a path is one of ``names`` that are never read."""
    for name in names:
        plain = _plain(name)
        if plain.startswith(ENVIRONMENT_FILE) or plain in _SECRET_FOLDERS or _SHORT_NAME.fullmatch(plain):
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


def is_folder(path: Path) -> bool:
    """Whether ``path`` is a folder that can be seen; never raises."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether ``path`` is a regular file that can be seen; never raises."""
    return os.path.isfile(path)  # noqa: PTH113  # Path.is_file raises for names too long and folders that are shut


def may_be_file(path: Path) -> bool:
    """Whether something other than a folder is at ``path``, as far as can be seen; never raises."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def place_of(path: Path) -> Path:
    """The absolute path, its folder resolved; the last link on it, if it is one, is not followed."""
    absolute = Path(os.path.normpath(Path.cwd() / path))
    try:
        return absolute.parent.resolve() / absolute.name
    except (OSError, RuntimeError, ValueError):
        return absolute


def place_in(project: Path, path: Path | str) -> Path:
    """``path``, relative to ``project``, as an absolute one.

    Raises ``ProjectError`` when it looks like a place in the project and a link on the way leads out of it. What
    plainly lies elsewhere (``../shared.db``) was meant to.
    """
    place = Path(os.path.normpath(project / path))
    if not place.is_relative_to(project):
        return project / path
    try:
        real, root = place.resolve(), project.resolve()
    except (OSError, RuntimeError) as error:
        raise ProjectError(f"{path} is a link that leads back to itself") from error
    if not real.is_relative_to(root):
        raise ProjectError(
            f"{place.relative_to(project)} leaves the project, through a link",
            "A checkout may bring such a link along, and what is written would go to where it leads: remove it.",
        )
    return place


def shown_path(path: Path, directory: Path) -> str:
    """``path`` as messages have it: relative to ``directory`` when it lies inside, else as it was given."""
    place = path if path.is_relative_to(directory) else place_of(path)
    inside = place.relative_to(directory) if place.is_relative_to(directory) else path
    return shown_name(inside.as_posix())


def shown_name(name: str) -> str:
    """A name or path as messages have it: bytes of it that are not UTF-8 as escapes."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def composed(name: str) -> str:
    """A name or path in the form in which two that look the same are the same (NFC)."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def as_spelled(path: Path) -> Path:
    """``path`` as the folders it leads through spell it; itself when nothing there looks the same."""
    if str(path).isascii() or os.path.lexists(path) or path == path.parent:
        return path
    folder = as_spelled(path.parent)
    return folder / _listed_as(path.name, folder)


def _opened(path: Path | str) -> tuple[int, int]:
    """The descriptor of a regular file, and its size. Raises as ``read_regular`` does."""
    # Looked at before it is opened as well: opening alone can do something to a device.
    _require_regular(os.stat(path), path)  # noqa: PTH116  # a third of the time that Path.stat takes
    descriptor = os.open(path, READING)
    try:
        status = os.fstat(descriptor)
        _require_regular(status, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def _require_regular(status: os.stat_result, path: Path | str) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = "this is a folder, not a file" if stat.S_ISDIR(status.st_mode) else "this is not a regular file"
        raise NotRegularError(None, what, str(path))


def _plain(name: str) -> str:
    """``name`` as file systems compare it: without case, and what some of them leave out of it."""
    if not name.isascii():
        name = _visible(name)
    # NTFS leaves out dots and spaces at the end; after a colon comes the name of one of a file's streams.
    return name.casefold().partition(":")[0].rstrip(" .")


def _visible(name: str) -> str:
    # HFS+ leaves out what cannot be seen.
    return "".join(
        character for character in unicodedata.normalize("NFKC", name) if unicodedata.category(character) != "Cf"
    )


def _listed_as(name: str, folder: Path) -> str:
    if name.isascii() or os.path.lexists(folder / name):
        return name
    wanted = composed(name)
    try:
        return next((entry.name for entry in sorted(folder.iterdir()) if composed(entry.name) == wanted), name)
    except OSError:
        return name
