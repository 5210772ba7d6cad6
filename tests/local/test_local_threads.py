"""Threads and messages through the SDK: what is kept, listed, attached, refused and cleaned up."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from starlette.applications import Starlette

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")]

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


async def thread_with(http: httpx2.AsyncClient, **fields: object) -> dict[str, Any]:
    response = await http.post("/threads", json=fields)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_thread_is_made_changed_and_deleted_with_its_messages(sdk: AsyncOpenAI) -> None:
    threads = sdk.beta.threads
    file = await sdk.files.create(file=("a.csv", b"1"), purpose="assistants")
    thread = await threads.create(
        messages=[
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": [{"type": "text", "text": "Hi 😀"}]},
        ],
        metadata={"team": "support"},
        tool_resources={"code_interpreter": {"file_ids": [file.id]}},
    )
    assert thread.id.startswith("thread_")
    changed = await threads.update(thread.id, metadata={"team": "sales"})
    assert changed.metadata == {"team": "sales"}
    assert changed.tool_resources == thread.tool_resources
    assert await threads.retrieve(thread.id) == changed
    found = [message async for message in threads.messages.list(thread.id, order="asc")]
    assert [message.role for message in found] == ["user", "assistant"]
    assert [message.status for message in found] == ["completed", "completed"]
    assert (await threads.delete(thread.id)).object == "thread.deleted"
    with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{thread.id}'."):
        await threads.retrieve(thread.id)
    with pytest.raises(openai.NotFoundError):
        await threads.messages.list(thread.id)
    with pytest.raises(openai.NotFoundError):
        await threads.messages.retrieve(found[0].id, thread_id=thread.id)


async def test_all_threads_are_listed_though_the_service_has_no_such_list(http: httpx2.AsyncClient) -> None:
    first, second = await thread_with(http), await thread_with(http)
    page = (await http.get("/threads", params={"limit": 1})).json()
    assert ([thread["id"] for thread in page["data"]], page["has_more"]) == ([second["id"]], True)
    rest = (await http.get("/threads", params={"after": second["id"]})).json()
    assert [thread["id"] for thread in rest["data"]] == [first["id"]]


async def test_what_a_thread_answers_can_be_imported_as_another_thread(http: httpx2.AsyncClient) -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "metadata": {"k": "v"}}]
    thread = await thread_with(http, messages=messages)
    path = f"/threads/{thread['id']}/messages"
    exported = (await http.get(path, params={"order": "asc"})).json()["data"]
    again = await thread_with(
        http,
        messages=[
            {
                "role": message["role"],
                "content": [{"type": "text", "text": part["text"]["value"]} for part in message["content"]],
                "metadata": message["metadata"],
            }
            for message in exported
        ],
    )
    imported = (await http.get(f"/threads/{again['id']}/messages", params={"order": "asc"})).json()["data"]
    kept = ("role", "content", "metadata", "status")
    assert [[message[key] for key in kept] for message in imported] == [
        [message[key] for key in kept] for message in exported
    ]


async def test_messages_of_one_second_keep_their_order_on_all_pages(http: httpx2.AsyncClient) -> None:
    thread = await thread_with(http, messages=[{"role": "user", "content": str(index)} for index in range(7)])
    other = await thread_with(http, messages=[{"role": "user", "content": "other"}])
    path = f"/threads/{thread['id']}/messages"
    for order, wanted in (("asc", "0123456"), ("desc", "6543210")):
        said, after = "", ""
        while True:
            page = (await http.get(path, params={"order": order, "limit": 3, "after": after})).json()
            said += "".join(message["content"][0]["text"]["value"] for message in page["data"])
            if not page["has_more"]:
                break
            after = page["last_id"]
        assert said == wanted
    newest = (await http.get(path, params={"limit": 1})).json()["first_id"]
    nothing = (await http.get(path, params={"before": newest})).json()
    assert (nothing["data"], nothing["has_more"]) == ([], False)
    assert len((await http.get(f"/threads/{other['id']}/messages")).json()["data"]) == 1


async def test_a_page_of_a_long_thread_is_read_from_the_index(app: Starlette, http: httpx2.AsyncClient) -> None:
    thread = await thread_with(http, messages=[{"role": "user", "content": "x"}])
    plans: list[str] = []
    with app.state.database.reading() as connection:
        connection.set_trace_callback(plans.append)
    await http.get(f"/threads/{thread['id']}/messages")
    with app.state.database.reading() as connection:
        connection.set_trace_callback(None)
        [query] = [statement for statement in plans if "LIMIT" in statement and "message" in statement]
        plan = " ".join(str(row) for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "objects_of_thread (kind=? AND <expr>=? AND seq>? AND seq<?)" in plan
    assert "TEMP B-TREE" not in plan


async def test_metadata_of_a_message_is_replaced_and_nothing_else(http: httpx2.AsyncClient) -> None:
    thread = await thread_with(http, messages=[{"role": "user", "content": "x", "metadata": {"a": "b"}}])
    [message] = (await http.get(f"/threads/{thread['id']}/messages")).json()["data"]
    path = f"/threads/{thread['id']}/messages/{message['id']}"
    changed = (await http.post(path, json={"metadata": {"c": "d"}})).json()
    assert changed == {**message, "metadata": {"c": "d"}}
    assert (await http.get(path)).json() == changed
    assert (await http.post(path, json={"content": "y"})).status_code == 400
    other = await thread_with(http)
    assert (await http.get(f"/threads/{other['id']}/messages/{message['id']}")).status_code == 404
    deleted = (await http.delete(path)).json()
    assert deleted == {"id": message["id"], "object": "thread.message.deleted", "deleted": True}
    assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"role": "system", "content": "x"}, "Supported values are: 'user' and 'assistant'."),
        ({"role": "user"}, "Missing required parameter: 'content'."),
        ({"role": "user", "content": []}, "Invalid 'content': empty array."),
        ({"role": "user", "content": ""}, "Invalid 'content': empty string."),
        ({"role": "user", "content": 7}, "expected a string or an array of objects"),
        ({"role": "user", "content": [{"type": "text"}]}, "'content[0].text'"),
        ({"role": "user", "content": [{"type": "video"}]}, "Invalid value: 'video'."),
        ({"role": "user", "content": "x", "run_id": "run_1"}, "Unknown parameter: 'run_id'."),
        ({"role": "user", "content": "x", "attachments": [{"file_id": "f"}]}, "'attachments[0].tools'"),
    ],
)
async def test_a_message_that_is_none_is_refused(
    http: httpx2.AsyncClient, message: dict[str, Any], error: str
) -> None:
    thread = await thread_with(http)
    response = await http.post(f"/threads/{thread['id']}/messages", json=message)
    assert response.status_code == 400
    assert error in response.json()["error"]["message"]


async def test_pictures_need_the_purpose_vision(sdk: AsyncOpenAI) -> None:
    thread = await sdk.beta.threads.create()
    picture = await sdk.files.create(file=("a.png", PIXEL), purpose="vision")
    document = await sdk.files.create(file=("a.md", b"text"), purpose="assistants")
    message = await sdk.beta.threads.messages.create(
        thread.id,
        role="user",
        content=[
            {"type": "image_file", "image_file": {"file_id": picture.id}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
        ],
    )
    details = [part.to_dict()[part.type]["detail"] for part in message.content]  # type: ignore[index]  # of a picture
    assert details == ["auto", "low"]
    for file_id, error in ((document.id, openai.BadRequestError), ("file-none", openai.NotFoundError)):
        with pytest.raises(error):
            await sdk.beta.threads.messages.create(
                thread.id,
                role="user",
                content=[{"type": "image_file", "image_file": {"file_id": file_id}}],
            )
    assert len((await sdk.beta.threads.messages.list(thread.id)).data) == 1


async def test_attachments_join_the_resources_of_the_thread(sdk: AsyncOpenAI) -> None:
    files = [await sdk.files.create(file=(f"{name}.md", b"words"), purpose="assistants") for name in "abc"]
    thread = await sdk.beta.threads.create(
        messages=[
            {
                "role": "user",
                "content": "x",
                "attachments": [{"file_id": files[0].id, "tools": [{"type": "file_search"}]}],
            }
        ]
    )
    both: Any = [{"file_id": files[1].id, "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}]
    message = await sdk.beta.threads.messages.create(thread.id, role="user", content="y", attachments=both)
    assert [attachment.to_dict() for attachment in message.attachments or []] == both
    await sdk.beta.threads.messages.create(thread.id, role="user", content="z", attachments=both)
    resources = (await sdk.beta.threads.retrieve(thread.id)).tool_resources
    assert resources is not None
    assert resources.code_interpreter is not None
    assert resources.code_interpreter.file_ids == [files[1].id]
    assert resources.file_search is not None
    [store_id] = resources.file_search.vector_store_ids or []
    store = await sdk.vector_stores.retrieve(store_id)
    assert store.file_counts.total == 2
    assert store.expires_after is not None
    assert (store.expires_after.days, store.expires_after.anchor) == (7, "last_active_at")
    await sdk.beta.threads.delete(thread.id)
    with pytest.raises(openai.NotFoundError):
        await sdk.vector_stores.retrieve(store_id)
    assert (await sdk.files.retrieve(files[0].id)).id == files[0].id


async def test_a_store_that_was_there_before_stays_when_the_thread_goes(sdk: AsyncOpenAI) -> None:
    store = await sdk.vector_stores.create()
    thread = await sdk.beta.threads.create(tool_resources={"file_search": {"vector_store_ids": [store.id]}})
    await sdk.beta.threads.delete(thread.id)
    assert (await sdk.vector_stores.retrieve(store.id)).id == store.id


async def test_a_thread_may_have_its_store_made_at_once(sdk: AsyncOpenAI) -> None:
    file = await sdk.files.create(file=("a.md", b"words"), purpose="assistants")
    thread = await sdk.beta.threads.create(
        tool_resources={"file_search": {"vector_stores": [{"file_ids": [file.id], "metadata": {"k": "v"}}]}}
    )
    assert thread.tool_resources is not None
    assert thread.tool_resources.file_search is not None
    [store_id] = thread.tool_resources.file_search.vector_store_ids or []
    store = await sdk.vector_stores.retrieve(store_id)
    assert (store.metadata, store.file_counts.total) == ({"k": "v"}, 1)


async def test_an_attachment_that_is_not_there_adds_no_message(http: httpx2.AsyncClient) -> None:
    thread = await thread_with(http)
    path = f"/threads/{thread['id']}/messages"
    attachment = {"file_id": "file-none", "tools": [{"type": "file_search"}]}
    refused = await http.post(path, json={"role": "user", "content": "x", "attachments": [attachment]})
    assert refused.status_code == 404
    assert (await http.get(path)).json()["data"] == []


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"code_interpreter": {"file_ids": ["file-none"]}}, "No such File object: file-none"),
        ({"file_search": {"vector_store_ids": ["vs_none"]}}, "No vector store found with id 'vs_none'."),
    ],
)
async def test_resources_that_are_not_there_are_refused(
    http: httpx2.AsyncClient, resources: dict[str, Any], message: str
) -> None:
    thread = await thread_with(http)
    assistant = (await http.post("/assistants", json={"model": "gpt-4o"})).json()["id"]
    run = {"assistant_id": assistant, "tool_resources": resources}
    for path, sent in (
        ("/threads", {"tool_resources": resources}),
        (f"/threads/{thread['id']}", {"tool_resources": resources}),
        ("/threads/runs", {"assistant_id": assistant, "thread": {"tool_resources": resources}}),
        ("/threads/runs", run),
    ):
        refused = await http.post(path, json=sent)
        assert (refused.status_code, refused.json()["error"]["message"]) == (404, message), path
    assert len((await http.get("/threads")).json()["data"]) == 1


async def test_a_deleted_file_is_not_among_a_thread_s_files_any_more(sdk: AsyncOpenAI) -> None:
    files = [await sdk.files.create(file=(f"{index}.csv", b"1"), purpose="assistants") for index in range(3)]
    ids = [file.id for file in files]
    first = await sdk.beta.threads.create(tool_resources={"code_interpreter": {"file_ids": ids}})
    second = await sdk.beta.threads.create(tool_resources={"code_interpreter": {"file_ids": ids[1:2]}})
    await sdk.files.delete(ids[1])

    async def left(thread_id: str) -> Any:
        resources = (await sdk.beta.threads.retrieve(thread_id)).tool_resources
        return resources and resources.code_interpreter and resources.code_interpreter.file_ids

    assert await left(first.id) == [ids[0], ids[2]]
    assert await left(second.id) == []


async def test_a_thread_whose_store_was_deleted_gets_another_one(sdk: AsyncOpenAI) -> None:
    file = await sdk.files.create(file=("a.md", b"words"), purpose="assistants")
    store = await sdk.vector_stores.create()
    thread = await sdk.beta.threads.create(tool_resources={"file_search": {"vector_store_ids": [store.id]}})
    await sdk.vector_stores.delete(store.id)
    attachments: Any = [{"file_id": file.id, "tools": [{"type": "file_search"}]}]
    await sdk.beta.threads.messages.create(thread.id, role="user", content="x", attachments=attachments)
    resources = (await sdk.beta.threads.retrieve(thread.id)).tool_resources
    assert resources is not None
    assert resources.file_search is not None
    [new_id] = resources.file_search.vector_store_ids or []
    assert (await sdk.vector_stores.retrieve(new_id)).file_counts.total == 1


async def test_the_code_interpreter_has_room_for_twenty_files(sdk: AsyncOpenAI) -> None:
    files = [await sdk.files.create(file=(f"{index}.csv", b"1"), purpose="assistants") for index in range(21)]
    attachments: Any = [{"file_id": file.id, "tools": [{"type": "code_interpreter"}]} for file in files]
    thread = await sdk.beta.threads.create(
        messages=[{"role": "user", "content": "x", "attachments": attachments[:20]}]
    )
    with pytest.raises(openai.BadRequestError, match="at most 20 files"):
        await sdk.beta.threads.messages.create(thread.id, role="user", content="y", attachments=attachments[20:])


async def test_times_are_those_of_the_making(http: httpx2.AsyncClient) -> None:
    before = int(time.time())
    thread = await thread_with(http, messages=[{"role": "user", "content": "x"}])
    [message] = (await http.get(f"/threads/{thread['id']}/messages")).json()["data"]
    assert before <= thread["created_at"] <= message["created_at"] <= message["completed_at"] <= time.time()
