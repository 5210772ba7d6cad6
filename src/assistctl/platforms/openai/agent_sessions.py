"""Conversations over sessions of the Agents API.

https://developers.openai.com/api/reference/resources/beta/subresources/agents/subresources/sessions; shapes are
those of ``openai/types/beta/agents/session_create_params.py`` and ``agent_session_event.py``. What the agent is to
have of an environment is bound when the session begins, which its first message does.
"""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.conversation import Event, Finished, MessageFile, ProducedFile, RunStatus, Surroundings
from assistctl.platforms.each_tried import each_tried
from assistctl.platforms.http.pager import listed
from assistctl.platforms.http.sdk_wire import NamedEvent
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.agent_uploads import AgentUploads
from assistctl.platforms.openai.environment_template import WORKSPACE, Template
from assistctl.platforms.openai.environments import Bound
from assistctl.platforms.openai.session_events import SessionEvents
from assistctl.platforms.openai.wire import OpenAIWire
from assistctl.platforms.translation import Object

_SESSIONS = "/agents/sessions"
_NO_NETWORK: Object = {"access": "disabled"}


@dataclass(frozen=True, slots=True)
class AgentSessions:
    """The sessions of one server.

    ``bound_of`` says what environment comes with an agent's files, ``environment_id`` is that of the declared one
    that its manifest names, and ``template_of`` gives a template by its id.
    """

    wire: OpenAIWire
    uploads: AgentUploads
    bound_of: Callable[[str], Awaitable[Bound]]
    template_of: Callable[[str], Awaitable[Template | None]]
    environment_id: str | None = None

    def within(self, surroundings: Surroundings) -> AgentSessions:
        """The same in a declared environment."""
        return replace(self, environment_id=surroundings.environment_id)

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> SessionConversation:
        """A session that begins with its first message; or ``GET /agents/sessions/{id}``."""
        if thread_id is not None:
            await self.wire.get(path_of(_SESSIONS, thread_id))
            return SessionConversation(self.wire, self.uploads, assistant_id, Bound(), thread_id, is_ours=False)
        bound = await self.bound_of(assistant_id)
        declared = None
        if self.environment_id is not None:
            declared = await self.template_of(self.environment_id)
            if declared is None:
                raise PlatformError(f"there is no environment {self.environment_id} any more", "Ask once more.")
        return SessionConversation(
            self.wire, self.uploads, assistant_id, bound, "", is_ours=True, _declared=declared
        )


