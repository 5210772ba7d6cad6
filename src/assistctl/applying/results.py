"""Results of changes, in words for people, read from the account of what was done."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.applying.cancellation import NotBegunError
from assistctl.applying.operations import Operation, OperationLog
from assistctl.errors import AssistctlError, PlatformError
from assistctl.model.change import Action, Change, Result, Status
from assistctl.model.file_operations import FileUse
from assistctl.model.kind import Kind


def result_of(change: Change, log: OperationLog) -> Result:
    """The result of a change."""
    if change.kind is Kind.FILE:
        return _FileOutcome(change, log).result()
    operation = log.change(change)
    return Result(
        change.kind,
        change.key,
        operation.id,
        change.action,
        operation.status,
        None if operation.error is None else describe_error(operation.error),
        touched=operation.touched,
        unknown=operation.is_unknown,
    )


def describe_error(error: Exception) -> str:
    """An error as one text; an unexpected one is reported as a defect."""
    if not isinstance(error, AssistctlError):
        return f"something went wrong inside assistctl: {type(error).__name__}: {error}"
    return f"{error.summary}. {error.hint}" if error.hint else error.summary


class _FileOutcome:
    """The result for a file: its upload, its way into what reads it, and the uploads it replaced."""

    def __init__(self, change: Change, log: OperationLog) -> None:
        self._change = change
        self._use = change.file or FileUse(None)
        self._upload = log.upload_of(self._use.token) if self._use.token is not None else None
        self._readers = [operation for kind, key in self._use.holders for operation in log.about(kind, key)]
        self._removals = [log.removal_of(file_id) for file_id in self._use.discards]

    def result(self) -> Result:
        """The result of the change of the file."""
        error = next(self._errors(), None)
        about = [operation for operation in (self._upload, *self._removals) if operation is not None]
        return Result(
            Kind.FILE,
            self._change.key,
            self._id(),
            self._action(),
            _status(error),
            None if error is None else describe_error(error),
            touched=any(operation.touched for operation in about),
            unknown=any(operation.is_unknown for operation in about),
            sent=self._sent(),
        )

    def _errors(self) -> Iterator[Exception]:
        """The reasons why it is not as it should be, the most important first."""
        if self._upload is not None and self._upload.error is not None:
            yield self._upload.error
        yield from (
            PlatformError(why) for operation in self._readers if (why := operation.files.get(self._change.key))
        )
        undone = [operation for operation in self._readers if not operation.is_done]
        if undone and not self._has_its_own():
            yield _not_done(undone[0])
        if undone and self._use.token is not None:
            # What it replaces stays for as long as that is read, which is no matter of its own.
            return
        yield from (
            self._left(operation) for operation in self._removals if operation is None or not operation.is_done
        )

    def _left(self, removal: Operation | None) -> Exception:
        """The reason why an upload is still there."""
        why = NotBegunError() if removal is None or removal.error is None else removal.error
        return (
            why
            if self._use.token is None
            else PlatformError(f"what it replaced is not all gone: {describe_error(why)}")
        )

    def _has_its_own(self) -> bool:
        """Whether something was done for it by itself, whatever became of the rest of what reads it."""
        in_place = any(self._change.key in operation.files for operation in self._readers)
        return in_place or (self._upload is not None and self._upload.is_begun)

    def _id(self) -> str | None:
        if self._use.token is None:
            return self._change.id
        if self._upload is not None:
            return self._upload.id
        return self._use.upload_id

    def _action(self) -> Action:
        """An upload that was there already is put to use, and not created."""
        reused = self._upload is not None and self._upload.is_done and not self._upload.is_begun
        return Action.UPDATE if reused and self._change.action is Action.CREATE else self._change.action

    def _sent(self) -> int | None:
        """The bytes that were uploaded, told once of a file that stands at several paths."""
        upload = self._upload
        if upload is None or not upload.is_begun or upload.id is None or upload.key != self._change.key:
            return None
        return self._use.size or 0


def _status(error: Exception | None) -> Status:
    if error is None:
        return Status.OK
    return Status.SKIPPED if isinstance(error, NotBegunError) else Status.FAILED


def _not_done(reader: Operation) -> AssistctlError:
    about = reader.key if reader.kind is Kind.ASSISTANT else f"{reader.key} ({reader.kind.noun})"
    if reader.status is Status.SKIPPED:
        return NotBegunError()
    return PlatformError(f"{about} failed")
