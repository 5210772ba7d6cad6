"""What can happen to one request of an apply, and whether the project is in order after the next one."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from support.command_process import exit_code, started
from support.server import Answer, Asked, RecordingServer, error_body
from support.stored_objects import StoredObjects

_NO_WAIT = ((b"content-type", b"application/json"), (b"retry-after-ms", b"1"))
_TOO_LONG = ((b"content-type", b"application/json"), (b"content-length", b"4096"))
TIMEOUT = 0.5
"""The client's timeout in seconds where a request is to come too late for who sent it."""


def hurry_uploads(set_to: Callable[[object, str, object], None]) -> None:
    """Have the answer to an upload, which has minutes, awaited no longer than any. ``set_to`` is ``setattr``."""
    from assistctl.platforms.http import sdk_wire

    set_to(sdk_wire, "_TIMEOUT_AFTER_UPLOAD_SECONDS", TIMEOUT)


class Mishap(StrEnum):
    """What happens to a request: before it is carried out, or after."""

    DROPPED = "dropped before"
    ANSWER_LOST = "answer lost"
    THROTTLED = "429"
    ERROR = "500 before"
    ERROR_AFTER = "500 after"
    UNAVAILABLE = "503 before"
    TRUNCATED = "answer cut off"
    LATE = "carried out too late"
    KILLED = "killed before"
    KILLED_AFTER = "killed after"


KILLS = frozenset({Mishap.KILLED, Mishap.KILLED_AFTER})


@dataclass
class Interruption:
    """A mishap of the ``place``-th request (from 0) that changes something. ``hit`` once it has happened.

    Only requests to ``path`` count, if there is one. ``meanwhile`` is done by somebody else right before it.
    """

    mishap: Mishap
    place: int
    path: str | None = None
    meanwhile: Callable[[], object] | None = None
    hit: Asked | None = None
    process: int | None = None
    server: RecordingServer | None = None
    _seen: int = -1

    def on(self, server: RecordingServer) -> None:
        """Let it happen on ``server``."""
        server.fault = self._fault
        server.gate = self._gate
        self.server = server

    @staticmethod
    def over(server: RecordingServer) -> None:
        """Let nothing happen any more."""
        server.fault = lambda _: None
        server.gate = lambda _: None

    def _gate(self, asked: Asked) -> threading.Event | None:
        if asked.method == "GET" or self.hit is not None or self.path not in {None, asked.path}:
            return None
        self._seen += 1
        if self._seen != self.place:
            return None
        self.hit = asked
        if self.mishap is not Mishap.LATE and self.meanwhile is None:
            return None
        event = threading.Event()
        threading.Thread(target=self._goes_on, args=(asked, event)).start()
        return event

    def _goes_on(self, asked: Asked, event: threading.Event) -> None:
        try:
            if self.mishap is Mishap.LATE:
                assert asked.given_up.wait(20), "who sent it waited to the end"
            if self.meanwhile is not None:
                self.meanwhile()
        finally:
            event.set()

    def _fault(self, asked: Asked) -> Answer | None:
        if asked is not self.hit:
            return None
        if self.mishap in KILLS and self.process is not None:
            os.kill(self.process, signal.SIGKILL)
        return {
            Mishap.DROPPED: Answer(hangs_up=True),
            Mishap.ANSWER_LOST: Answer(hangs_up=True, after=True),
            Mishap.THROTTLED: Answer(429, error_body("slow down"), headers=_NO_WAIT),
            Mishap.ERROR: Answer(500, error_body("oh"), headers=_NO_WAIT),
            Mishap.ERROR_AFTER: Answer(500, error_body("oh"), after=True, headers=_NO_WAIT),
            Mishap.UNAVAILABLE: Answer(503, error_body("busy"), headers=_NO_WAIT),
            Mishap.TRUNCATED: Answer(200, b'{"id": "as', after=True, headers=_TOO_LONG),
            Mishap.KILLED: Answer(hangs_up=True),
            Mishap.KILLED_AFTER: Answer(hangs_up=True, after=True),
        }.get(self.mishap)


Run = Callable[..., Any]
"""``assistctl ARGS`` in the project; what it returns has ``code``, ``out`` and ``err``."""


def killed_apply(folder: Path, interruption: Interruption, *options: str) -> int:
    """``apply --yes`` with ``options`` in a process of its own, which the interruption may kill; its exit code.

    What it had asked for by then is carried out when this returns.
    """
    process = started(folder, "apply", "--yes", *options)
    interruption.process = process.pid
    code = exit_code(process)
    if interruption.server is not None:
        interruption.server.wait_until_idle()
    return code


def wrong_after(run: Run, stored_objects: StoredObjects, keys: int, theirs: Collection[str] = ()) -> Iterator[str]:
    """Apply again, plan, collect garbage; and say in words what is not as it should be.

    ``theirs`` are uploads of somebody else's, which need not be named by anything.
    """
    again = run("apply", "--yes")
    if again.code != 0:
        yield f"the next apply exits {again.code}: {again.err or again.out}"
    plan = run("plan", "--format", "json")
    changes = json.loads(plan.out)["changes"] if plan.code == 0 else [plan.err]
    if changes:
        yield f"the next plan is not empty: {changes}"
    found = run("gc", "--format", "json", "--yes", "--unproven")
    if found.code != 0:
        yield f"gc exits {found.code}: {found.err}"
    assistants, stores, uploads = stored_objects.assistants(), stored_objects.stores(), stored_objects.uploads()
    if len(assistants) != keys:
        yield f"{len(assistants)} assistants for {keys} keys"
    if len(stores) != keys:
        yield f"{len(stores)} vector stores for {keys} keys"
    read = {file["id"] for store in stores for file in stored_objects.files_of(store["id"])}
    tools = [each["tool_resources"].get("code_interpreter", {}) for each in assistants]
    read |= {file_id for tool in tools for file_id in tool.get("file_ids", ())}
    unread = set(uploads) - read - {*theirs}
    if unread:
        yield f"uploads that nothing reads and gc does not name: {[uploads[file_id] for file_id in unread]}"
    if read - set(uploads):
        yield f"files that are read and gone: {read - set(uploads)}"
