"""The server's own workers: every run is a task of the event loop that its request came in by, some at a time.

A run belongs to the server that took it in. One that a dead server left behind fails, or is cancelled where that
was asked for, and one whose time is over expires: both as soon as anybody asks about its thread, and at the start.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool

from assistctl.errors import AssistctlError, NoRoomError
from assistctl.local.code_interpreter.sessions import Sessions
from assistctl.local.database.collection import Stored
from assistctl.local.database.storage import Database
from assistctl.local.files.content import ContentFolder
from assistctl.local.runs import open_runs, record, toolbox, transitions
from assistctl.local.runs.events import Channel, Event, error_event, run_event
from assistctl.local.runs.liveness import Liveness
from assistctl.local.runs.lost_runs import LostRuns
from assistctl.local.runs.model_client import ModelClient, ModelError, ModelSettings
from assistctl.local.runs.open_runs import LostRunError, OpenRun
from assistctl.local.runs.tools import BuiltInTool, ToolError
from assistctl.local.runs.worker import BackingServices, Job, Worker, in_loop, stop
from assistctl.local.vector_stores.indexer import Indexer

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 200
"""Runs that are worked on at the same time; the others stay queued."""

STOPPED = "The server stopped while the run was in progress."
LEFT = "The server that worked on the run is gone."
UNWRITTEN = "The server could not store what the run did: its database cannot be written to."
UNEXPECTED = "The server had an error while it worked on the run."


class Runtime:
    """The workers of one app. ``model`` is what answers."""

    def __init__(
        self,
        database: Database,
        content: ContentFolder,
        indexer: Indexer,
        code_sessions: Sessions,
        settings: ModelSettings,
    ) -> None:
        self.database = database
        self.content = content
        self.indexer = indexer
        self.code_sessions = code_sessions
        self.model = ModelClient(settings)
        self._liveness = Liveness(content, shared=database.path is not None)
        self._jobs: dict[str, Job] = {}
        self._unfinished: set[str] = set()
        self._lost = LostRuns(database, self.owner, lambda: list(self._jobs), self._lose)
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    def owner(self) -> str:
        """The name that this server's runs are under."""
        return self._liveness.name()

    def begin(self, run: Stored, events: list[Event]) -> Channel:
        """Start the work on a run that is queued here, in the event loop that runs. ``events`` are told first."""
        loop = asyncio.get_running_loop()
        channel = Channel()
        channel.publish(events)
        services = BackingServices(self.model, self.database, self.content, self.tools_for)
        worker = Worker(services, self.owner(), run.id, channel)
        job = Job(run.id, str(run.body["thread_id"]), channel, worker, loop)
        self._jobs[run.id] = job
        job.task = loop.create_task(self._work(job, int(str(run.body["expires_at"]))))
        self._lost.watch()
        return channel

    def cancel(self, run_id: str, events: list[Event]) -> None:
        """Stop the work on a run that was asked to be cancelled, if it is done here. ``events`` told of that."""
        self._tell(run_id, events, is_cancelled=True)

    def forget(self, thread_id: str) -> None:
        """Stop the work on runs of a thread that is gone, and end its session of the code interpreter."""
        self.code_sessions.forget(thread_id)
        for job in [job for job in self._jobs.values() if job.thread_id == thread_id]:
            self._tell(job.run_id, [])

    def settle(self, thread_id: str) -> None:
        """End the run of a thread whose time is over, or whose server is gone. Not for the event loop's thread.

        While there is no room to write that down, it stays as it is.
        """
        with self.database.reading() as connection:
            run = open_runs.of_thread(connection, thread_id)
        if run is not None and self._is_over(run):
            with suppress(NoRoomError):
                self._settle(run)

    def settle_all(self) -> None:
        """End all runs whose time is over, or whose server is gone. An unusable database is logged."""
        try:
            with self.database.reading() as connection:
                found = open_runs.every(connection)
            for run in found:
                if self._is_over(run):
                    self._settle(run)
        except AssistctlError as error:
            logger.warning("runs that were left behind could not be ended: %s", error.summary)

    def open_by_status(self) -> dict[str, int]:
        """The number of unfinished runs by status; empty when the database cannot be used."""
        try:
            with self.database.reading() as connection:
                return open_runs.by_status(connection)
        except AssistctlError:
            return {}

    async def tools_for(self, run: Stored) -> dict[str, BuiltInTool]:
        """The platform's own tools that a run may use, by their names. Raises ``ToolError``."""
        return await toolbox.tools_for(self.database, self.content, self.indexer, self.code_sessions, run)

    async def close(self) -> None:
        """End all work, and the connections to the model."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        await run_in_threadpool(self.stop)
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.model.close()

    def stop(self) -> None:
        """End all work; runs under way fail. The next run starts anew."""
        if not self._liveness.is_named():
            return
        jobs, self._jobs = list(self._jobs.values()), {}
        for job in jobs:
            self._end_stopped(job)
        self._liveness.release()

    def _end_stopped(self, job: Job) -> None:
        owner = self.owner()
        events: list[Event] = []
        try:
            with self.database.writing() as connection:
                open_runs.require_owner(connection, job.run_id, owner)
                run = record.RUNS.get(connection, job.run_id)
                job.worker.keep_text(connection)
                status, error = _left_behind(run, STOPPED)
                _, events = transitions.finish(connection, run, status, error=error)
        except LostRunError:
            pass
        except AssistctlError as fault:
            logger.warning("the run %s could not be ended: %s", job.run_id, fault.summary)
        in_loop(job, lambda: stop(job, events))

    async def _work(self, job: Job, expires_at: int) -> None:
        try:
            await self._work_in_time(job, job.worker, expires_at)
        except LostRunError:
            # Whoever ended it may not have reached the channel, or not yet.
            if not job.is_cancelled:
                job.channel.publish(await run_in_threadpool(self._end_of, job.run_id))
        except AssistctlError as error:
            # The database cannot be written to: the run stays as it is, until somebody asks and it can.
            logger.error("the run %s stopped: %s", job.run_id, error.summary)  # noqa: TRY400  # not a fault of ours
            self._unfinished.add(job.run_id)
            job.channel.publish([error_event(UNWRITTEN)])
        finally:
            job.channel.close()
            if self._jobs.get(job.run_id) is job:
                del self._jobs[job.run_id]

    async def _work_in_time(self, job: Job, worker: Worker, expires_at: int) -> None:
        """Do a run, and end it when something ends it early."""
        try:
            async with asyncio.timeout(expires_at - time.time()) as limit, self._slot():
                await worker.work()
        except TimeoutError:
            if not limit.expired():
                raise
            await worker.end("expired")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not job.is_cancelled or task is None:
                raise
            task.uncancel()
            await worker.end("cancelled")
        except ModelError as error:
            await worker.end("failed", (error.code, error.message))
        except ToolError as error:
            await worker.end("failed", ("server_error", error.message))
        except LostRunError:
            raise
        except AssistctlError as error:
            # What had no room may have been large, a file or the text: there may be room for the run's end.
            logger.error("the run %s failed: %s", job.run_id, error.summary)  # noqa: TRY400  # not a fault of ours
            await worker.end("failed", ("server_error", UNWRITTEN), keeps_text=False)
        except Exception:
            logger.exception("the run %s failed", job.run_id)
            await worker.end("failed", ("server_error", UNEXPECTED))

    def _slot(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if loop not in self._slots:
            self._slots[loop] = asyncio.Semaphore(MOST_AT_ONCE)
        return self._slots[loop]

    def _is_over(self, run: OpenRun) -> bool:
        if run.expires_at <= time.time():
            return True
        if run.run_id in self._unfinished and run.run_id not in self._jobs:
            return True
        return run.owner is not None and not self._liveness.is_alive(run.owner)

    def _settle(self, run: OpenRun) -> None:
        with self.database.writing() as connection:
            # Its worker may have handed it on since the look, to wait for outputs: it is over all the same.
            current = open_runs.of_thread(connection, run.thread_id)
            if current is None or current.run_id != run.run_id or not self._is_over(current):
                return
            stored = record.RUNS.get(connection, run.run_id)
            if run.run_id in self._jobs:
                self._jobs[run.run_id].worker.keep_text(connection)
            if run.expires_at <= time.time():
                _, events = transitions.finish(connection, stored, "expired")
            else:
                message = UNWRITTEN if run.run_id in self._unfinished else LEFT
                status, error = _left_behind(stored, message)
                _, events = transitions.finish(connection, stored, status, error=error)
        self._unfinished.discard(run.run_id)
        self._tell(run.run_id, events)

    def _lose(self, run_id: str) -> None:
        """Stop the work on a run that another server ended."""
        self._tell(run_id, self._end_of(run_id))

    def _end_of(self, run_id: str) -> list[Event]:
        """The event of a run that was ended elsewhere; none when it was deleted with its thread."""
        try:
            with self.database.reading() as connection:
                run = record.RUNS.find(connection, run_id)
        except AssistctlError:
            return []
        return [] if run is None else [run_event(run)]

    def _tell(self, run_id: str, events: list[Event], *, is_cancelled: bool = False) -> None:
        """Tell who listens to a run, and stop the work on it."""
        job = self._jobs.get(run_id)
        if job is None:
            return
        job.is_cancelled = job.is_cancelled or is_cancelled
        in_loop(job, lambda: stop(job, events))


def _left_behind(run: Stored, message: str) -> tuple[str, tuple[str, str] | None]:
    """The ending of a run that nobody works on any more."""
    if run.body["status"] == "cancelling":
        return "cancelled", None
    return "failed", ("server_error", message)
