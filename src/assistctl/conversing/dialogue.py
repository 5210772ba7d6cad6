"""One question to an assistant: its events are gathered, its functions answered, until it has finished."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.conversing.function_answers import FunctionAnswers, FunctionFailedError, NoAnswerError
from assistctl.errors import PlatformError
from assistctl.model.check_report import AnsweredCall, CitedFile, Exchange
from assistctl.model.conversation import (
    Citation,
    Event,
    Finished,
    FunctionCall,
    MessageFile,
    ProducedFile,
    RunStatus,
    TextDelta,
    Usage,
)
from assistctl.platforms.conversation import Conversation, Converses

MOST_ROUNDS = 32
"""How often in a row an answer may call functions before it is taken for endless."""
CLOSING_SECONDS = 10.0
"""How long the end of a conversation may take when nothing depends on it, in seconds."""


class BrokenOffError(Exception):
    """An answer that did not come to its end: why, in a sentence, and ``exchange``, as far as it came.

    ``status`` is the run's, where it came to any. ``unanswered``: the assistant came to no answer; else the
    platform could not be asked.
    """

    def __init__(
        self, reason: str, exchange: Exchange, status: RunStatus | None = None, *, unanswered: bool = True
    ) -> None:
        super().__init__(reason)
        self.exchange = exchange
        self.status = status
        self.unanswered = unanswered


class UnansweredCallError(BrokenOffError):
    """It stopped at a function that nothing answers."""


@dataclass(slots=True)
class _Gathered:
    """The parts of an answer received so far."""

    text: str = ""
    calls: dict[str, AnsweredCall] = field(default_factory=dict)
    open: list[FunctionCall] = field(default_factory=list)
    citations: dict[CitedFile, None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    usage: Usage | None = None
    end: Finished | None = None

    def take(self, event: Event) -> None:
        match event:
            case TextDelta(text):
                self.text += text
            case FunctionCall(call_id, name, arguments):
                self.open.append(event)
                self.calls[call_id] = AnsweredCall(name, arguments)
            case Citation(_, file_id, file_name):
                self.citations[CitedFile(file_name, file_id)] = None
            case ProducedFile(_, name, _):
                self.files.append(name)
            case Finished(_, usage, _):
                self.end = event
                if usage is not None:
                    self.usage = usage if self.usage is None else self.usage + usage


def nobody_hears(_: Event) -> None:
    """Ignore events, for callers that do not follow them."""


@dataclass(slots=True)
class Dialogue:
    """A conversation whose functions are answered by ``functions``. ``clock`` tells seconds.

    ``heard`` is called with each event as it comes.
    """

    conversation: Conversation
    functions: FunctionAnswers
    clock: Callable[[], float]
    cost: Callable[[Usage], float | None]
    heard: Callable[[Event], None] = nobody_hears
    _text: str = ""
    _begin: float = 0.0
    _gathered: _Gathered = field(default_factory=_Gathered)

    async def ask(self, text: str, attachments: Sequence[MessageFile] = ()) -> Exchange:
        """The question ``text``, and the whole answer. Raises ``BrokenOffError``."""
        self._text, self._begin = text, self.clock()
        gathered = self._gathered = _Gathered()
        try:
            await self._gather(gathered, self.conversation.say(text, attachments))
            for _ in range(MOST_ROUNDS):
                if gathered.end is None or gathered.end.status is not RunStatus.REQUIRES_ACTION:
                    break
                await self._gather(gathered, self.conversation.answer(await self._outputs(gathered)))
        except FunctionFailedError as error:
            with contextlib.suppress(PlatformError):
                await self.conversation.cancel()
            kind = UnansweredCallError if isinstance(error, NoAnswerError) else BrokenOffError
            raise kind(str(error), self.so_far()) from error
        except PlatformError as error:
            reason = f"{error.summary}. {error.hint}".removesuffix(". ")
            raise BrokenOffError(reason, self.so_far(), unanswered=False) from error
        reason = _reason_not_to_trust(gathered.end)
        if reason:
            raise BrokenOffError(reason, self.so_far(), gathered.end.status if gathered.end else None)
        return self.so_far()

    def so_far(self) -> Exchange:
        """The last question and its answer, as far as it has come: also when ``ask`` was cancelled."""
        gathered = self._gathered
        return Exchange(
            self._text,
            gathered.text,
            tuple(gathered.calls.values()),
            tuple(gathered.citations),
            tuple(gathered.files),
            self.clock() - self._begin,
            gathered.usage,
            self.cost(gathered.usage) if gathered.usage else None,
        )

    async def _gather(self, gathered: _Gathered, events: AsyncIterator[Event]) -> None:
        gathered.end = None
        gathered.open.clear()
        async for event in events:
            gathered.take(event)
            self.heard(event)

    async def _outputs(self, gathered: _Gathered) -> Mapping[str, str]:
        """The answers of the called functions, by the ids of the calls."""
        if not gathered.open:
            raise FunctionFailedError("the platform waits for an answer of a function, and named none")
        outputs: dict[str, str] = {}
        while gathered.open:
            call = gathered.open[0]
            outputs[call.id] = await self.functions.to(call.name, call.arguments)
            gathered.calls[call.id] = AnsweredCall(call.name, call.arguments, outputs[call.id])
            gathered.open.pop(0)
        return outputs


async def started(converses: Converses, assistant_id: str, *, thread_id: str | None = None) -> Conversation:
    """A new conversation, or the one of ``thread_id``. Raises ``PlatformError``.

    Whoever cancels this waits until a conversation that is being made is there, and ended again.
    """
    starting = asyncio.ensure_future(converses.start(assistant_id, thread_id=thread_id))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(PlatformError, TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                conversation = await starting
                await conversation.close()
        raise


def _reason_not_to_trust(end: Finished | None) -> str:
    """The reason why this is not a whole answer; empty when it is one."""
    if end is None:
        return "the answer broke off: the platform did not say that it was finished"
    if end.status is RunStatus.COMPLETED:
        return ""
    if end.status is RunStatus.REQUIRES_ACTION:
        return f"it called functions {MOST_ROUNDS} times in a row and never finished"
    return f"the run ended as {end.status}: {end.error or 'the platform does not say why'}"
