"""Conversations with Mistral's agents.

https://docs.mistral.ai/agents/agents; requests are ``ConversationStreamRequest`` and
``ConversationAppendStreamRequest`` of mistralai 3.7.0. A conversation begins with its first message. An answer
ends with its stream: there is nothing to cancel it with.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from assistctl.json_value import Json
from assistctl.model.conversation import Event, Finished, MessageFile, RunStatus
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.inline_file import inlined
from assistctl.platforms.mistral.conversation_events import ConversationEvents
from assistctl.platforms.mistral.wire import MistralWire
from assistctl.platforms.translation import Object, as_object

_CONVERSATIONS, _FILES = "/v1/conversations", "/v1/files"


@dataclass(frozen=True, slots=True)
class MistralConversations:
    """The conversations of one server."""

    wire: MistralWire

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> MistralConversation:
        """One that begins with its first message; or ``GET /v1/conversations/{id}``."""
        if thread_id is not None:
            await self.wire.get(path_of(_CONVERSATIONS, thread_id))
        return MistralConversation(self.wire, assistant_id, thread_id or "", is_ours=thread_id is None)


@dataclass(slots=True)
class MistralConversation:
    """One conversation. ``id`` is empty until the first message; ``is_ours``: it was made for this one."""

    _wire: MistralWire
    _agent: str
    id: str
    is_ours: bool

    async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
        """``POST /v1/conversations`` with the first message, ``POST /v1/conversations/{id}`` with others."""
        content: Json = [*map(_document, attachments), {"type": "text", "text": text}] if attachments else text
        message: Json = {"object": "entry", "type": "message.input", "role": "user", "content": content}
        async for event in self._answered([message]):
            yield event

    async def answer(self, outputs: Mapping[str, str]) -> AsyncIterator[Event]:
        """``POST /v1/conversations/{id}`` with a result for each call."""
        results: list[Json] = [
            {"object": "entry", "type": "function.result", "tool_call_id": call, "result": output}
            for call, output in outputs.items()
        ]
        async for event in self._answered(results):
            yield event

    async def read_file(self, file_id: str) -> bytes:
        """``GET /v1/files/{id}/content``."""
        return await self._wire.get_content(path_of(_FILES, file_id, "content"))

    async def cancel(self) -> None:
        """Nothing: an answer ends with its stream."""

    async def close(self, *, keep: bool = False) -> None:
        """``DELETE /v1/conversations/{id}``."""
        if self.id and self.is_ours and not keep:
            await self._wire.remove(path_of(_CONVERSATIONS, self.id))

    async def _answered(self, inputs: Sequence[Json]) -> AsyncIterator[Event]:
        path = path_of(_CONVERSATIONS, self.id) if self.id else _CONVERSATIONS
        begins: Object = {} if self.id else {"agent_id": self._agent}
        reading = ConversationEvents()
        async with self._wire.events(
            path, {**begins, "inputs": [*inputs], "stream": True, "store": True}
        ) as events:
            async for name, data in events:
                produced = [*reading.read(name, as_object(data))]
                self.id = self.id or reading.conversation_id
                for event in produced:
                    yield event
                if reading.ended:
                    return
        yield Finished(RunStatus.FAILED, None, "the stream of events ended before the answer did")


def _document(file: MessageFile) -> Json:
    """A file inside of the message: PDF as ``DocumentURLChunk``, anything else as text under its name.

    Raises as ``inlined`` does.
    """
    inside = inlined(file)
    if not inside.is_pdf:
        return {"type": "text", "text": f"{inside.name}:\n{inside.content}"}
    url = f"data:application/pdf;base64,{inside.content}"
    return {"type": "document_url", "document_url": url, "document_name": inside.name}
