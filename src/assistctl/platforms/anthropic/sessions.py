"""Conversations over sessions of Anthropic's managed agents.

https://platform.claude.com/docs/en/managed-agents/sessions; shapes are those of
``anthropic/types/beta/session_create_params.py`` and ``sessions/``. A session runs in an environment: the one that
the assistant's manifest names, else the target's ``options.environment_id``, else one that is made for it and goes
with it. It mounts the agent's files.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.conversation import Event, Finished, MessageFile, ProducedFile, RunStatus, Surroundings
from assistctl.platforms.anthropic import files
from assistctl.platforms.anthropic.session_events import SessionEvents
from assistctl.platforms.anthropic.wire import AnthropicWire
from assistctl.platforms.each_tried import each_tried
from assistctl.platforms.http.pager import all_items_by_token
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.inline_file import inlined
from assistctl.platforms.translation import Object, as_object

_SESSIONS, _ENVIRONMENTS = "/v1/sessions", "/v1/environments"
_ENVIRONMENT: Object = {"name": "assistctl conversation", "config": {"type": "cloud"}}


@dataclass(frozen=True, slots=True)
class AnthropicSessions:
    """The sessions of one server, which run in the environment ``environment_id`` if there is one.

    ``files_of`` gives the files that an agent's sessions mount, and ``resources`` are what they are started with
    beside those, as ``BetaManagedAgentsFileResourceParams`` and ``BetaManagedAgentsMemoryStoreResourceParam`` have
    it.
    """

    wire: AnthropicWire
    files_of: Callable[[str], Awaitable[Sequence[Json]]]
    environment_id: str | None = None
    resources: tuple[Object, ...] = ()

    def within(self, surroundings: Surroundings) -> AnthropicSessions:
        """The same in a declared environment, and with declared memory stores."""
        stores = surroundings.memory_stores.items()
        return replace(
            self,
            environment_id=surroundings.environment_id or self.environment_id,
            resources=tuple(
                {"type": "memory_store", "memory_store_id": store_id, **settings} for store_id, settings in stores
            ),
        )

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> SessionConversation:
        """``POST /v1/sessions``, once; or ``GET /v1/sessions/{id}``."""
        if thread_id is not None:
            await self.wire.get(path_of(_SESSIONS, thread_id))
            return SessionConversation(self.wire, thread_id, is_ours=False)
        resources = [*await self.files_of(assistant_id), *self.resources]
        made: str | None = None
        if self.environment_id is None:
            made = _id(await self.wire.post(_ENVIRONMENTS, _ENVIRONMENT, repeatable=False))
        body: Object = {"agent": assistant_id, "environment_id": made or self.environment_id}
        if resources:
            body["resources"] = resources
        try:
            session_id = _id(await self.wire.post(_SESSIONS, body, repeatable=False))
        except PlatformError:
            if made is not None:
                await self.wire.delete(path_of(_ENVIRONMENTS, made))
            raise
        return SessionConversation(self.wire, session_id, is_ours=True, _environment=made)


@dataclass(slots=True)
class SessionConversation:
    """One session. ``is_ours``: it was made for this conversation, and goes with it."""

    _wire: AnthropicWire
    id: str
    is_ours: bool
    _environment: str | None = None
    _runs: bool = False
    _made: set[str] = field(default_factory=set)

    async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
        """``POST /v1/sessions/{id}/events`` with a message, in which files are documents."""
        content: list[Json] = [*map(_document, attachments), {"type": "text", "text": text}]
        async for event in self._sent([{"type": "user.message", "content": content}]):
            yield event

    async def answer(self, outputs: Mapping[str, str]) -> AsyncIterator[Event]:
        """``POST /v1/sessions/{id}/events`` with a result for each call."""
        results: list[Json] = [
            {
                "type": "user.custom_tool_result",
                "custom_tool_use_id": call,
                "content": [{"type": "text", "text": output}],
            }
            for call, output in outputs.items()
        ]
        async for event in self._sent(results, answered=frozenset(outputs)):
            yield event

    async def read_file(self, file_id: str) -> bytes:
        """``GET /v1/files/{id}/content``."""
        return await self._wire.get_content(path_of(files.PATH, file_id, "content"))

    async def cancel(self) -> None:
        """``POST /v1/sessions/{id}/events`` that interrupts the agent."""
        if self._runs:
            await self._wire.post(self._events, {"events": [{"type": "user.interrupt"}]}, repeatable=True)
            self._runs = False

    async def close(self, *, keep: bool = False) -> None:
        """``DELETE /v1/sessions/{id}``, and of its environment."""
        if keep or not self.is_ours:
            return
        with each_tried() as attempt:
            await attempt(self._wire.remove(path_of(_SESSIONS, self.id)))
            if self._environment is not None:
                await attempt(self._wire.remove(path_of(_ENVIRONMENTS, self._environment)))

    @property
    def _events(self) -> str:
        return path_of(_SESSIONS, self.id, "events")

    async def _sent(self, inputs: Sequence[Json], answered: frozenset[str] = frozenset()) -> AsyncIterator[Event]:
        """The answers to ``inputs``, from before they are sent until the session is idle."""
        reading = SessionEvents(answered)
        stream = self._wire.events(f"{self._events}/stream", params={"event_deltas": ["agent.message"]})
        async with stream as events:
            self._runs = True
            await self._wire.post(self._events, {"events": [*inputs]}, repeatable=False)
            async for name, data in events:
                for event in reading.read(name, data):
                    if isinstance(event, Finished):
                        self._runs = event.status is RunStatus.REQUIRES_ACTION
                        for file in await self._produced(reading):
                            yield file
                    yield event
                if reading.ended:
                    return
        yield Finished(RunStatus.FAILED, None, "the stream of events ended before the answer did")

    async def _produced(self, reading: SessionEvents) -> list[ProducedFile]:
        """``GET /v1/files``: what is new in the session, if it used a tool that can make files."""
        if not reading.used_tools:
            return []

        async def page(token: str | None) -> Json:
            params = {"scope_id": self.id, "limit": files.PAGE_SIZE, **({} if token is None else {"page": token})}
            return await self._wire.get(files.PATH, params)

        found = await all_items_by_token(page, listing=self._wire.listing(files.PATH))
        new = [file for file in found if str(file.get("id")) not in self._made]
        self._made |= {str(file.get("id")) for file in new}
        return [
            ProducedFile(str(file.get("id")), str(file.get("filename") or ""), str(file.get("mime_type") or ""))
            for file in new
            if file.get("downloadable") is not False
        ]


def _document(file: MessageFile) -> Json:
    """A file inside of the message: PDF as it is, anything else as text. Raises as ``inlined`` does."""
    inside = inlined(file)
    kind, media_type = ("base64", "application/pdf") if inside.is_pdf else ("text", "text/plain")
    document: Object = {"type": kind, "media_type": media_type, "data": inside.content}
    return {"type": "document", "source": document, "title": inside.name}


def _id(answer: Json) -> str:
    made = as_object(answer).get("id")
    if not isinstance(made, str):
        raise PlatformError(
            "the platform's answer is neither a session nor an environment", "Is the base_url right?"
        )
    return made
