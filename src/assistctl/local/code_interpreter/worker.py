"""The other end of ``child_process``: what every sandbox's process does, whatever it runs code in."""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict

from assistctl.json_value import Json
from assistctl.local.code_interpreter.sandbox import Turn

Fields = dict[str, Json]


def serve(start: Callable[[Fields], Callable[[str], Turn]]) -> None:
    """Read settings and calls from standard input and answer each, until it ends.

    When the server is gone the session's folder goes too, since nobody else is left to remove it.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    settings: Fields = json.loads(sys.stdin.buffer.readline() or b"null") or {}
    threading.Thread(target=_read, args=(lines, settings), daemon=True).start()
    try:
        run = start(settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, the server tells whoever waits
        _send(answers.write, {"unavailable": str(error) or type(error).__name__})
        answers.flush()
        return
    _send(answers.write, {"ready": True})
    answers.flush()
    while True:
        code = json.loads(lines.get())["code"]
        _send(answers.write, dict(asdict(run(code))))
        answers.flush()


def _read(lines: queue.SimpleQueue[bytes], settings: Fields) -> None:
    """Standard input, read by a thread of its own to learn that the server is gone while code runs."""
    for line in sys.stdin.buffer:
        lines.put(line)
    folder = settings.get("folder")
    if isinstance(folder, str):
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _send(write: Callable[[bytes], object], message: Fields) -> None:
    write(json.dumps(message).encode() + b"\n")


def limit_process(file_bytes: int) -> None:
    """Let this process and what it starts write no larger file, and leave no memory dump behind."""
    try:
        import resource
    except ImportError:  # Windows, where the server's own look at the folder must do
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def left_out(amount: str) -> str:
    """The line in place of output that is not shown."""
    return f"\n[… {amount} of output left out …]\n"
