"""Conversations over threads and runs of the Assistants API, whose runs are streamed.

https://platform.openai.com/docs/api-reference/threads and .../runs.
"""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.conversation import (
    Citation,
    Event,
    Finished,
    MessageFile,
    ProducedFile,
    RunStatus,
)
from assistctl.platforms.each_tried import each_tried
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.run_events import FileMention, RunEvents
from assistctl.platforms.openai.wire import OpenAIKnowledge, OpenAIWire

_ENDED = frozenset({"completed", "incomplete", "failed", "cancelled", "expired"})


class OpenAIConversations:
    """The conversations of one server."""

    def __init__(self, wire: OpenAIWire, knowledge: OpenAIKnowledge) -> None:
        self._wire = wire
        self._knowledge = knowledge

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> ThreadConversation:
        """``POST /threads``, once; or ``GET /threads/{id}``."""
        if thread_id is not None:
            await self._wire.get(path_of("/threads", thread_id))
            return ThreadConversation(self._wire, self._knowledge, assistant_id, thread_id, is_ours=False)
        answer = await self._wire.post("/threads", {}, repeatable=False)
        made = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(made, str):
            raise PlatformError("the platform's answer is not a thread", "Does it have threads and runs?")
        return ThreadConversation(self._wire, self._knowledge, assistant_id, made, is_ours=True)


@dataclass(slots=True)
class ThreadConversation:
    """One thread. ``is_ours``: it was made for this conversation, and goes with it."""

    _wire: OpenAIWire
    _knowledge: OpenAIKnowledge
    _assistant_id: str
    id: str
    is_ours: bool
    _run_id: str | None = None
    _runs: bool = False
    _uploads: list[str] = field(default_factory=list)
    _searches: bool = False
    _stores: set[str] = field(default_factory=set)
    _names: dict[str, str] = field(default_factory=dict)

    async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
        """``POST /threads/{id}/messages``, then ``POST /threads/{id}/runs``."""
        message: dict[str, Json] = {"role": "user", "content": text}
        if attachments:
            message["attachments"] = [await self._attached(file) for file in attachments]
        await self._wire.post(f"{self._path}/messages", message, repeatable=False)
        async for event in self._streamed(f"{self._path}/runs", {"assistant_id": self._assistant_id}):
            yield event

    async def answer(self, outputs: Mapping[str, str]) -> AsyncIterator[Event]:
        """``POST /threads/{id}/runs/{id}/submit_tool_outputs``."""
        body: dict[str, Json] = {
            "tool_outputs": [{"tool_call_id": call, "output": output} for call, output in outputs.items()]
        }
        path = f"{path_of(f'{self._path}/runs', self._run_id or '')}/submit_tool_outputs"
        async for event in self._streamed(path, body):
            yield event

    async def read_file(self, file_id: str) -> bytes:
        """``GET /files/{id}/content``."""
        return await self._wire.get_content(path_of("/files", file_id, "content"))

    async def cancel(self) -> None:
        """``POST /threads/{id}/runs/{id}/cancel``; a run that is over by then is no error."""
        run_id = await self._run_under_way() if self._runs else None
        if run_id is None:
            return
        with contextlib.suppress(NotFoundError):
            try:
                await self._wire.post(f"{path_of(f'{self._path}/runs', run_id)}/cancel", {}, repeatable=True)
            except PlatformError as error:
                if error.status != _OVER:
                    raise
        self._runs = False

    async def close(self, *, keep: bool = False) -> None:
        """Delete the thread, what was uploaded for its messages, and the vector store that was made of that."""
        if keep:
            return
        with each_tried() as attempt:
            if self.is_ours and self._searches:
                await attempt(self._find_own_stores())
            if self.is_ours:
                await attempt(self._wire.remove(self._path, self.id))
            for store_id in [*self._stores]:
                if await attempt(self._knowledge.delete_store(store_id)):
                    self._stores.discard(store_id)
            for file_id in [*self._uploads]:
                if await attempt(self._knowledge.delete_file(file_id)):
                    self._uploads.remove(file_id)

    @property
    def _path(self) -> str:
        return path_of("/threads", self.id)

    async def _attached(self, file: MessageFile) -> Json:
        if not file.tool:
            raise PlatformError(
                "the assistant reads no files: it has neither file_search nor code_interpreter",
                "Declare one of the two under `tools`, or name the one that is to read it.",
            )
        uploaded = await self._knowledge.upload(file.source, lambda _: None)
        self._uploads.append(uploaded.id)
        self._searches |= file.tool == "file_search"
        return {"file_id": uploaded.id, "tools": [{"type": file.tool}]}

    async def _streamed(self, path: str, body: Mapping[str, Json]) -> AsyncIterator[Event]:
        reading = RunEvents(self._run_id)
        self._runs = True
        async with self._wire.events(path, {**body, "stream": True}) as events:
            async for name, data in events:
                for event in reading.read(name, data):
                    self._run_id = reading.run_id
                    if isinstance(event, Finished):
                        self._runs = event.status is RunStatus.REQUIRES_ACTION
                    yield await self._named(event) if isinstance(event, FileMention) else event
                self._run_id = reading.run_id
        if not reading.ended:
            yield Finished(RunStatus.FAILED, None, "the stream of events ended before the run did")

    async def _named(self, mention: FileMention) -> Event:
        name = await self._name_of(mention.file_id)
        if not mention.made:
            return Citation(mention.text, mention.file_id, name)
        # The mark is the path in the sandbox: sandbox:/mnt/data/chart.png.
        name = name or mention.text
        base = name.replace("\\", "/").rpartition("/")[2] or mention.file_id
        return ProducedFile(mention.file_id, base, mimetypes.guess_type(base)[0] or "")

    async def _name_of(self, file_id: str) -> str:
        if file_id not in self._names:
            found = await self._knowledge.find_file(file_id)
            self._names[file_id] = found.name if found else ""
        return self._names[file_id]

    async def _run_under_way(self) -> str | None:
        """The run that is under way, if only the server knows it."""
        if self._run_id is not None:
            return self._run_id
        listed = await self._wire.get(f"{self._path}/runs", {"limit": 1, "order": "desc"})
        runs = listed.get("data") if isinstance(listed, dict) else None
        last = runs[0] if isinstance(runs, list) and runs else None
        if not isinstance(last, dict) or last.get("status") in _ENDED:
            return None
        run_id = last.get("id")
        return run_id if isinstance(run_id, str) else None

    async def _find_own_stores(self) -> None:
        """Note the vector stores that the platform made of files of this thread's messages."""
        try:
            thread = await self._wire.get(self._path)
        except NotFoundError:
            return
        resources = thread.get("tool_resources") if isinstance(thread, dict) else None
        search = resources.get("file_search") if isinstance(resources, dict) else None
        ids = search.get("vector_store_ids") if isinstance(search, dict) else None
        self._stores.update(
            store_id for store_id in (ids if isinstance(ids, list) else ()) if isinstance(store_id, str)
        )


_OVER = 400
"""The status for a run that is not to be cancelled any more."""
