"""Input typed at the terminal: messages of several lines, with those of before at hand.

prompt_toolkit edits them, where it is installed and the terminal can move its cursor; elsewhere lines are read as
they come. Nothing that is typed is kept on the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import click

from assistctl.cli.signals import ctrl_c_ends_reading

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.key_binding import KeyBindings

_MORE = "\\"


class TypedText(Protocol):
    """Reads messages."""

    help: str

    async def read(self, prompt: str) -> str | None:
        """The next message; ``None`` at the end of all. Raises ``KeyboardInterrupt`` at Ctrl-C."""


def typed_text() -> TypedText:
    """The best way to read that the terminal allows."""
    is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    if is_terminal and os.environ.get("TERM", "dumb") != "dumb":
        with contextlib.suppress(ImportError):
            return _EditedText()
    return _PlainLines()


class _PlainLines:
    """Lines as they come; a backslash at the end of one says that there is more."""

    help = "A backslash at the end of a line goes on in the next; Ctrl-D ends."

    async def read(self, prompt: str) -> str | None:
        """See ``TypedText``."""
        lines: list[str] = []
        with ctrl_c_ends_reading():
            while True:
                click.echo(prompt if not lines else "… ", nl=False, err=True)
                line = sys.stdin.readline()
                if not line:
                    return "\n".join(lines) or None
                line = line.rstrip("\r\n")
                lines.append(line.removesuffix(_MORE))
                if not line.endswith(_MORE):
                    return "\n".join(lines)


class _EditedText:
    """Editing as in a shell; Enter sends, Alt-Enter or a backslash before Enter begins a new line."""

    help = "Enter sends, Alt-Enter begins a new line, Up brings back what was typed; Ctrl-D ends."

    def __init__(self) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.output import create_output

        # Results may go to a file meanwhile: what is typed is shown where messages are.
        self._session: PromptSession[str] = PromptSession(
            multiline=True,
            key_bindings=_bindings(),
            output=create_output(sys.stderr),
            prompt_continuation="… ",
            enable_open_in_editor=True,
        )

    async def read(self, prompt: str) -> str | None:
        """See ``TypedText``."""
        try:
            return await self._session.prompt_async(prompt)
        except EOFError:
            return None


def _bindings() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    bindings = KeyBindings()

    @bindings.add("enter", eager=True)
    def send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith(_MORE):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @bindings.add("escape", "enter", eager=True)
    @bindings.add("c-j", eager=True)
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return bindings


@contextlib.contextmanager
def ctrl_c_cancels(task: asyncio.Task[object]) -> Iterator[None]:
    """While the block lasts, Ctrl-C cancels ``task`` and nothing else."""
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    # Windows has no such handlers; there Ctrl-C ends everything.
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
        if before is not None:
            signal.signal(signal.SIGINT, before)
