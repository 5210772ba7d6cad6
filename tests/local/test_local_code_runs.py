"""The code interpreter in a run, through the SDK: a table becomes a chart, and what is made can be fetched."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.types.beta import Assistant
from openai.types.beta.threads import FilePathAnnotation, Run
from openai.types.beta.threads.runs import CodeInterpreterToolCall
from starlette.applications import Starlette

from assistctl.local.code_interpreter import compiled, landlock, wasm
from assistctl.local.code_interpreter.choice import ChosenSandbox, SandboxName
from assistctl.local.code_interpreter.sandbox import Folders, Sandbox, SandboxUnavailable, Turn
from assistctl.local.code_interpreter.sessions import Sessions
from assistctl.testing import ScriptedModel, ToolCall
from support.code_sandboxes import Act, PlayedSandbox

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")]

CACHE = compiled.cache_folder()
"""Of whoever runs the tests: to compile for each run of them would take too long."""

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
TABLE = b"month,sold\n1,10\n2,30\n"
CODE = """import matplotlib.pyplot as plt
import pandas as pd
sales = pd.read_csv("/mnt/data/sales.csv")
sales.plot(x="month", y="sold")
plt.show()
sales.describe().to_csv("/mnt/data/summary.csv")
int(sales.sold.sum())
"""
ANSWER = "판매 📈: the chart is above, the figures are [here](sandbox:/mnt/data/summary.csv)."


def analyst(folders: Folders, _: str) -> Turn:
    """What ``CODE`` does, without pandas."""
    rows = list(csv.DictReader(io.StringIO((folders.data / "sales.csv").read_text())))
    (folders.charts / "chart-1.png").write_bytes(PNG)
    (folders.data / "summary.csv").write_text("count,2\n")
    return Turn(f"{sum(int(row['sold']) for row in rows)}\n", failed=False)


class Interpreting:
    """The platform's sessions, put into a sandbox by the test."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self.made: list[Sessions] = []

    def by(self, sandbox: Sandbox | Act) -> None:
        """Use a sandbox, or one that acts."""
        chosen = PlayedSandbox(sandbox) if callable(sandbox) else sandbox
        self.made.append(Sessions(chosen))
        self._app.state.runtime.code_sessions = self.made[-1]


@pytest.fixture
def interpreting(with_model: Starlette) -> Iterator[Interpreting]:
    """See ``Interpreting``."""
    interpreting = Interpreting(with_model)
    yield interpreting
    for sessions in interpreting.made:
        sessions.stop()


def real(name: SandboxName, monkeypatch: pytest.MonkeyPatch) -> ChosenSandbox:
    """A real sandbox; skips the test, with the reason, where it or its packages are not there."""
    monkeypatch.setenv(compiled.CACHE_VARIABLE, str(CACHE))
    try:
        wasm.require() if name == "wasm" else landlock.require()
    except SandboxUnavailable as error:
        pytest.skip(f"{name}: {error}")
    if name == "landlock" and not (find_spec("pandas") and find_spec("matplotlib")):
        pytest.skip("landlock: pandas and matplotlib are not installed")
    asked_to_compile = os.environ.get("ASSISTCTL_TEST_COMPILE")
    if name == "wasm" and not (asked_to_compile or compiled.is_prepared(CACHE)):
        pytest.skip("wasm: the sandbox is not compiled: assistctl serve --prepare-code")
    return ChosenSandbox(name)


async def interpreter(client: AsyncOpenAI, *file_ids: str) -> Assistant:
    """An assistant with files for the code interpreter."""
    return await client.beta.assistants.create(
        model="gpt-4o",
        tools=[{"type": "code_interpreter"}],
        tool_resources={"code_interpreter": {"file_ids": list(file_ids)}},
    )


async def uploaded(client: AsyncOpenAI, name: str = "sales.csv", content: bytes = TABLE) -> str:
    """A file's id."""
    return (await client.files.create(file=(name, content), purpose="assistants")).id


async def ran(client: AsyncOpenAI, made: Assistant, **message: Any) -> Run:
    """A run over a thread of one message."""
    asked: Any = {"role": "user", "content": "Analyse", **message}
    thread = await client.beta.threads.create(messages=[asked])
    return await client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)


async def calls_of(client: AsyncOpenAI, run: Run) -> list[CodeInterpreterToolCall]:
    """The calls of the code interpreter in a run, oldest first."""
    page = await client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc")
    details = [step.step_details for step in page.data]
    calls = [call for detail in details if detail.type == "tool_calls" for call in detail.tool_calls]
    return [call for call in calls if isinstance(call, CodeInterpreterToolCall)]


