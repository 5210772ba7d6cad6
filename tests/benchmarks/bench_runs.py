"""How much a run costs over its model's own time, 200 runs at once, first tokens, and pages of threads.

The model is a scripted one over HTTP in this process, so that its own time is subject to the same load.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from openai import AsyncOpenAI, OpenAI

from assistctl.local.app import create_app
from assistctl.local.runs.model_client import ModelSettings
from assistctl.testing import Reply, ScriptedModel

ROUNDS = 60
AT_ONCE = 200


async def main() -> None:
    """Measure, and print."""
    with ScriptedModel() as model, tempfile.TemporaryDirectory() as folder:
        model.on("slow", Reply("ok", delay=1.0)).on(None, "Hello there, friend.")
        app = create_app(Path(folder, "local.db"), model=ModelSettings(model.url))
        headers = {"OpenAI-Beta": "assistants=v2"}
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://local/v1", headers=headers, timeout=None
        ) as http:
            await measured(http, model.url)
            await app.state.runtime.close()
        app.state.database.close()
    first_tokens()


def first_tokens() -> None:
    """How long the model's first word takes through ``assistctl serve`` to the SDK, over HTTP."""
    told: list[float] = []

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds)
        told.append(time.perf_counter())

    with ScriptedModel(sleep=sleep) as model, tempfile.TemporaryDirectory() as folder:
        model.on(None, Reply("word", piece_delay=0.01))
        command = [sys.executable, "-m", "assistctl", "serve", "--port", "0", "--db", f"{folder}/local.db"]
        environ = {**os.environ, "ASSISTCTL_MODEL_URL": model.url}
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ)
        assert server.stderr is not None
        times = []
        with OpenAI(base_url=server.stderr.readline().strip(), api_key="any") as client:
            assistant = client.beta.assistants.create(model="m")
            for _ in range(ROUNDS):
                thread: Any = {"messages": [{"role": "user", "content": "Hi"}]}
                with client.beta.threads.create_and_run_stream(assistant_id=assistant.id, thread=thread) as stream:
                    next(iter(stream.text_deltas))
                    times.append(time.perf_counter() - told[-1])
                    stream.until_done()
        server.terminate()
        server.wait()
    print(f"the first word of a stream comes {statistics.median(times) * 1000:.1f} ms after the model's")


async def measured(http: httpx2.AsyncClient, model_url: str) -> None:
    """All figures, of the platform behind ``http``."""
    assistant = (await http.post("/assistants", json={"model": "m"})).json()["id"]

    async def run(text: str = "Hi") -> None:
        thread = (await http.post("/threads", json={"messages": [{"role": "user", "content": text}]})).json()
        sent = {"assistant_id": assistant, "stream": True}
        assert "thread.run.completed" in (await http.post(f"/threads/{thread['id']}/runs", json=sent)).text

    async with AsyncOpenAI(base_url=model_url, api_key="any") as client:

        async def ask() -> None:
            stream = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
            async for _ in stream:
                pass

        alone, whole = await median(ask), await median(run)
    print(f"a run with its thread {whole:.1f} ms, its model alone {alone:.1f} ms: {whole - alone:.1f} ms over it")
    begin = time.perf_counter()
    await asyncio.gather(*(run("slow") for _ in range(AT_ONCE)))
    print(f"{AT_ONCE} runs at once of a model that takes 1 s: {time.perf_counter() - begin:.1f} s")
    for size in (20, 10_000):
        sent = {"messages": [{"role": "user", "content": "Hello"}] * size}
        path = f"/threads/{(await http.post('/threads', json=sent)).json()['id']}/messages"
        print(f"a page of a thread of {size} messages: {await median(partial(http.get, path)):.2f} ms")


async def median(action: Callable[[], Awaitable[object]]) -> float:
    """The median of an action's time, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        await action()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(main())
