"""Runs that ended while they are worked on here: another server on the database cancelled or deleted them.

Their worker would find out at its next write, and have the model go on talking until then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from weakref import WeakSet

from assistctl.errors import AssistctlError
from assistctl.local.database.storage import Database
from assistctl.local.runs import open_runs

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often the database is asked, while there is a run."""


class LostRuns:
    """Looks for lost runs among those of ``worked_on``, and calls ``lose`` with each, in a thread of its own.

    ``owner`` is the name that this server's runs are under.
    """

    def __init__(
        self,
        database: Database,
        owner: Callable[[], str],
        worked_on: Callable[[], Collection[str]],
        lose: Callable[[str], None],
    ) -> None:
        self._database = database
        self._owner = owner
        self._worked_on = worked_on
        self._lose = lose
        self._loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self._missed: set[str] = set()

    def watch(self) -> None:
        """Look from now on, in the event loop that runs, until there is no run.

        Nobody else has a database that is in memory.
        """
        loop = asyncio.get_running_loop()
        if self._database.path is not None and loop not in self._loops:
            self._loops.add(loop)
            loop.call_later(LOOK_SECONDS, self._again, loop)

    def _again(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._worked_on():
            self._loops.discard(loop)
            return
        loop.run_in_executor(None, self._look)
        loop.call_later(LOOK_SECONDS, self._again, loop)

    def _look(self) -> None:
        # In this order: a run that has begun is in the database before it is worked on.
        worked_on = self._worked_on()
        try:
            with self._database.reading() as connection:
                owned = open_runs.of_owner(connection, self._owner())
        except AssistctlError as error:
            logger.warning("runs under way could not be looked at: %s", error.summary)
            return
        missed = {run_id for run_id in worked_on if run_id not in owned}
        # A run that its own worker has just ended is missed, too, but not a second time.
        for run_id in missed & self._missed:
            self._lose(run_id)
        self._missed = missed