def scripted(model: ScriptedModel, *codes: str, answer: str = ANSWER) -> None:
    """Have the model run codes, one after the other, and then answer."""
    model.on(None, *[ToolCall("code_interpreter", {"code": code}) for code in codes], answer)


@pytest.mark.parametrize("sandbox", ["played", "wasm", "landlock"])
async def test_a_table_becomes_a_chart_and_a_file_to_fetch(
    client: AsyncOpenAI,
    model: ScriptedModel,
    interpreting: Interpreting,
    monkeypatch: pytest.MonkeyPatch,
    sandbox: str,
) -> None:
    if sandbox == "played":
        interpreting.by(analyst)
    else:
        interpreting.by(real("wasm" if sandbox == "wasm" else "landlock", monkeypatch))
    scripted(model, CODE)
    run = await ran(client, await interpreter(client, await uploaded(client)))
    assert (run.status, run.last_error) == ("completed", None)

    [call] = await calls_of(client, run)
    logs, image = call.code_interpreter.outputs
    assert call.code_interpreter.input == CODE
    assert logs.type == "logs"
    assert logs.logs == "40\n"
    assert image.type == "image"

    [answer] = (await client.beta.threads.messages.list(run.thread_id, run_id=run.id)).data
    picture, text = answer.content
    assert picture.type == "image_file"
    assert picture.image_file.file_id == image.image.file_id
    assert text.type == "text"
    [annotation] = text.text.annotations
    assert isinstance(annotation, FilePathAnnotation)
    assert annotation.text == "sandbox:/mnt/data/summary.csv"
    assert text.text.value[annotation.start_index : annotation.end_index] == annotation.text

    for file_id, name, begins in (
        (picture.image_file.file_id, "chart-1.png", b"\x89PNG\r\n"),
        (annotation.file_path.file_id, "summary.csv", b"count" if sandbox == "played" else b",month"),
    ):
        file = await client.files.retrieve(file_id)
        assert (file.filename, file.purpose) == (name, "assistants_output")
        content = (await client.files.content(file_id)).content
        assert content.startswith(begins)
        assert len(content) == file.bytes
    told = model.requests[-1].tool_results[-1]
    assert "40" in told
    assert "sandbox:/mnt/data/summary.csv" in told
    offered = model.requests[0].body["tools"][0]["function"]["description"]
    assert "sales.csv" in offered


async def test_failed_code_goes_back_to_the_model_and_each_try_is_listed(
    client: AsyncOpenAI, model: ScriptedModel, interpreting: Interpreting
) -> None:
    def act(_: Folders, code: str) -> Turn:
        is_wrong = code == "wrong"
        return Turn("Traceback …\nNameError: x\n" if is_wrong else "4\n", failed=is_wrong)

    interpreting.by(act)
    scripted(model, "wrong", "right", answer="It is 4.")
    run = await ran(client, await interpreter(client))
    assert run.status == "completed"
    calls = await calls_of(client, run)
    assert [call.code_interpreter.input for call in calls] == ["wrong", "right"]
    assert "NameError: x" in model.requests[1].tool_results[0]


async def test_a_stream_tells_the_code_its_output_and_the_picture(
    client: AsyncOpenAI, model: ScriptedModel, interpreting: Interpreting
) -> None:
    interpreting.by(analyst)
    scripted(model, CODE)
    made = await interpreter(client, await uploaded(client))
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": "Analyse"}])
    async with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=made.id) as stream:
        async for event in stream:
            if event.event == "thread.run.step.delta":
                # To be copied: the end of the step is put in its place.
                snapshot: Any = stream.current_run_step_snapshot
                told = snapshot.to_dict()["step_details"]
        steps = await stream.get_final_run_steps()
        [message] = await stream.get_final_messages()
    [call] = [
        tool_call
        for step in steps
        if step.step_details.type == "tool_calls"
        for tool_call in step.step_details.tool_calls
    ]
    assert call.type == "code_interpreter"
    assert call.code_interpreter.input == CODE
    assert [output.type for output in call.code_interpreter.outputs] == ["logs", "image"]
    [at_last] = told["tool_calls"]
    assert {key: at_last[key] for key in ("id", "type")} == {"id": call.id, "type": "code_interpreter"}
    assert at_last["code_interpreter"]["input"] == CODE
    assert [output["type"] for output in at_last["code_interpreter"]["outputs"]] == ["logs", "image"]
    assert [part.type for part in message.content] == ["image_file", "text"]
    stored = await client.beta.threads.messages.retrieve(message.id, thread_id=thread.id)
    assert [part.to_dict() for part in stored.content] == [part.to_dict() for part in message.content]


