"""The answer of an assistant to one message, as data.

Frozen dataclasses without I/O; ``operations.ask`` makes them, ``rendering`` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistctl.model.check_report import Exchange
from assistctl.model.conversation import Citation, ProducedFile, RunStatus


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file that the assistant made; ``path`` is where it was written, ``None`` where it was not wanted."""

    file: ProducedFile
    path: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """One answer, or as much of it as came. ``thread_id`` goes on with the conversation.

    ``status`` is the run's, ``None`` where it came to none; ``error`` says why the answer is none, or not whole.
    """

    project: str
    target: str
    platform: str
    key: str
    assistant_id: str
    thread_id: str | None
    exchange: Exchange
    citations: tuple[Citation, ...] = ()
    files: tuple[SavedFile, ...] = ()
    status: RunStatus | None = None
    error: str | None = None
