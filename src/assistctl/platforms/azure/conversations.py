"""Conversations with agents of a Foundry project: OpenAI's conversations and responses, which name an agent.

https://learn.microsoft.com/azure/foundry/agents/; the agent is named by an ``AgentReference`` of azure-ai-projects
in the body of each response, and events are those of ``openai/types/responses/response_stream_event.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.conversation import Event, Finished, MessageFile, RunStatus
from assistctl.platforms.azure.response_events import ResponseEvents
from assistctl.platforms.each_tried import each_tried
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.wire import OpenAIKnowledge, OpenAIWire
from assistctl.platforms.translation import Object, as_object

_CONVERSATIONS, _RESPONSES = "/conversations", "/responses"
# Only a response in the background can be cancelled; another one ends with its stream.
_NOT_TO_BE_CANCELLED = frozenset({400, 404, 405, 409})


@dataclass(frozen=True, slots=True)
class FoundryConversations:
    """The conversations of a project, over its OpenAI client; ``newest`` gives the newest version of an agent."""

    knowledge: Callable[[], OpenAIKnowledge]
    newest: Callable[[str], Awaitable[str]]

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> FoundryConversation:
        """``POST /conversations``, once; or ``GET /conversations/{id}``."""
        knowledge = self.knowledge()
        # Without a version, the agent's endpoint may choose an older one (``version_selector``).
        agent: Object = {"name": assistant_id, "version": await self.newest(assistant_id)}
        if thread_id is not None:
            await knowledge.wire.get(path_of(_CONVERSATIONS, thread_id))
            return FoundryConversation(knowledge.wire, knowledge, agent, thread_id, is_ours=False)
        made = as_object(await knowledge.wire.post(_CONVERSATIONS, {}, repeatable=False)).get("id")
        if not isinstance(made, str):
            raise PlatformError("the platform's answer is not a conversation", "Is the base_url right?")
        return FoundryConversation(knowledge.wire, knowledge, agent, made, is_ours=True)


@dataclass(slots=True)
class FoundryConversation:
    """One conversation with an agent in one version. ``is_ours``: it was made here, and goes with it."""

    _wire: OpenAIWire
    _knowledge: OpenAIKnowledge
    _agent: Object
    id: str
    is_ours: bool
    _response_id: str | None = None
    _uploads: list[str] = field(default_factory=list)

    async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
        """``POST /responses`` with a message, whose files were uploaded for it."""
        files: list[Json] = [
            {"type": "input_file", "file_id": await self._uploaded(attachment)} for attachment in attachments
        ]
        content: list[Json] = [*files, {"type": "input_text", "text": text}]
        async for event in self._responded([{"type": "message", "role": "user", "content": content}]):
            yield event

    async def answer(self, outputs: Mapping[str, str]) -> AsyncIterator[Event]:
        """``POST /responses`` with an output for each call."""
        results: list[Json] = [
            {"type": "function_call_output", "call_id": call, "output": output} for call, output in outputs.items()
        ]
        async for event in self._responded(results):
            yield event

    async def read_file(self, file_id: str) -> bytes:
        """``GET /containers/{id}/files/{id}/content`` for what was made in a container, else as an upload."""
        container, slash, name = file_id.partition("/")
        if slash:
            path = path_of("/containers", container, "files", name, "content")
        else:
            path = path_of("/files", file_id, "content")
        return await self._wire.get_content(path)

    async def cancel(self) -> None:
        """``POST /responses/{id}/cancel``; one that ends with its stream is over by then."""
        if self._response_id is None:
            return
        try:
            await self._wire.post(path_of(_RESPONSES, self._response_id, "cancel"), {}, repeatable=True)
        except PlatformError as error:
            if error.status not in _NOT_TO_BE_CANCELLED:
                raise
        self._response_id = None

    async def close(self, *, keep: bool = False) -> None:
        """``DELETE /conversations/{id}``, and of what was uploaded for its messages."""
        if keep:
            return
        with each_tried() as attempt:
            if self.is_ours:
                await attempt(self._wire.remove(path_of(_CONVERSATIONS, self.id), self.id))
            for file_id in [*self._uploads]:
                if await attempt(self._knowledge.delete_file(file_id)):
                    self._uploads.remove(file_id)

    async def _uploaded(self, file: MessageFile) -> str:
        uploaded = await self._knowledge.upload(file.source, lambda _: None)
        self._uploads.append(uploaded.id)
        return uploaded.id

    async def _responded(self, inputs: Sequence[Json]) -> AsyncIterator[Event]:
        body: Object = {
            "agent_reference": {"type": "agent_reference", **self._agent},
            "conversation": self.id,
            "input": [*inputs],
            "stream": True,
        }
        reading = ResponseEvents()
        async with self._wire.events(_RESPONSES, body) as events:
            async for name, data in events:
                for event in reading.read(name, data):
                    yield event
                self._response_id = None if reading.ended else reading.response_id
                if reading.ended:
                    return
        yield Finished(RunStatus.FAILED, None, "the stream of events ended before the response did")