async def test_what_is_no_text_is_stored_and_told_as_text(
    client: AsyncOpenAI, model: ScriptedModel, interpreting: Interpreting
) -> None:
    def act(folders: Folders, _: str) -> Turn:
        (folders.data / "half\udcff.txt").write_text("x")
        return Turn("half \ud83d\n", failed=False)

    interpreting.by(act)
    link = "sandbox:/mnt/data/half\N{REPLACEMENT CHARACTER}.txt"
    # Inside the arguments, which are JSON of their own, the half is written in ASCII.
    model.on(None, ToolCall("code_interpreter", r'{"code": "\ud83d"}'), f"[it]({link})")
    run = await ran(client, await interpreter(client))
    assert (run.status, run.last_error) == ("completed", None)
    [call] = await calls_of(client, run)
    assert call.code_interpreter.input == "\N{REPLACEMENT CHARACTER}"
    [output] = call.code_interpreter.outputs
    assert output.type == "logs"
    assert output.logs == "half \N{REPLACEMENT CHARACTER}\n"
    [message] = (await client.beta.threads.messages.list(run.thread_id, run_id=run.id)).data
    assert message.content[0].type == "text"
    [annotation] = message.content[0].text.annotations
    assert (annotation.type, annotation.text) == ("file_path", link)


async def test_files_of_assistant_and_thread_lie_under_their_names(
    client: AsyncOpenAI, model: ScriptedModel, interpreting: Interpreting
) -> None:
    def act(folders: Folders, _: str) -> Turn:
        found = {path.name: path.read_text() for path in sorted(folders.data.iterdir())}
        return Turn(f"{found}\n", failed=False)

    interpreting.by(act)
    scripted(model, "look", answer="ok")
    gone = await uploaded(client, "gone.csv", b"gone")
    made = await interpreter(client, await uploaded(client, "a.csv", b"first"), gone)
    await client.files.delete(gone)
    attached = await uploaded(client, "a.csv", b"second")
    tools = [{"type": "code_interpreter"}]
    run = await ran(client, made, attachments=[{"file_id": attached, "tools": tools}])
    [call] = await calls_of(client, run)
    [output] = call.code_interpreter.outputs
    assert output.type == "logs"
    assert output.logs == "{'a (2).csv': 'second', 'a.csv': 'first'}\n"


async def test_a_picture_that_was_saved_is_shown_and_can_be_linked(
    client: AsyncOpenAI, model: ScriptedModel, interpreting: Interpreting
) -> None:
    def act(folders: Folders, _: str) -> Turn:
        (folders.data / "own.png").write_bytes(PNG)
        return Turn("", failed=False)

    interpreting.by(act)
    scripted(model, "draw", answer="See sandbox:/mnt/data/own.png and sandbox:/mnt/data/none.png")
    run = await ran(client, await interpreter(client))
    [answer] = (await client.beta.threads.messages.list(run.thread_id, run_id=run.id)).data
    picture, text = answer.content
    assert picture.type == "image_file"
    assert text.type == "text"
    [annotation] = text.text.annotations
    assert isinstance(annotation, FilePathAnnotation)
    assert annotation.file_path.file_id == picture.image_file.file_id


async def test_without_a_sandbox_the_run_fails_and_names_the_extra(
    client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wasm, "find_spec", lambda _: None)
    scripted(model, "1 + 1", answer="2")
    run = await ran(client, await interpreter(client))
    assert run.status == "failed"
    assert run.last_error is not None
    assert run.last_error.code == "server_error"
    assert "pip install 'assistctl[code]'" in run.last_error.message


async def test_a_deleted_thread_ends_its_session(
    client: AsyncOpenAI, model: ScriptedModel, interpreting: Interpreting
) -> None:
    sandbox = PlayedSandbox(lambda _, __: Turn("", failed=False))
    interpreting.by(sandbox)
    scripted(model, "1", answer="ok")
    run = await ran(client, await interpreter(client))
    assert sandbox.running == 1
    await client.beta.threads.delete(run.thread_id)
    assert sandbox.interpreters[0].stopping.wait(10)


@pytest.mark.parametrize("arguments", ["1 + 1", '{"code": "1 + 1"}', '{"input": "1 + 1"}', '"1 + 1"'])
async def test_code_is_found_in_what_the_model_wrote(
    client: AsyncOpenAI, model: ScriptedModel, interpreting: Interpreting, arguments: str
) -> None:
    sandbox = PlayedSandbox(lambda _, code: Turn(f"{code}\n", failed=False))
    interpreting.by(sandbox)
    model.on(None, ToolCall("code_interpreter", arguments), "ok")
    await ran(client, await interpreter(client))
    assert sandbox.interpreters[0].codes == ["1 + 1"]
