"""File search in runs: both stores together, results in steps, and citations in the text and in the stream."""

from __future__ import annotations

from typing import Any

import pytest
from openai import AsyncOpenAI
from starlette.applications import Starlette

from assistctl.local.runs.citations import Annotator
from assistctl.local.runs.fields import CONTENT_OF_RESULTS
from assistctl.local.vector_stores.stores import STORES
from assistctl.testing import ModelRequest, ScriptedModel, ToolCall

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")]

SEARCH = ToolCall("file_search", {"queries": ["price of apples", "price of pears"]}, id="call_s")


def cite(request: ModelRequest) -> str:
    """An answer with emoji, that cites every result by its mark, the first one twice."""
    marks = [line for line in request.tool_results[-1].splitlines() if line.startswith("【")]
    return "😀 친절: " + " and ".join([*marks, marks[0]]) + " but not 【99:0†none.md】."


async def run_over_both_stores(client: AsyncOpenAI, **fields: Any) -> Any:
    """A run of an assistant with apples in its store, in a thread with pears in its own."""
    apples = await client.files.create(file=("apples.md", b"The price of apples is 3."), purpose="assistants")
    pears = await client.files.create(file=("pears.md", b"The price of pears is 4."), purpose="assistants")
    store = await client.vector_stores.create(file_ids=[apples.id])
    while (await client.vector_stores.retrieve(store.id)).status == "in_progress":
        pass
    tool: Any = {"type": "file_search", **fields}
    made = await client.beta.assistants.create(
        model="gpt-4o",
        tools=[tool],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    attachments: Any = [{"file_id": pears.id, "tools": [{"type": "file_search"}]}]
    thread = await client.beta.threads.create(
        messages=[{"role": "user", "content": "Prices?", "attachments": attachments}]
    )
    return made, thread, {apples.id, pears.id}


async def test_a_query_with_half_a_character_is_searched_for(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, ToolCall("file_search", r'{"queries": ["apples \ud83d"]}'), "ok")
    made, thread, _ = await run_over_both_stores(client)
    run = await client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)
    assert (run.status, run.last_error) == ("completed", None)
    assert "The price of apples is 3." in model.requests[-1].tool_results[0]


async def test_citations_are_slices_of_the_text(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, SEARCH, cite)
    made, thread, files = await run_over_both_stores(client)
    async with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=made.id) as stream:
        deltas: list[Any] = [e.data.to_dict() async for e in stream if e.event == "thread.message.delta"]
        [message] = await stream.get_final_messages()
    assert message.content[0].type == "text"
    text = message.content[0].text
    assert len(text.annotations) == 3
    for annotation in text.annotations:
        assert annotation.type == "file_citation"
        assert text.value[annotation.start_index : annotation.end_index] == annotation.text
        assert (await client.files.retrieve(annotation.file_citation.file_id)).filename in annotation.text
    assert {
        citation.file_citation.file_id for citation in text.annotations if citation.type == "file_citation"
    } == files
    told = [part["text"] for delta in deltas for part in delta["delta"]["content"]]
    assert "".join(piece.get("value", "") for piece in told) == text.value
    annotations = [annotation_delta for piece in told for annotation_delta in piece.get("annotations", [])]
    assert [annotation_delta.pop("index") for annotation_delta in annotations] == [0, 1, 2]
    assert annotations == [citation.to_dict() for citation in text.annotations]


async def test_steps_have_results_and_their_content_on_demand(client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.on(None, SEARCH, "ok")
    made, thread, files = await run_over_both_stores(client)
    runs = client.beta.threads.runs
    run = await runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)
    [step, _] = (await runs.steps.list(run.id, thread_id=thread.id, order="asc")).data
    full = await runs.steps.retrieve(
        step.id,
        thread_id=thread.id,
        run_id=run.id,
        include=[CONTENT_OF_RESULTS],  # type: ignore[list-item]  # a constant
    )
    for shown, has_content in ((step, False), (full, True)):
        assert shown.step_details.type == "tool_calls"
        [call] = shown.step_details.tool_calls
        assert call.type == "file_search"
        results = call.file_search.results or []
        assert {result.file_id for result in results} == files
        assert [result.score for result in results] == sorted((result.score for result in results), reverse=True)
        assert all(bool(result.content) == has_content for result in results)
    assert "The price of apples is 3." in model.requests[1].tool_results[0]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"max_num_results": 1}, 1), ({"ranking_options": {"score_threshold": 1.0}}, 0)],
)
async def test_settings_of_the_tool_count(
    client: AsyncOpenAI, model: ScriptedModel, settings: dict[str, Any], expected: int
) -> None:
    model.on(None, SEARCH, "ok")
    made, thread, _ = await run_over_both_stores(client, file_search=settings)
    await client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)
    assert model.requests[1].tool_results[0].count("【") == expected


async def test_runs_of_a_thread_whose_store_has_expired_fail(
    client: AsyncOpenAI, with_model: Starlette, model: ScriptedModel
) -> None:
    model.on(None, "ok")
    made, thread, _ = await run_over_both_stores(client)
    store_id = thread.tool_resources.file_search.vector_store_ids[0]
    with with_model.state.database.writing() as connection:
        store = STORES.get(connection, store_id)
        store.body["last_active_at"] = 0
        STORES.replace(connection, store)
    run = await client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)
    assert run.status == "failed"
    assert run.last_error is not None
    assert f"Vector store '{store_id}' is expired" in run.last_error.message


def test_paths_of_made_files_are_annotated_whole() -> None:
    paths = {"/mnt/data/a.c": "file-c", "/mnt/data/a.csv": "file-csv"}
    annotator = Annotator({}, paths)
    text = ""
    found = []
    for piece in ("See sandbox:/mnt/da", "ta/a.c", "s", "v and sandbox:/mnt/data/a.c", ""):
        text += piece
        found += annotator.found(text, is_whole=not piece)
    assert [(annotation["file_path"], annotation["text"]) for annotation in found] == [
        ({"file_id": "file-csv"}, "sandbox:/mnt/data/a.csv"),
        ({"file_id": "file-c"}, "sandbox:/mnt/data/a.c"),
    ]
    assert all(
        text[int(str(annotation["start_index"])) : int(str(annotation["end_index"]))] == annotation["text"]
        for annotation in found
    )
