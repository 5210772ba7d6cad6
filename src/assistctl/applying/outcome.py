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
    touched = touched or isinstance(error, NotKeptError | LeftBehindError | OutcomeUnknownError)
    return _result(change, id_after(change, error), Status.FAILED, words(error), touched=touched)


def id_after(change: Change, error: Exception) -> str | None:
    """The id of what a change that failed was about: the new one, where something was created all the same."""
    return error.object_id if isinstance(error, NotKeptError | LeftBehindError) else change.id


def words(error: Exception) -> str:
    """An error as one text; one that nobody thought of is told as a defect."""
    if not isinstance(error, AssistctlError):
        return f"something went wrong inside assistctl: {type(error).__name__}: {error}"
    return f"{error.summary}. {error.hint}" if error.hint else error.summary


def _result(change: Change, done_to: str | None, status: Status, error: str | None, *, touched: bool) -> Result:
    return Result(change.kind, change.key, done_to, change.action, status, error, touched)
