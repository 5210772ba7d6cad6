"""The work on a run as a task of an event loop, and how other threads reach it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from assistctl.local.runs.events import Channel, Event
from assistctl.local.runs.worker import Worker


@dataclass(slots=True)
class Job:
    """The work on one run, in the event loop that its request came in by."""

    run_id: str
    thread_id: str
    channel: Channel
    worker: Worker
    loop: asyncio.AbstractEventLoop
    task: asyncio.Task[None] | None = None
    is_cancelled: bool = False


def stop(job: Job, events: list[Event]) -> None:
    """Stop the work, in the job's event loop. ``events`` are told first; a cancelled run tells its own end."""
    job.channel.publish(events)
    if not job.is_cancelled:
        job.channel.close()
    if job.task is not None:
        job.task.cancel()


def in_loop(job: Job, action: Callable[[], None]) -> None:
    """Have something done in the job's event loop, unless that has ended with all its tasks."""
    try:
        running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is job.loop:
        action()
    elif not job.loop.is_closed():
        job.loop.call_soon_threadsafe(action)
