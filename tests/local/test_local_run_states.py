"""Any order of creating, polling, submitting, cancelling, expiring and killing ends in legal states."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assistctl.local.app import create_app
from assistctl.local.runs.model_client import ModelSettings
from assistctl.testing import Failure, Reply, ScriptedModel, ToolCall
from support.run_platform import BASE_URL

ENDED = {"completed", "failed", "cancelled", "expired", "incomplete"}
LEGAL = {
    "queued": {"in_progress", "cancelled", "expired", "failed"},
    "in_progress": {"requires_action", "cancelling", "cancelled", "expired", "failed", "completed", "incomplete"},
    "requires_action": {"queued", "cancelled", "expired"},
    "cancelling": {"cancelled", "expired", "failed", "completed"},
}
"""The states that may follow each; several may pass between two looks."""

ASKS: dict[str, Any] = {
    "answer": "ok",
    "function": ToolCall("weather", {"city": "x"}),
    "search": ToolCall("file_search", {"queries": ["x"]}),
    "slow": Reply("one two three", piece_delay=0.05),
    "hang": Reply("never", delay=60),
    "fault": Failure(400, "no"),
    "cut": Reply("one two three", cut_after=1),
}


def reachable(state: str) -> set[str]:
    """The states that may come after ``state``, itself included."""
    found, new = {state}, {state}
    while new:
        new = {after for before in new for after in LEGAL.get(before, set())} - found
        found |= new
    return found


class RunStates(RuleBasedStateMachine):
    """One thread on one database, on servers that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.model = ScriptedModel().__enter__()
        for text, turn in ASKS.items():
            self.model.on(text, turn, "Done.")
        self.shift = 0.0
        real = time.time
        self.clock = mock.patch.object(time, "time", side_effect=lambda: real() + self.shift)
        self.clock.start()
        self.runner = asyncio.Runner()
        self.seen: dict[str, str] = {}
        self.texts = 0
        self.open_server()

    @initialize()
    def thread(self) -> None:
        """An assistant and a thread."""
        tools = [{"type": "function", "function": {"name": "weather"}}, {"type": "file_search"}]
        self.assistant = self.ask("POST", "/assistants", {"model": "m", "tools": tools})["id"]
        self.path = f"/threads/{self.ask('POST', '/threads', {})['id']}"

    def open_server(self) -> None:
        """A server on the database."""
        self.app = create_app(Path(self.folder.name, "local.db"), model=ModelSettings(self.model.url))
        transport = httpx2.ASGITransport(app=self.app)
        headers = {"OpenAI-Beta": "assistants=v2"}
        self.http = httpx2.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)

    def ask(self, method: str, path: str, sent: Any = None, *, refused: bool = False) -> Any:
        """What is answered to a request; a refusal only where it may be ``refused``."""
        response = self.runner.run(self.http.request(method, path, json=sent))
        assert response.status_code == 200 or (refused and response.status_code == 400), response.text
        return response.json()

    @property
    def current(self) -> str | None:
        """The run that may be under way."""
        return next((run_id for run_id, state in self.seen.items() if state not in ENDED), None)

    def saw(self, run: Any) -> None:
        """A look at a run: its state must be one that may follow the last look's."""
        before = self.seen.get(run["id"], "queued")
        assert run["status"] in reachable(before), (before, run)
        self.seen[run["id"]] = run["status"]
        assert (run["expires_at"] is None) == (run["status"] in ENDED)
        assert (run["required_action"] is not None) == (run["status"] == "requires_action")

    @rule(text=st.sampled_from(sorted(ASKS)))
    def create(self, text: str) -> None:
        """A message and a run; refused while another one is under way."""
        sent = {"role": "user", "content": text}
        message = self.ask("POST", f"{self.path}/messages", sent, refused=self.current is not None)
        self.texts += "id" in message
        body = {"assistant_id": self.assistant}
        run = self.ask("POST", f"{self.path}/runs", body, refused=self.current is not None)
        if "id" in run:
            self.saw(run)
            self.poll()

    @rule()
    def poll(self) -> None:
        """Look at all runs."""
        for run in self.ask("GET", f"{self.path}/runs", None)["data"]:
            self.saw(run)

    @precondition(lambda self: self.current)
    @rule()
    def submit(self) -> None:
        """Send the outputs that are waited for, or some that are not."""
        run = self.ask("GET", f"{self.path}/runs/{self.current}")
        action = run["required_action"]
        calls = action["submit_tool_outputs"]["tool_calls"] if action else [{"id": "none"}]
        sent = {"tool_outputs": [{"tool_call_id": call["id"], "output": "x"} for call in calls]}
        answer = self.ask("POST", f"{self.path}/runs/{run['id']}/submit_tool_outputs", sent, refused=True)
        assert ("error" in answer) == (action is None)
        self.poll()

    @precondition(lambda self: self.current)
    @rule()
    def cancel(self) -> None:
        """Cancel what is under way; it may have ended meanwhile."""
        answer = self.ask("POST", f"{self.path}/runs/{self.current}/cancel", refused=True)
        if "error" not in answer:
            assert answer["status"] in {"cancelling", "cancelled"}
            self.saw(answer)

    @rule(seconds=st.sampled_from([1.0, 700.0]))
    def pass_time(self, seconds: float) -> None:
        """The clock goes on, past the time of a run or not."""
        self.shift += seconds
        self.poll()
        if seconds > 600:
            assert self.current is None

    @rule()
    def wait(self) -> None:
        """Let the workers work."""
        self.runner.run(asyncio.sleep(0.05))
        self.poll()

    @rule()
    def kill(self) -> None:
        """The server dies between two of its writes, and another one starts."""
        jobs = list(self.app.state.runtime._jobs.values())
        self.app.state.runtime._jobs.clear()
        for job in jobs:
            self.runner.get_loop().call_soon(job.task.cancel)
        self.runner.run(asyncio.sleep(0))
        # What the end of a process closes.
        self.runner.run(self.app.state.runtime.model.close())
        self.runner.run(self.http.aclose())
        self.app.state.runtime._liveness.release()
        self.app.state.database.close()
        self.open_server()
        self.poll()
        assert self.current is None or self.seen[self.current] == "requires_action"

    @rule()
    def restart(self) -> None:
        """The server stops as it should, and another one starts."""
        self.runner.run(self.app.state.runtime.close())
        self.runner.run(self.http.aclose())
        self.app.state.database.close()
        self.open_server()
        self.poll()
        assert self.current is None or self.seen[self.current] == "requires_action"

    @invariant()
    def nothing_is_lost_or_left_open(self) -> None:
        """Every message is there, and nothing of an ended run is in progress."""
        if not hasattr(self, "path"):
            return
        page = self.ask("GET", f"{self.path}/messages?limit=100")["data"]
        assert sum(message["role"] == "user" for message in page) == self.texts
        for run_id, state in list(self.seen.items()):
            if state in ENDED:
                steps = self.ask("GET", f"{self.path}/runs/{run_id}/steps")["data"]
                assert all(step["status"] != "in_progress" for step in steps)
        ended = {run_id for run_id, state in self.seen.items() if state in ENDED}
        assert all(message["status"] != "in_progress" for message in page if message["run_id"] in ended)

    def teardown(self) -> None:
        """Whatever happened, the thread can be used again once the time of its last run is over."""
        if hasattr(self, "path"):
            self.shift += 700
            self.ask("POST", f"{self.path}/messages", {"role": "user", "content": "x"})
        self.runner.run(self.app.state.runtime.close())
        self.runner.run(self.http.aclose())
        self.app.state.database.close()
        self.runner.close()
        self.model.__exit__(None, None, None)
        self.clock.stop()
        self.folder.cleanup()


TestRunStates = RunStates.TestCase
TestRunStates.settings = settings(max_examples=6, stateful_step_count=12)
