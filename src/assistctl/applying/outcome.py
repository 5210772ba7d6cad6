"""What became of a change, in words for people."""

from __future__ import annotations

from assistctl.applying.gate import NotBegunError
from assistctl.errors import AssistctlError, LeftBehindError, NotKeptError, OutcomeUnknownError
from assistctl.model import Change, Result, Status


def done(change: Change, done_to: str | None) -> Result:
    """The change was made to the thing with that id."""
    return _result(change, done_to, Status.OK, None, touched=True)


def failed(change: Change, error: Exception, *, touched: bool = False) -> Result:
    """The change was not made, or not all of it; ``touched`` says that some of it was, or may have been."""
    if isinstance(error, NotBegunError):
        return _result(change, change.id, Status.SKIPPED, error.summary, touched=touched)
    if isinstance(error, NotKeptError | LeftBehindError):
        return _result(change, error.object_id, Status.FAILED, words(error), touched=True)
    touched = touched or isinstance(error, OutcomeUnknownError)
    return _result(change, change.id, Status.FAILED, words(error), touched=touched)


def words(error: Exception) -> str:
    """An error as one text; one that nobody thought of is told as a defect."""
    if not isinstance(error, AssistctlError):
        return f"something went wrong inside assistctl: {type(error).__name__}: {error}"
    return f"{error.summary}. {error.hint}" if error.hint else error.summary


def _result(change: Change, done_to: str | None, status: Status, error: str | None, *, touched: bool) -> Result:
    return Result(change.kind, change.key, done_to, change.action, status, error, touched)
