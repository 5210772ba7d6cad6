"""Runs of a model that has faults, and servers killed at random moments of their runs.

``python tests/benchmarks/soak_runs.py [KILLS] [RUNS]``; exits 1 when a run is left open, was answered twice or
with another text than the model's, or when a database is not whole after a kill.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from openai import OpenAI, OpenAIError
from openai.types.beta.threads import Run

from assistctl.testing import Failure, Reply, ScriptedModel, ToolCall

WEATHER = {"type": "function", "function": {"name": "weather"}}
OPEN = {"queued", "in_progress", "cancelling"}
THREADS = 6
AT_ONCE = 25
WORDS = "one two three four"
FAULTS: dict[str, Any] = {
    "rate": Failure(429, retry_after=0.05),
    "busy": Failure(503),
    "broken": Failure(500),
    "refused": Failure(400, "no"),
    "strange": Failure(418),
    "quota": Failure(429, code="insufficient_quota"),
    "cut": Reply(WORDS, cut_after=2),
    "gone": Reply(WORDS, cut_after=0),
}
ENDS = {
    "failed": {"busy", "broken", "refused", "strange", "quota", "cut", "gone"},
    "completed": {"rate", "busy", "broken", "gone", "fine"},
}
"""What may come of a fault that happens once: one before the first word is made good by another attempt."""


def main(kills: int, runs: int) -> int:
    """Kill so many times, and have so many runs meet a fault; the exit code."""
    warnings.simplefilter("ignore")
    return 1 if faulty_runs(runs) + killed_servers(kills) else 0


def faulty_runs(runs: int) -> int:
    """Runs of a model that often fails, several at once; how many did not end as they may."""
    dice = random.Random(runs)  # noqa: S311  # a test's dice
    kinds = [dice.choice([*FAULTS, "fine"]) for _ in range(runs)]
    with ScriptedModel() as model, tempfile.TemporaryDirectory() as folder:
        for number, kind in enumerate(kinds):
            if kind != "fine":
                model.on(f"<{number}>", FAULTS[kind], times=1)
        model.on(None, WORDS)
        process, client = served(Path(folder, "local.db"), model.url)
        assistant = client.beta.assistants.create(model="m").id
        begin = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            wrong = sum(
                pool.map(lambda numbered_kind: is_wrong(client, assistant, *numbered_kind), enumerate(kinds))
            )
        print(f"{runs} runs of a faulty model, {time.monotonic() - begin:.0f} s, {wrong} faults")
        process.terminate()
        process.wait()
    return wrong


def is_wrong(client: OpenAI, assistant: str, number: int, kind: str) -> bool:
    """Whether a run ends in another state, or with another answer, than its fault allows."""
    thread: Any = {"messages": [{"role": "user", "content": f"<{number}>"}]}
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant, thread=thread)
    said = texts(client, run)
    allowed = [WORDS] if run.status == "completed" else [] if kind != "cut" else ["one two"]
    if kind in ENDS.get(run.status, set()) and said == allowed:
        return False
    print(number, kind, run.status, run.last_error, said)
    return True


def texts(client: OpenAI, run: Run) -> list[str]:
    """What a run answered."""
    messages = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    parts = [part for message in messages for part in message.content]
    return [part.text.value for part in parts if part.type == "text"]


def killed_servers(kills: int) -> int:
    """Kill so many servers; how many runs were left wrong."""
    with ScriptedModel() as model, tempfile.TemporaryDirectory() as folder:
        model.on("call", ToolCall("weather"), Reply("Sunny.", piece_delay=0.02))
        model.on(None, Reply(WORDS, piece_delay=0.02))
        faults = sum(round_of(Path(folder, "local.db"), model, number) for number in range(kills))
    print(f"{kills} kills, {faults} faults")
    return faults


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
    with closing(sqlite3.connect(database)) as connection:
        faults = int(connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)])
    process, client = served(database, model.url)
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
        is_whole = all(answer.status != "in_progress" for answer in answers) and len(answers) <= 1
        # A run that was killed has kept no text; one that has ended has all of it.
        is_whole = is_whole and (left.status != "completed" or texts(client, left) == [WORDS])
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
    given = [int(argument) for argument in sys.argv[1:3]]
    sys.exit(main(*(given + [50, 1000][len(given) :])))
