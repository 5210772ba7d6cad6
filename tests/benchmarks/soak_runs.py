"""Servers killed at random moments of their runs: after each, every run has ended and its thread goes on.

``python tests/benchmarks/soak_runs.py [KILLS]``; exits 1 when a run is left open, or was answered twice.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from openai import OpenAI, OpenAIError

from assistctl.testing import Reply, ScriptedModel, ToolCall

WEATHER = {"type": "function", "function": {"name": "weather"}}
OPEN = {"queued", "in_progress", "cancelling"}
THREADS = 6


def main(kills: int) -> int:
    """Kill so many times; the exit code."""
    warnings.simplefilter("ignore")
    with ScriptedModel() as model, tempfile.TemporaryDirectory() as folder:
        model.on("call", ToolCall("weather"), Reply("Sunny.", piece_delay=0.02))
        model.on(None, Reply("one two three four", piece_delay=0.02))
        faults = sum(round_of(Path(folder, "local.db"), model, number) for number in range(kills))
    print(f"{kills} kills, {faults} faults")
    return 1 if faults else 0


def round_of(database: Path, model: ScriptedModel, number: int) -> int:
    """One life of a server that ends by a kill, and what the next one finds wrong."""
    process, client = served(database, model.url)
    assistant = client.beta.assistants.create(model="m", tools=[WEATHER])  # type: ignore[list-item]  # a plain dict
    begun = []
    end = time.monotonic() + random.Random(number).uniform(0.0, 0.4)  # noqa: S311  # a test's dice
    for index in range(THREADS):
        text = "call" if index % 2 else "talk"
        begun.append(
            client.beta.threads.create_and_run(
                assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": f"{text} {index}"}]}
            )
        )
    time.sleep(max(end - time.monotonic(), 0.0))
    process.kill()
    process.wait()
    process, client = served(database, model.url)
    faults = 0
    for run in begun:
        left = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        if left.status == "requires_action":
            left = client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
        try:
            client.beta.threads.messages.create(run.thread_id, role="user", content="talk")
        except OpenAIError as error:
            print(error)
            faults += 1
        answers = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
        is_whole = all(it.status != "in_progress" for it in answers) and len(answers) <= 1
        if left.status in OPEN or not is_whole:
            print(number, left.status, answers)
            faults += 1
    process.kill()
    process.wait()
    return faults


def served(database: Path, model_url: str) -> tuple[subprocess.Popen[str], OpenAI]:
    """The command ``serve`` in a process of its own, and a client for it."""
    command = [sys.executable, "-m", "assistctl", "serve", "--port", "0", "--db", str(database)]
    environ = {**os.environ, "ASSISTCTL_MODEL_URL": model_url}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ)
    assert process.stderr is not None
    return process, OpenAI(base_url=process.stderr.readline().strip(), api_key="any")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 50))
