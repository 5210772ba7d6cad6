"""Every error a user can meet, as a type that carries what happened.

AssistctlError                exit 1
├── ManifestError             the manifests or assistctl.yaml are wrong; carries the diagnostics
├── ProjectError              no project, an unknown target or key
├── RefusedError              exit 3: a safety rule said no
├── NoRoomError               the disk is full
├── JournalError              the journal's place cannot be used, or what is in it cannot be read
│   └── LockedError           somebody else is applying to this target
└── PlatformError             the platform said no, or nothing
    ├── NotFoundError         what was asked for is not there
    ├── ConflictError         it was changed by somebody else meanwhile
    ├── NotKeptError          it accepted a request and kept something else
    ├── LeftBehindError       it did what was asked, and something old is still there
    ├── ChangedFileError      a file was changed while it was uploaded
    └── OutcomeUnknownError   the request may or may not have been carried out
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistctl.diagnostics import Diagnostic, Position


_NO_SUCH_ROUTE = frozenset({404, 405, 501})
# Request timeout, conflict, too early, too many requests.
_PASSING = frozenset({408, 409, 425, 429})
_SERVER_FAILED = 500


class ExitCode(IntEnum):
    """The exit codes, the same in every command."""

    OK = 0
    ERROR = 1
    PENDING = 2
    REFUSED = 3
    PARTIAL = 4
    USAGE = 64
    INTERRUPTED = 130


class AssistctlError(Exception):
    """An error that users meet: what happened (``summary``) and what to do next (``hint``), in whole sentences.

    ``position`` is the place in ``assistctl.yaml`` that it is about, if there is one.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, summary: str, hint: str = "", *, position: Position | None = None) -> None:
        super().__init__(f"{position}: {summary}" if position else summary)
        self.summary = summary
        self.hint = hint
        self.position = position


class ManifestError(AssistctlError):
    """Manifests or ``assistctl.yaml`` that cannot be used. ``diagnostics`` holds all that was found."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("the manifests have errors")


class ProjectError(AssistctlError):
    """The project, target or key that was named is not there."""


class NoRoomError(AssistctlError):
    """A disk, or somebody's share of it, is full: what was asked for is not done, and nothing else is lost."""


class RefusedError(AssistctlError):
    """A safety rule refuses; nothing was touched."""

    exit_code = ExitCode.REFUSED


class JournalError(AssistctlError):
    """The journal cannot be written or read, or the apply that was named is not in it."""


class LockedError(JournalError):
    """Somebody else holds the lock; nothing was touched."""


class PlatformError(AssistctlError):
    """The platform's answer to one request. ``status`` is the HTTP status, ``None`` without an answer."""

    def __init__(self, summary: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(summary, hint)
        self.status = status

    @property
    def is_about_route(self) -> bool:
        """Whether the server has no such route, or no such method on it: HTTP 404, 405 or 501."""
        return self.status in _NO_SUCH_ROUTE

    @property
    def is_passing(self) -> bool:
        """Whether the request may be answered another time: it was not refused, the server or the way failed."""
        if self.status is None or self.is_about_route:
            return False
        return self.status in _PASSING or self.status >= _SERVER_FAILED


class NoAnswerError(PlatformError):
    """No answer came: there was no connection, it took too long, or it was cut off."""

    @property
    def is_passing(self) -> bool:
        """See ``PlatformError``."""
        return True


class NotFoundError(PlatformError):
    """The platform does not have it (any more)."""


class ConflictError(PlatformError):
    """Somebody else changed it since it was read."""


class NotKeptError(PlatformError):
    """The platform accepted a request and kept something else at ``paths``; ``object_id`` was changed."""

    def __init__(self, object_id: str, paths: Iterable[str]) -> None:
        self.object_id = object_id
        self.paths = tuple(paths)
        super().__init__(
            f"the platform accepted the request but did not keep {', '.join(self.paths)}",
            "It may not support that. The rest of this change was made.",
        )


class LeftBehindError(PlatformError):
    """``object_id`` was changed, and something of it that should be gone is still there."""

    def __init__(self, object_id: str, summary: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(summary, hint, status=status)
        self.object_id = object_id


class ChangedFileError(PlatformError):
    """A file was not what the plan says when it was uploaded."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} was changed while it was uploaded", "Apply again when it is finished.")


class OutcomeUnknownError(PlatformError):
    """No answer, or a 5xx: the request may have been carried out all the same.

    ``finished_by_repeating``: the platform itself says that sending it again finishes it, and repeats nothing.
    """

    def __init__(
        self, summary: str, hint: str = "", *, status: int | None = None, finished_by_repeating: bool = False
    ) -> None:
        super().__init__(summary, hint, status=status)
        self.finished_by_repeating = finished_by_repeating

    def refuted(self) -> PlatformError:
        """The same error, of what is known by now not to have been carried out."""
        return PlatformError(self.summary, self.hint, status=self.status)


def with_hint(summary: str, hint: str) -> str:
    """``summary`` and, where there is one, ``hint`` as a sentence behind it."""
    return f"{summary}. {hint[0].upper()}{hint[1:]}" if hint else summary


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the nearest known word, in whatever case, or the empty string."""
    import difflib

    by_form = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(word.casefold(), list(by_form), n=1, cutoff=0.6)
    return f"did you mean {by_form[near[0]]!r}?" if near else ""