@dataclass(slots=True)
class SessionConversation:
    """One session. ``id`` is empty until the first message; ``is_ours``: it was made for this conversation."""

    _wire: OpenAIWire
    _uploads: AgentUploads
    _agent_id: str
    _bound: Bound
    id: str
    is_ours: bool
    _declared: Template | None = None
    _runs: bool = False
    _is_hosted: bool = True
    _turns_of_calls: dict[str, str] = field(default_factory=dict)
    _uploaded: list[str] = field(default_factory=list)

    async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
        """``POST /agents/sessions`` with the first message, ``POST /agents/sessions/{id}/events`` with others."""
        if self.id:
            if attachments:
                raise PlatformError(
                    "files go with the first message of a session there", "Begin a new conversation with them."
                )
            message: Json = {"role": "user", "content": [{"type": "input_text", "text": text}]}
            events = self._sent([{"type": "agent.session.input.message", "input": [message]}])
        else:
            events = self._begun(text, await self._environment(attachments))
        async for event in events:
            yield event

    async def answer(self, outputs: Mapping[str, str]) -> AsyncIterator[Event]:
        """``POST /agents/sessions/{id}/events`` with a result for each call."""
        results: list[Json] = [
            {
                "type": "agent.session.input.tool_result",
                "call_id": call,
                "turn_id": self._turns_of_calls.get(call, ""),
                "success": True,
                "output": output,
            }
            for call, output in outputs.items()
        ]
        async for event in self._sent(results, answered=frozenset(outputs)):
            yield event

    async def read_file(self, file_id: str) -> bytes:
        """``GET /agents/sessions/{id}/artifacts/{id}/content``."""
        return await self._wire.get_content(path_of(_SESSIONS, self.id, "artifacts", file_id, "content"))

    async def cancel(self) -> None:
        """``POST /agents/sessions/{id}/events`` that cancels the turn."""
        if self.id and self._runs:
            await self._wire.post(
                self._events, {"events": [{"type": "agent.session.input.cancel"}]}, repeatable=True
            )
            self._runs = False

    async def close(self, *, keep: bool = False) -> None:
        """``DELETE /agents/sessions/{id}``, and of what was uploaded for it."""
        if keep:
            return
        with each_tried() as attempt:
            if self.id and self.is_ours:
                await attempt(self._wire.remove(path_of(_SESSIONS, self.id), self.id))
            for file_id in [*self._uploaded]:
                if await attempt(self._uploads.delete_file(file_id)):
                    self._uploaded.remove(file_id)

    @property
    def _events(self) -> str:
        return path_of(_SESSIONS, self.id, "events")

    async def _environment(self, attachments: Sequence[MessageFile]) -> Json:
        """The session's environment: a template, and the message's files beside it."""
        link = self._bound.link
        templates = [template for template in (self._declared, self._bound.template) if template]
        if not link and self._declared is None and not any(file.tool for file in attachments):
            if attachments:
                raise PlatformError(
                    "the assistant reads no files: it has no code_interpreter", "Declare it under `tools`."
                )
            return {"type": "none"}
        hosted: Object = {"type": "openai_hosted"}
        template_id = self._declared.id if self._declared else link.template_id
        if template_id:
            hosted["environment_template_id"] = template_id
        else:
            hosted["network"] = dict(_NO_NETWORK)
        if attachments or len(templates) > 1:
            # What is said here takes the place of the template's.
            _refuse_unseen_files(self._declared)
            placed = [_placed(file_id, path) for template in templates for path, file_id in template.files]
            hosted["files"] = [*placed, *[await self._attached(file) for file in attachments]]
        return hosted

    async def _attached(self, file: MessageFile) -> Json:
        return _placed(await self._upload(file), f"{WORKSPACE}/{file.source.identity.name}")

    async def _upload(self, file: MessageFile) -> str:
        uploaded = await self._uploads.upload(file.source, lambda _: None)
        self._uploaded.append(uploaded.id)
        return uploaded.id

    async def _begun(self, text: str, environment: Json) -> AsyncIterator[Event]:
        body: Object = {"agent_id": self._agent_id, "environment": environment, "input": text, "stream": True}
        async with self._wire.events(_SESSIONS, body) as events:
            async for event in self._read(events, SessionEvents()):
                yield event

    async def _sent(self, inputs: Sequence[Json], answered: frozenset[str] = frozenset()) -> AsyncIterator[Event]:
        """The answers to ``inputs``, from before they are sent."""
        async with self._wire.events(self._events) as events:
            self._runs = True
            await self._wire.post(self._events, {"events": [*inputs]}, repeatable=False)
            async for event in self._read(events, SessionEvents(answered, is_hosted=self._is_hosted)):
                yield event

    async def _read(self, events: AsyncIterator[NamedEvent], reading: SessionEvents) -> AsyncIterator[Event]:
        """Up to the end of the turn: the stream itself goes on."""
        self._runs = True
        async for name, data in events:
            produced = [*reading.read(name, data)]
            self.id = self.id or reading.session_id
            self._is_hosted = reading.is_hosted
            self._turns_of_calls |= reading.turns_of_calls
            for event in produced:
                if isinstance(event, Finished):
                    self._runs = event.status is RunStatus.REQUIRES_ACTION
                    for file in await self._made(reading):
                        yield file
                yield event
            if reading.ended:
                return
        yield Finished(RunStatus.FAILED, None, "the stream of events ended before the turn did")

    async def _made(self, reading: SessionEvents) -> list[ProducedFile]:
        """``GET /agents/sessions/{id}/artifacts``: what the turn published, if it had where to."""
        if not reading.is_completed or not reading.is_hosted:
            return []
        path = path_of(_SESSIONS, self.id, "artifacts")
        items = await listed(self._wire.get, path, listing=self._wire.listing(path))
        made = [item for item in items if item.get("turn_id") == reading.turn_id]
        return [_produced(str(artifact.get("id")), str(artifact.get("path"))) for artifact in made]


def _refuse_unseen_files(template: Template | None) -> None:
    """Raise ``PlatformError`` where files beside those of ``template`` would take the place of some of them."""
    if template is not None and template.settings.get("files"):
        raise PlatformError(
            "files cannot be attached: the environment has its own, and the platform never returns their contents",
            "Ask without files, or name an environment whose files are uploads.",
        )


def _placed(file_id: str, path: str) -> Json:
    return {"type": "file_id", "file_id": file_id, "path": path}


def _produced(artifact_id: str, path: str) -> ProducedFile:
    name = path.rpartition("/")[2] or artifact_id
    return ProducedFile(artifact_id, name, mimetypes.guess_type(name)[0] or "")
