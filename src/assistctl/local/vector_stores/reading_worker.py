"""The process that reads documents: requests come in on its input, and the text goes out on its output.

Both are lines of JSON. It begins with ``{"ready": true}``. A request is ``{"path", "filename"}``; an answer is
any number of ``{"text"}`` and then ``{"done": true}``, or ``{"code", "message"}`` of an ``UnreadableError``. It
knows no key and no address: documents come from anywhere, and so may what happens in the libraries that read them.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from assistctl.local.vector_stores.extraction import extract
from assistctl.local.vector_stores.unreadable import UnreadableError


def main(seconds: float, memory: int) -> None:
    """Serve until the input ends. A document gets ``seconds`` of computing and ``memory`` bytes in all."""
    # Ctrl-C is for whoever started this process, and who ends it. Where signals can be blocked, they are.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(memory)
    answers = _own_output()
    _tell(answers, [{"ready": True}])
    for request in _requests():
        _allow_computing(seconds)
        _tell(answers, _answers(Path(request["path"]), request["filename"]))


def _tell(answers: BinaryIO, told: Iterable[dict[str, str | bool]]) -> None:
    answers.writelines(json.dumps(answer).encode() + b"\n" for answer in told)
    answers.flush()


def _own_output() -> BinaryIO:
    """The output, out of reach of libraries that print: that would be taken for an answer."""
    sys.stdout.flush()
    ours = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return ours


def _requests() -> Iterator[dict[str, str]]:
    """The requests as they come. The end of the input ends the process, also in the midst of a document."""
    lines: SimpleQueue[bytes] = SimpleQueue()

    def receive() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=receive, daemon=True).start()
    while True:
        yield json.loads(lines.get())


def _answers(path: Path, filename: str) -> Iterator[dict[str, str | bool]]:
    try:
        for text in extract(path, filename):
            yield {"text": text}
    except UnreadableError as error:
        yield {"code": error.code, "message": error.message}
    else:
        yield {"done": True}


def _limit_memory(most: int) -> None:
    # Not every system has limits, and not every system that has them knows this one.
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _allow_computing(seconds: float) -> None:
    """Be killed after ``seconds`` more of computing: the parent that enforces the deadline may be gone."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds) + 1, hard))
