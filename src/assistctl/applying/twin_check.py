"""Whether what an apply created is the only one of its key; else it is withdrawn, or has failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistctl.applying.duplicates import Twins, Uniqueness
from assistctl.applying.files.files_run import FilesRun
from assistctl.applying.operations import OperationLog
from assistctl.applying.things import Things
from assistctl.errors import AssistctlError, PlatformError
from assistctl.model.change import Action, Change
from assistctl.model.kind import Kind


@dataclass(slots=True)
class TwinCheck:
    """The look at what ``changes`` created. ``tell`` is called with each of them that has failed after all."""

    changes: Sequence[Change]
    things: Mapping[Kind, Things]
    unique: Mapping[Kind, Uniqueness]
    files_run: FilesRun | None
    log: OperationLog
    tell: Callable[[Change], None]

    async def look(self, *, alone: bool) -> None:
        """Look whether what was just created, or taken over, is the only one of its key; else it has failed."""
        for kind, unique in self.unique.items():
            made = {
                operation.id: change
                for change in self.changes
                if change.kind is kind
                and change.action in {Action.CREATE, Action.ADOPT}
                and (operation := self.log.change(change)).is_done
                and operation.id is not None
            }
            if made:
                await self._look_for(unique, made, alone=alone)

    async def _look_for(self, unique: Uniqueness, made: Mapping[str, Change], *, alone: bool) -> None:
        try:
            duplicates = await unique.duplicates(made, alone=alone)
        except PlatformError as failure:
            error = f"whether it is the only one of its key could not be looked up: {failure.summary}"
            for change in made.values():
                self._end_failed(change, PlatformError(error))
            return
        for twin in duplicates:
            await self._end_twin(made[twin.id], twin)

    async def _end_twin(self, change: Change, duplicates: Twins) -> None:
        """Withdraw what surely is this apply's, if another one was there first; tell of what is left."""
        if duplicates.first and self.log.change(change).answered:
            await self._withdraw(change, duplicates.id, ", ".join(duplicates.first))
            return
        ids = (*duplicates.first, duplicates.id, *duplicates.later)
        error = PlatformError(
            f"{len(ids)} {change.kind.noun}s carry the mark of {change.key}: {', '.join(ids)}",
            "Delete those that are too many on the platform; until then apply refuses to choose.",
        )
        if len(ids) == 1:
            others = ", ".join(duplicates.unowned)
            error = PlatformError(
                f"it was created as {duplicates.id}, and there is {others} of its name, which no project owns",
                "The platform did not list that when this was planned. Delete one of them.",
            )
        self._end_failed(change, error)

    def _end_failed(self, change: Change, error: AssistctlError) -> None:
        self.log.change(change).error = error
        self.tell(change)

    async def _withdraw(self, change: Change, ours: str, theirs: str) -> None:
        operation = self.log.change(change)
        why = AssistctlError(f"it was there already, as {theirs}, when this one was created; this was withdrawn")
        try:
            if self.files_run is not None and change.request is not None:
                await self.files_run.uploads.out_of_use(change.request.reads)
            await operation.withdraw(self.things[change.kind].delete(ours), why)
        except PlatformError as failure:
            operation.error = PlatformError(f"it is there as {theirs} and as {ours}: {failure.summary}")
        except AssistctlError as failure:
            operation.error = failure
        self.tell(change)
