"""Progress of an apply: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias

from assistctl.applying.progress import ProgressListener
from assistctl.cli.terminal import Terminal
from assistctl.model.change import Action, QualifiedKey, Result, Status
from assistctl.model.check_report import CheckOutcome
from assistctl.model.counting import counted
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan

if TYPE_CHECKING:
    from rich.progress import TaskID

_Finished: TypeAlias = tuple[QualifiedKey, Action, str | None]
"""A change by its key, its action and, as several may be deleted that have one key, the id of what goes."""

# Where lines are printed, so many are about one upload or one vector store.
_LINES = 10


def progress_listener(terminal: Terminal) -> ProgressListener:
    """The listener that shows progress at the terminal or in the log."""
    if terminal.invocation.quiet or not sys.stderr.isatty():
        return _Lines(terminal)
    return _Bars(terminal)


class _Notes(ProgressListener):
    """Notes that the command has begun to change something."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def started(self, plan: Plan) -> None:  # noqa: ARG002  # of no interest here
        self._terminal.changes = True


class _Lines(_Notes):
    """A line for each result, and for every tenth of what takes long."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self._files = self._uploaded = 0
        self._told: dict[str, int] = {}
        self._when, self._doing = "before", ""

    def started(self, plan: Plan) -> None:
        super().started(plan)
        self._when = "after"

    def putting_back(self, plan: Plan) -> None:  # noqa: ARG002  # each of its changes gets a line
        self._doing = "put back: "

    def put_back(self) -> None:
        self._doing = ""

    def uploading(self, files: int, size: int) -> None:
        from rich.filesize import decimal

        self._files = files
        self._terminal.say(f"uploading {counted(files, 'file')}, {decimal(size)}")

    def uploaded(self) -> None:
        self._uploaded += 1
        if self._is_next_tenth("", self._uploaded, self._files):
            self._terminal.say(f"uploaded {self._uploaded:,} of {counted(self._files, 'file')}")

    def indexing(self, key: str, done: int, files: int, failed: int) -> None:
        if self._is_next_tenth(key, done + failed, files):
            lost = f", {failed:,} failed" if failed else ""
            self._terminal.say(f"indexed {done:,} of {counted(files, 'file')} of {key}{lost}")

    def checked(self, outcome: CheckOutcome) -> None:
        self._terminal.say(f"{outcome.key} {outcome.index + 1}: {outcome.status} {self._when}")

    def finished(self, result: Result) -> None:
        if result.kind is not Kind.FILE:
            self._terminal.say(f"{self._doing}{result.action} {result.qualified_key}: {result.status}")
        elif result.status is Status.FAILED:
            self._terminal.say(f"{self._doing}{result.action} {result.key}: {result.status}")

    def _is_next_tenth(self, what: str, done: int, total: int) -> bool:
        tenth = done * _LINES // max(total, 1)
        if tenth <= self._told.get(what, 0):
            return False
        self._told[what] = tenth
        return True


class _Bars(_Notes):
    """A bar for the uploads, one for the indexing, one for the changes."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        from rich.progress import BarColumn, Progress, TextColumn

        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[so_far]}")
        self._progress = Progress(*columns, console=terminal.messages(), transient=True)
        self._applying = self._progress.add_task("Applying", so_far="")
        self._uploading: TaskID | None = None
        self._indexing: TaskID | None = None
        self._indexed: dict[str, tuple[int, int]] = {}
        self._checking: TaskID | None = None
        self._plan: Plan | None = None
        self._over: set[_Finished] = set()
        self._over_before: set[_Finished] = set()
        self._size = self._bytes = self._changes = self._checked = 0

    def started(self, plan: Plan) -> None:
        super().started(plan)
        self._plan = plan
        self._begin("Applying", plan, set())
        self._progress.start()

    def putting_back(self, plan: Plan) -> None:
        self._over_before = self._over
        self._begin("Putting back", plan, set())

    def put_back(self) -> None:
        if self._plan is not None:
            self._begin("Applying", self._plan, self._over_before)

    def _begin(self, description: str, plan: Plan, over: set[_Finished]) -> None:
        self._over, self._changes = over, sum(change.kind is not Kind.FILE for change in plan.changes)
        self._progress.update(self._applying, description=description, total=self._changes)
        self._show()

    def _show(self) -> None:
        done = len(self._over)
        self._progress.update(self._applying, completed=done, so_far=f"{done:,}/{self._changes:,}")

    def ended(self) -> None:
        self._progress.stop()

    def uploading(self, files: int, size: int) -> None:
        self._size = size
        self._uploading = self._progress.add_task(f"Uploading {files:,}", total=max(size, 1), so_far="")

    def sent(self, size: int) -> None:
        from rich.filesize import decimal

        self._bytes += size
        if self._uploading is not None:
            so_far = f"{decimal(self._bytes)} of {decimal(self._size)}"
            self._progress.update(self._uploading, completed=self._bytes, so_far=so_far)

    def indexing(self, key: str, done: int, files: int, failed: int) -> None:
        self._indexed[key] = done + failed, files
        ready = sum(count for count, _ in self._indexed.values())
        total = sum(count for _, count in self._indexed.values())
        if self._indexing is None:
            self._indexing = self._progress.add_task("Indexing", total=total, so_far="")
        self._progress.update(self._indexing, completed=ready, total=total, so_far=f"{ready:,} of {total:,} files")

    def checked(self, outcome: CheckOutcome) -> None:  # noqa: ARG002  # only how many
        self._checked += 1
        if self._checking is None:
            self._checking = self._progress.add_task("Checking", total=None, so_far="")
        self._progress.update(self._checking, so_far=f"{self._checked:,}")

    def finished(self, result: Result) -> None:
        if result.kind is not Kind.FILE:
            # What is put back is told a second time.
            gone = result.id if result.action is Action.DELETE else None
            self._over.add((result.qualified_key, result.action, gone))
            self._show()
