"""``ask`` on a real terminal, and its interruption: a conversation, functions that a person answers, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sqlite3
import time
from collections.abc import Iterator, Sequence

import pytest

from assistctl.testing.scripted_model import Reply, ScriptedModel, ToolCall
from support.command_process import exit_code, started
from support.projects import ProjectFolder

FUNCTION = {"type": "function", "function": {"name": "order_status"}}
_SECONDS = 20.0


@pytest.fixture
def model(project: ProjectFolder) -> Iterator[ScriptedModel]:
    """What answers an assistant that is deployed."""
    with ScriptedModel() as running:
        project.write(".env", f"ASSISTCTL_MODEL_URL={running.url}\n")
        project.manifest("desk", tools=[FUNCTION])
        assert project.run("apply", "--yes").code == 0
        yield running


class Person:
    """Somebody at a terminal, who types each text once what comes before it is shown."""

    def __init__(self, project: ProjectFolder, *args: str, term: str = "xterm-256color") -> None:
        self._controller, terminal = pty.openpty()
        environment = {**os.environ, "TERM": term, "COLUMNS": "200", "LINES": "40", "PYTHONUTF8": "1"}
        self._process = started(project.path, *args, out=os.ttyname(terminal), environment=environment)
        self._terminal = terminal
        self.shown = ""

    def sees(self, text: str) -> None:
        """Wait until ``text`` is shown, after what was waited for before."""
        end = time.monotonic() + _SECONDS
        while text not in (plain := _plain(self.shown)):
            assert time.monotonic() < end, plain
            assert self._read(), plain
        self.shown = plain.partition(text)[2]

    def types(self, text: str) -> None:
        """Press keys."""
        os.write(self._controller, text.encode())

    def leaves(self) -> int:
        """The exit code, once all is shown."""
        os.close(self._terminal)
        end = time.monotonic() + _SECONDS
        while self._read() and time.monotonic() < end:
            pass
        os.close(self._controller)
        return exit_code(self._process)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._controller], [], [], 1)
        try:
            shown = os.read(self._controller, 65536) if ready else b" "
        except OSError:
            return False
        self.shown += shown.decode("utf-8", "replace") if ready else ""
        if b"\x1b[6n" in shown:
            os.write(self._controller, b"\x1b[1;1R")
        return bool(shown)


def _plain(shown: str) -> str:
    """What is shown without what moves the cursor or colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", "", shown)


def statuses(project: ProjectFolder) -> Sequence[str]:
    """How the runs ended."""
    with sqlite3.connect(project.path / ".assistctl" / "local.db") as database:
        rows = database.execute("select body from objects where kind = 'run'").fetchall()
    database.close()
    return [json.loads(row[0])["status"] for row in rows]


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_a_conversation(project: ProjectFolder, model: ScriptedModel, term: str) -> None:
    model.on("first", "The first answer.").on("second", "The second answer.")
    person = Person(project, "ask", "desk", term=term)
    person.sees("Talking with desk.")
    person.sees(">")
    person.types("first\\\r" + "of two lines\r")
    person.sees("The first answer.")
    person.sees(">")
    person.types("second\r")
    person.sees("The second answer.")
    person.sees(">")
    person.types("\x04")
    person.sees("assistctl ask desk --thread thread_")
    assert person.leaves() == 0
    assert [request.body["messages"][-1]["content"] for request in model.requests] == [
        "first\nof two lines",
        "second",
    ]


def test_a_person_answers_a_function(project: ProjectFolder, model: ScriptedModel) -> None:
    model.on("1001", ToolCall("order_status", {"order_id": "1001"}), lambda asked: f"So: {asked.tool_results[-1]}")
    person = Person(project, "ask", "desk", "Where is 1001?")
    person.sees('called order_status({"order_id": "1001"})')
    person.sees("order_status answers:")
    person.types("shipped\r")
    person.sees("So: shipped")
    assert person.leaves() == 0


def test_ctrl_c_stops_an_answer_and_the_conversation_goes_on(project: ProjectFolder, model: ScriptedModel) -> None:
    model.on("slow", Reply("one two three four five six seven", piece_delay=0.4)).on("again", "Here I am.")
    person = Person(project, "ask", "desk")
    person.sees(">")
    person.types("slow\r")
    person.sees("one")
    person.types("\x03")
    person.sees("The run was cancelled.")
    person.sees(">")
    person.types("again\r")
    person.sees("Here I am.")
    person.sees(">")
    person.types("\x04")
    assert person.leaves() == 0
    assert sorted(statuses(project)) == ["cancelled", "completed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_question_cancels_its_run(
    project: ProjectFolder, model: ScriptedModel, number: signal.Signals
) -> None:
    model.on("slow", Reply("one two three four five six seven", piece_delay=0.4))
    out, err = project.path / "out", project.path / "err"
    process = started(project.path, "ask", "desk", "slow", out=out, err=err)
    end = time.monotonic() + _SECONDS
    while not (out.exists() and "one" in out.read_text()):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert process.pid
    os.kill(process.pid, number)
    assert exit_code(process) == 130
    assert "seven" not in out.read_text()
    assert "A run that was under way is cancelled." in err.read_text()
    assert statuses(project) == ["cancelled"]
