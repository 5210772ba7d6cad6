"""Writing an apply into the journal as it goes: nothing is reported that is not on record."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from assistctl.errors import AssistctlError, JournalError
from assistctl.journal.line_format import CheckLine, EndLine, IntentLine, Line, OutcomeLine, encode, image_data
from assistctl.journal.records import CheckEntry, Operation, Outcome
from assistctl.journal.redact import changed_digests, new_values, without_secrets
from assistctl.journal.storage.store import Log
from assistctl.model.change import Action


class Record:
    """The apply that is being recorded, under ``id``. Everything raises ``JournalError`` when it is not written.

    Several operations may be recorded side by side; what comes together is written together. Before the end,
    ``shortfall`` is to be set to why not everything was done, where what was not done may not be on record, and
    ``done`` and ``touched`` to what an ``Ending`` says.
    """

    def __init__(self, apply_id: str, log: Log) -> None:
        self.id = apply_id
        self.shortfall: str | None = None
        self.done: Mapping[Action, int] = {}
        self.touched: bool | None = None
        self._lines = _Lines(log)
        self._intended = 0
        self._open: set[int] = set()
        self._counts: Counter[Outcome] = Counter()

    async def intend(self, operation: Operation) -> int:
        """Put on record what is about to be done; begin it only when this has returned. The operation's number."""
        self._intended += 1
        line = self._intent(self._intended, operation)
        self._open.add(line.number)
        try:
            await self._lines.write(line)
        except JournalError:
            self._open.discard(line.number)
            raise
        return line.number

    async def outcome(
        self,
        number: int,
        outcome: Outcome,
        *,
        object_id: str | None = None,
        error: str | None = None,
    ) -> None:
        """Put on record what became of it; report it only when this has returned.

        ``object_id`` is the id of what it was done to, when that is known only now.
        """
        if number not in self._open:
            raise ValueError(f"operation {number} was not begun, or has its outcome already")
        await self._lines.write(OutcomeLine(number, _now(), outcome, object_id, error))
        self._open.discard(number)
        self._counts[outcome] += 1

    async def withdrawn(self, number: int, reason: str) -> None:
        """Put on record that what was created is gone again, and why."""
        await self._lines.write(OutcomeLine(number, _now(), Outcome.WITHDRAWN, error=reason))
        self._counts[Outcome.OK] -= 1
        self._counts[Outcome.WITHDRAWN] += 1

    async def checked(self, entry: CheckEntry) -> None:
        """Put on record how a check came out before a change and after it."""
        await self._lines.write(
            CheckLine(
                entry.at,
                entry.key,
                entry.index,
                entry.ask,
                entry.before,
                entry.after,
                entry.worse,
                [*entry.reasons],
            )
        )

    async def end(self, error: str | None) -> None:
        """Put the end on record; ``error`` is what stopped the apply. What has no outcome by now is unknown."""
        counts = dict(self._counts)
        if self._open:
            counts[Outcome.UNKNOWN] = counts.get(Outcome.UNKNOWN, 0) + len(self._open)
        done = {action: number for action, number in self.done.items() if number}
        await self._lines.write(EndLine(_now(), counts, error, done, self.touched))

    def _intent(self, number: int, operation: Operation) -> IntentLine:
        before = operation.before and without_secrets(operation.before, operation.secret_paths)
        sent = changed_digests(operation)
        return IntentLine(
            number,
            _now(),
            operation.kind,
            operation.key,
            operation.action,
            operation.id,
            image_data(before),
            dict(sent),
            new_values(operation, sent),
        )


@asynccontextmanager
async def recording(apply_id: str, log: Log) -> AsyncIterator[Record]:
    """A record of an apply until the end of the block; an exception that leaves the block is what stopped it."""
    record = Record(apply_id, log)
    try:
        yield record
    except BaseException as error:
        await _end_anyway(record, error)
        raise
    else:
        await record.end(record.shortfall)
    finally:
        await log.close()


async def _end_anyway(record: Record, error: BaseException) -> None:
    try:
        await record.end(_words(error))
    except JournalError:
        # What stopped the apply is what matters; without an end it counts as interrupted, which it was.
        return


def _words(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
        return "interrupted"
    if isinstance(error, AssistctlError):
        return error.summary
    return f"{type(error).__name__}: {error}"


class _Lines:
    """Writes lines in their order, those that wait together in one go."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def write(self, line: Line) -> None:
        """Write a line; it is on record when this returns, whether or not others are cancelled meanwhile."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((encode(line), written))
        # A task of its own: whoever waits may be cancelled in the middle of a write, which goes on all the same.
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            settle = await self._settled(b"".join(data for data, _ in batch))
            for _, written in batch:
                if not written.done():
                    settle(written)

    async def _settled(self, data: bytes) -> Callable[[asyncio.Future[None]], None]:
        try:
            await self._log.append(data)
        except Exception as error:  # noqa: BLE001  # whatever it is, it belongs to those who wait
            failure = error
            return lambda written: written.set_exception(failure)
        return lambda written: written.set_result(None)


def _now() -> datetime:
    return datetime.now(UTC)
