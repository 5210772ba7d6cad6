"""Talking with a deployed assistant. Changes nothing of what is deployed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistctl.conversing.dialogue import BrokenOffError, Dialogue, nobody_hears, started
from assistctl.conversing.function_answers import FunctionAnswers, NoAnswerError
from assistctl.conversing.prices import cost_of, price_of
from assistctl.conversing.wording import quoted
from assistctl.errors import PlatformError
from assistctl.model.answer_report import AnswerReport, SavedFile
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Level
from assistctl.model.check_report import Exchange
from assistctl.model.checks import FunctionAnswer
from assistctl.model.conversation import Citation, Event, Finished, MessageFile, ProducedFile, RunStatus, Usage
from assistctl.operations.ask_files import file_to_attach, save
from assistctl.operations.deployed_assistant import (
    deployed_assistant,
    environment_of_commands,
    no_conversations,
    require_functions,
)
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.surroundings import with_surroundings
from assistctl.platforms.conversation import Conversation, Converses, SupportsSurroundings, conversations_of
from assistctl.platforms.registry import capabilities_of

_STOPPING_SECONDS = 10.0


async def nothing_on_the_command_line(name: str, arguments: str) -> str:
    """Raise ``NoAnswerError`` with the call: nobody is there to answer a function."""
    raise NoAnswerError(
        f"nothing answers the function {name}, called with {quoted(arguments)}: "
        f"--tool {name}=COMMAND has a program answer it"
    )


@dataclass(frozen=True, slots=True)
class TalkSettings:
    """The settings of a talk. ``thread_id`` continues a conversation; a new one stays if it is to be ``kept``.

    Functions are answered by ``tools``, whose programs run in ``directory``, else by ``otherwise``. ``heard`` is
    called with each event as it comes. Files that the assistant makes are written into ``save_to``.
    """

    thread_id: str | None = None
    kept: bool = True
    tools: Mapping[str, FunctionAnswer] = field(default_factory=dict)
    directory: Path = Path()
    otherwise: Callable[[str, str], Awaitable[str]] = nothing_on_the_command_line
    heard: Callable[[Event], None] = nobody_hears
    save_to: Path | None = None


@asynccontextmanager
async def open_talk(deployment: Deployment, key: str, settings: TalkSettings) -> AsyncIterator[Talk]:
    """A talk with the assistant ``key``; the conversation begins with its first message.

    Raises ``ProjectError`` for a key that is not deployed, an answer to a function that the assistant does not
    have and a platform without conversations, and ``PlatformError`` when the platform cannot say what is deployed.
    """
    if capabilities_of(deployment.target.platform).converses.level is Level.UNSUPPORTED:
        raise no_conversations(deployment, "ask")
    async with deployment.open() as platform:
        converses = conversations_of(platform)
        if converses is None:
            raise no_conversations(deployment, "ask")
        listings = Listings(platform, deployment)
        assistant = await deployed_assistant(deployment, listings, key)
        require_functions(assistant, key, settings.tools)
        if isinstance(converses, SupportsSurroundings):
            declared = [desired for desired in deployment.keys_only().desired if desired.key == key]
            converses = with_surroundings(converses, deployment, listings, declared)
        talk = Talk(deployment, key, settings, converses, assistant)
        try:
            yield talk
        finally:
            await talk.close()


@dataclass(slots=True)
class Talk:
    """A conversation with one deployed assistant, message by message."""

    deployment: Deployment
    key: str
    settings: TalkSettings
    converses: Converses
    assistant: Observed
    _conversation: Conversation | None = None
    _citations: list[Citation] = field(default_factory=list)
    _made: dict[str, ProducedFile] = field(default_factory=dict)
    _status: RunStatus | None = None
    _timer: asyncio.Timeout | None = None

    @property
    def thread_id(self) -> str | None:
        """The platform's id of the conversation; ``None`` before it has begun."""
        return self._conversation.id if self._conversation else self.settings.thread_id

    def attached(self, path: Path, tool: str | None) -> MessageFile:
        """A file to go with a message. Raises ``ProjectError`` as ``file_to_attach`` does."""
        tools = self.assistant.fields.get("tools")
        kinds = (
            [str(tool.get("type")) for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
        )
        return file_to_attach(path, tool, kinds)

    async def ask(self, text: str, attachments: Sequence[MessageFile] = ()) -> AnswerReport:
        """The answer to ``text``; the report tells what went wrong with it.

        Raises ``PlatformError`` when the conversation cannot begin. Cancelled, it cancels the run.
        """
        self._citations.clear()
        self._made.clear()
        self._status = None
        conversation = await self._started()
        try:
            exchange, error = await self._exchange(conversation, text, attachments)
        except asyncio.CancelledError:
            await self._stop(conversation)
            raise
        if error is not None:
            await self._stop(conversation)
        files = [await self._saved(conversation, file) for file in self._made.values()]
        failures = [failure for _, failure in files if failure]
        return self._report(exchange, [file for file, _ in files], error or "; ".join(failures) or None)

    async def close(self) -> None:
        """End it: what was begun here goes unless it is to be kept; that it stays all the same is no matter."""
        if self._conversation is not None and not self.settings.kept:
            with contextlib.suppress(PlatformError, TimeoutError):
                async with asyncio.timeout(_STOPPING_SECONDS):
                    await self._conversation.close()

    async def _started(self) -> Conversation:
        if self._conversation is None:
            thread_id = self.settings.thread_id
            self._conversation = await started(self.converses, self.assistant.id, thread_id=thread_id)
        return self._conversation

    async def _exchange(
        self, conversation: Conversation, text: str, attachments: Sequence[MessageFile]
    ) -> tuple[Exchange, str | None]:
        """The exchange as far as it came, and why it is not whole."""
        seconds = self.deployment.throttle_timeout
        settings = self.settings
        environment = environment_of_commands(self.deployment)
        functions = FunctionAnswers(settings.tools, settings.directory, environment, self._otherwise)
        dialogue = Dialogue(conversation, functions, time.monotonic, self._cost, self._hear)
        try:
            async with asyncio.timeout(seconds) as self._timer:
                return await dialogue.ask(text, attachments), None
        except BrokenOffError as error:
            return error.exchange, str(error)
        except TimeoutError:
            late = f"no whole answer came within {seconds:g} s; --timeout allows more"
            return dialogue.so_far(), late

    async def _otherwise(self, name: str, arguments: str) -> str:
        """Somebody who answers a function need not hurry."""
        timer, clock = self._timer, asyncio.get_running_loop().time
        due = timer.when() if timer else None
        left = None if due is None else due - clock()
        if timer is not None:
            timer.reschedule(None)
        output = await self.settings.otherwise(name, arguments)
        if timer is not None and left is not None:
            timer.reschedule(clock() + left)
        return output

    def _hear(self, event: Event) -> None:
        match event:
            case Citation():
                self._citations.append(event)
            case ProducedFile(file_id):
                self._made[file_id] = event
            case Finished(status):
                self._status = status
        self.settings.heard(event)

    def _cost(self, usage: Usage) -> float | None:
        model = self.assistant.fields.get("model")
        price = price_of(model, self.deployment.project.checks.prices) if isinstance(model, str) else None
        return cost_of(usage, price) if price else None

    async def _stop(self, conversation: Conversation) -> None:
        """Cancel the run that may be under way; what that comes to changes nothing."""
        with contextlib.suppress(PlatformError, TimeoutError):
            async with asyncio.timeout(_STOPPING_SECONDS):
                await conversation.cancel()

    async def _saved(self, conversation: Conversation, file: ProducedFile) -> tuple[SavedFile, str | None]:
        """The place of a file that the assistant made, and the reason if it could not be written."""
        folder = self.settings.save_to
        if folder is None:
            return SavedFile(file), None
        try:
            content = await conversation.read_file(file.id)
            return SavedFile(file, str(save(folder, file.name, content, file.id))), None
        except PlatformError as error:
            return SavedFile(file), f"{file.name} could not be fetched: {error.summary}"
        except OSError as error:
            return SavedFile(file), f"{file.name} could not be written: {error.strerror or error}"

    def _report(self, exchange: Exchange, files: Sequence[SavedFile], error: str | None) -> AnswerReport:
        target = self.deployment.target
        return AnswerReport(
            self.deployment.owner,
            target.name,
            target.platform,
            self.key,
            self.assistant.id,
            self.thread_id,
            replace(exchange, files=tuple(file.file.name for file in files)),
            tuple(self._citations),
            tuple(files),
            self._status,
            error,
        )
