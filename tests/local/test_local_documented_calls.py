"""The calls that OpenAI's description shows with curl, each sent as it stands to threads and runs that are there.

The client holds requests and answers against the description's schemas; here the answers must have what those
beside the calls show.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.applications import Starlette

from assistctl.testing import ScriptedModel, ToolCall

if TYPE_CHECKING:
    from local.conftest import ClientOf, Description

pytestmark = pytest.mark.anyio

UNDESCRIBED = {"file_ids", "tool_resources"}
"""What some answers show and the schemas of a run and an assistant do not have."""


@dataclass(frozen=True)
class Documented:
    """A call with curl, and the answer beside it."""

    method: str
    template: str
    call: str
    answer: str


def documented(description: Description) -> Iterator[Documented]:
    """All calls about assistants and threads."""
    for template, operations in description.paths.items():
        if not re.match(r"/(threads|assistants)\b", template):
            continue
        for method, operation in operations.items():
            shown = operation.get("x-oaiMeta", {}).get("examples", [])
            for example in shown if isinstance(shown, list) else [shown]:
                yield Documented(method, template, example["request"]["curl"], example["response"])


def sent_by(call: str) -> Any:
    """The JSON body of a call with curl."""
    words = shlex.split(call)
    for option in ("-d", "--data"):
        if option in words:
            return json.loads(words[words.index(option) + 1] or "{}")
    return None


async def prepared(http: httpx2.AsyncClient, template: str) -> dict[str, Any]:
    """The ids of what is there: an assistant, a thread with a message, a run with a step and its call."""
    text = "call" if "{run_id}" in template else "Hi"
    function = {"type": "function", "function": {"name": "get_current_weather"}}
    made = (await http.post("/assistants", json={"model": "gpt-4o", "tools": [function]})).json()
    thread = (await http.post("/threads", json={"messages": [{"role": "user", "content": text}]})).json()
    store = (await http.post("/vector_stores", json={})).json()
    file = (await http.post("/files", data={"purpose": "assistants"}, files={"file": ("a.md", b"a")})).json()
    ids = {"assistant_id": made["id"], "thread_id": thread["id"]}
    ids |= {"vector_store_ids": [store["id"]], "file_ids": [file["id"]]}
    path = f"/threads/{thread['id']}"
    ids["message_id"] = (await http.get(f"{path}/messages")).json()["data"][0]["id"]
    if "{run_id}" in template:
        sent = {"assistant_id": made["id"], "stream": True}
        await http.post(f"{path}/runs", json=sent)
        run = (await http.get(f"{path}/runs")).json()["data"][0]
        step = (await http.get(f"{path}/runs/{run['id']}/steps")).json()["data"][0]
        call = step["step_details"]["tool_calls"][0]["id"]
        ids |= {"run_id": run["id"], "step_id": step["id"], "tool_call_id": call}
    return ids


def with_ids(sent: Any, ids: dict[str, Any]) -> Any:
    """A body with the ids that are there."""
    if isinstance(sent, list):
        return [with_ids(item, ids) for item in sent]
    if not isinstance(sent, dict):
        return sent
    return {key: ids.get(key, with_ids(value, ids)) for key, value in sent.items()}


async def wrong(http: httpx2.AsyncClient, shown: Documented) -> str | None:
    """What is wrong with the answer to a call."""
    ids = await prepared(http, shown.template)
    path = re.sub(r"\{(\w+)\}", lambda match: ids[match[1]], shown.template)
    response = await http.request(shown.method, path, json=with_ids(sent_by(shown.call), ids))
    if response.status_code != 200:
        return response.text
    if response.headers["content-type"].startswith("text/event-stream"):
        events = re.compile(r"^event: (.+)$", re.MULTILINE)
        missing = {*events.findall(shown.answer)} - {*events.findall(response.text)}
    else:
        missing = {*re.findall(r'^  "(\w+)":', shown.answer, re.MULTILINE)} - {*response.json()} - UNDESCRIBED
    return f"lacks {missing}" if missing else None


async def test_the_calls_of_the_documentation(
    with_model: Starlette, client_of: ClientOf, model: ScriptedModel, description: Description
) -> None:
    model.on(re.compile("call|weather"), ToolCall("get_current_weather", {"location": "Paris"}), "Sunny.")
    model.on(None, "Hello.")
    calls = list(documented(description))
    assert len(calls) > 25
    async with client_of(with_model) as http:
        faults = [(shown.method, shown.template, await wrong(http, shown)) for shown in calls]
        await with_model.state.runtime.close()
    assert [fault for fault in faults if fault[2]] == []
