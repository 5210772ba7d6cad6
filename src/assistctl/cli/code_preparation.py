"""``assistctl serve --prepare-code``: gets the code interpreter's sandbox ready, and tells how long it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError
from assistctl.local.code_interpreter.choice import SandboxName

_TELL_SECONDS = 15.0


def prepare(terminal: Terminal, sandbox: SandboxName) -> None:
    """Get it ready. Raises ``AssistctlError`` when it is not installed, or cannot be made ready."""
    from assistctl.local.code_interpreter.sandbox import SandboxUnavailable

    try:
        if sandbox == "wasm":
            _prepare_wasm(terminal)
        elif sandbox == "landlock":
            from assistctl.local.code_interpreter import landlock

            landlock.require()
            terminal.say("The code sandbox 'landlock' is installed, and needs no preparation.")
        else:
            terminal.say("The code sandbox 'none' runs no code, and needs no preparation.")
    except SandboxUnavailable as error:
        raise AssistctlError(str(error)) from error


def _prepare_wasm(terminal: Terminal) -> None:
    from assistctl.local.code_interpreter import compiled, wasm

    wasm.require()
    cache = compiled.cache_folder()
    if compiled.is_prepared(cache):
        terminal.say(f"The code interpreter is ready: it was compiled into {cache} before.")
        return
    terminal.say(f"Compiling the code interpreter into {cache}; this takes a minute or two, once.")
    with _told(terminal), _stopped_at_end() as stopping:
        took = compiled.prepare(cache, stopping)
    if took is None:
        terminal.say(f"The code interpreter is ready: it was compiled into {cache} meanwhile.")
        return
    terminal.say(
        f"The code interpreter is ready: compiled in {took.compiled:.0f} s, and its next start took "
        f"{took.started:.1f} s."
    )


@contextmanager
def _stopped_at_end() -> Iterator[threading.Event]:
    """An event that is set when the block is left, however: with Ctrl-C the compiling ends too."""
    stopping = threading.Event()
    try:
        yield stopping
    finally:
        stopping.set()


@contextmanager
def _told(terminal: Terminal) -> Iterator[None]:
    """A line now and then while the block lasts."""
    done = threading.Event()
    began = time.monotonic()

    def tell() -> None:
        while not done.wait(_TELL_SECONDS):
            terminal.say(f"still compiling, {time.monotonic() - began:.0f} s so far")

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    try:
        yield
    finally:
        done.set()
        telling.join()
