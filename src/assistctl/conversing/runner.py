"""Checks, held side by side: each in a conversation of its own, and each as often as it says."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assistctl.conversing.assertions import CannotJudgeError, Finding, judge_by_rule, outcome_of
from assistctl.conversing.dialogue import CLOSING_SECONDS, BrokenOffError, Dialogue, UnansweredCallError, started
from assistctl.conversing.function_answers import FunctionAnswers
from assistctl.conversing.needed_settings import RUBRIC, lack
from assistctl.conversing.prices import cost_of, price_of
from assistctl.errors import PlatformError
from assistctl.model.check_report import AssertionOutcome, Attempt, CheckOutcome, Exchange
from assistctl.model.checks import Assertion, Check, Turn
from assistctl.model.conversation import MessageFile, Usage
from assistctl.model.money import dollars
from assistctl.platforms.conversation import Conversation, Converses

_HEAD_START_SECONDS = 0.05
"""How long a conversation that has ended is left as it is, so that the next question goes out first."""

# Patterns may take a second, which the other conversations do not wait for.
_SLOW = frozenset({"regex", "is-json"})


class Judge(Protocol):
    """A model that judges answers."""

    @property
    def model(self) -> str:
        """Its name."""

    async def finding(self, assertion: Assertion, exchange: Exchange) -> tuple[Finding, Usage | None]:
        """The judge's verdict, and the tokens it took. Raises ``CannotJudgeError``."""


@dataclass(frozen=True, slots=True)
class CheckedAssistant:
    """An assistant and its checks. ``id`` is ``None`` where nothing is deployed, ``error`` says so.

    ``files`` are those that go with the first question, by the index of the check.
    """

    key: str
    id: str | None
    model: str | None
    checks: Sequence[Check]
    files: Mapping[int, Sequence[MessageFile]] = field(default_factory=dict)
    error: str | None = None


def nobody_looks(_: CheckOutcome) -> None:
    """Ignore checks that end, for callers that do not follow them."""


@dataclass(frozen=True, slots=True)
class CheckSetup:
    """The settings that checks are run with.

    ``parallel`` conversations at a time; ``seconds`` is how long one answer may take. ``prices`` and ``max_cost``
    as in the project's settings. Programs that answer functions run in ``directory``. ``ended`` is called with
    each check that ended. ``clock`` tells seconds.
    """

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    parallel: int = 8
    seconds: float = 600.0
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    max_cost: float | None = None
    judge: Judge | None = None
    ended: Callable[[CheckOutcome], None] = nobody_looks
    clock: Callable[[], float] = time.monotonic

    def price(self, model: str | None) -> tuple[float, float] | None:
        """The prices of a million input tokens and a million output tokens of ``model``."""
        return price_of(model, self.prices) if model else None


async def run_checks(
    converses: Converses, assistants: Sequence[CheckedAssistant], setup: CheckSetup
) -> tuple[CheckOutcome, ...]:
    """The outcomes of all checks of ``assistants``, in their order."""
    run = _Run(converses, setup, asyncio.Semaphore(setup.parallel), asyncio.Semaphore(2 * setup.parallel))
    checks = [run.check(assistant, check) for assistant in assistants for check in assistant.checks]
    return tuple(await asyncio.gather(*checks))


@dataclass(slots=True)
class _Run:
    """Checks under way. What waits for its slot is ``open`` already, so that no slot waits for it."""

    converses: Converses
    setup: CheckSetup
    slots: asyncio.Semaphore
    open: asyncio.Semaphore
    spent: float = 0.0
    to_ask: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def check(self, assistant: CheckedAssistant, check: Check) -> CheckOutcome:
        error = _not_to_be_asked(assistant, check, self.setup)
        attempts: list[Attempt] = []
        if error is None:
            holding = _Holding(self, assistant, check)
            attempts = await asyncio.gather(*(holding.attempt() for _ in range(check.repeat)))
        costs = [
            exchange.cost for attempt in attempts for exchange in attempt.exchanges if exchange.cost is not None
        ]
        outcome = CheckOutcome(
            assistant.key,
            check.index,
            check.turns[0].ask,
            check.repeat,
            check.at_least,
            tuple(attempts),
            error,
            sum(costs) if costs else None,
        )
        self.setup.ended(outcome)
        return outcome

    def spend(self, cost: float | None) -> None:
        self.spent += cost or 0.0

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One of the conversations at a time that ask, as soon as it is its turn."""
        self.to_ask += 1
        self.idle.clear()
        try:
            async with self.slots:
                yield
        finally:
            self.to_ask -= 1
            if not self.to_ask:
                self.idle.set()

    async def give_way(self) -> None:
        """Wait until the question that follows is on its way; for nothing once none is left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEAD_START_SECONDS):
                await self.idle.wait()

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is to be asked."""
        return self.setup.max_cost is not None and self.spent >= self.setup.max_cost


@dataclass(slots=True)
class _Holding:
    """One check that is held."""

    run: _Run
    assistant: CheckedAssistant
    check: Check

    async def attempt(self) -> Attempt:
        """Hold it once, as soon as it is its turn."""
        async with self.run.open:
            if self.run.is_spent:
                return self._not_asked()
            try:
                conversation = await started(self.run.converses, self.assistant.id or "")
            except PlatformError as error:
                return Attempt(error=f"{error.summary}. {error.hint}".removesuffix(". "))
            is_over = False
            try:
                async with self.run.slot():
                    attempt = await self._asked_now(conversation)
                is_over = not attempt.exchanges or attempt.error is None
                await self.run.give_way()
            finally:
                await _leave(conversation, is_over=is_over)
            return attempt

    async def _asked_now(self, conversation: Conversation) -> Attempt:
        """Hold it, unless what others cost meanwhile leaves nothing."""
        return self._not_asked() if self.run.is_spent else await self._held(conversation)

    def _not_asked(self) -> Attempt:
        return Attempt(
            error=f"not asked: the run cost {dollars(self.run.spent)}, and checks.max_cost allows no more"
        )

    async def _held(self, conversation: Conversation) -> Attempt:
        setup = self.run.setup
        functions = FunctionAnswers(self.check.tools, setup.directory, setup.environment)
        dialogue = Dialogue(conversation, functions, setup.clock, self._cost)
        exchanges: list[Exchange] = []
        outcomes: list[AssertionOutcome] = []
        for number, turn in enumerate(self.check.turns):
            files = self.assistant.files.get(self.check.index, ()) if number == 0 else ()
            try:
                async with asyncio.timeout(setup.seconds):
                    exchange = await self._asked(dialogue, number, files)
                exchanges.append(exchange)
                self._spend(exchange)
                outcomes += [await self._judged(assertion, exchange, number) for assertion in turn.assertions]
            except BrokenOffError as error:
                self.run.spend(error.exchange.cost)
                return Attempt((*exchanges, error.exchange), tuple(outcomes), str(error), error.unanswered)
            except CannotJudgeError as error:
                return Attempt(tuple(exchanges), tuple(outcomes), str(error))
            except TimeoutError:
                unfinished = dialogue.so_far()
                self.run.spend(unfinished.cost)
                why = f"no answer within {setup.seconds:g} s (--timeout)"
                return Attempt((*exchanges, unfinished), tuple(outcomes), why, unanswered=True)
        return Attempt(tuple(exchanges), tuple(outcomes))

    async def _asked(self, dialogue: Dialogue, number: int, files: Sequence[MessageFile]) -> Exchange:
        turn = self.check.turns[number]
        try:
            return await dialogue.ask(turn.ask, files)
        except UnansweredCallError as error:
            # What is called is known by then, and a check that only asks for that needs no answer to it.
            if number == len(self.check.turns) - 1 and _is_about_calls(turn):
                return error.exchange
            raise

    def _cost(self, usage: Usage) -> float | None:
        price = self.run.setup.price(self.assistant.model)
        return cost_of(usage, price) if price else None

    def _spend(self, exchange: Exchange) -> None:
        if exchange.cost is None and self.run.setup.max_cost is not None:
            raise CannotJudgeError("the platform counted no tokens, so checks.max_cost cannot be kept")
        self.run.spend(exchange.cost)

    async def _judged(self, assertion: Assertion, exchange: Exchange, number: int) -> AssertionOutcome:
        judge = self.run.setup.judge
        if assertion.type != RUBRIC or judge is None:
            if assertion.type not in _SLOW:
                return judge_by_rule(assertion, exchange, number)
            return await asyncio.to_thread(judge_by_rule, assertion, exchange, number)
        finding, usage = await judge.finding(assertion, exchange)
        if usage is None and self.run.setup.max_cost is not None:
            raise CannotJudgeError("the judge counted no tokens, so checks.max_cost cannot be kept")
        price = self.run.setup.price(judge.model)
        self.run.spend(cost_of(usage, price) if usage and price else None)
        return outcome_of(assertion, finding, number)


def _is_about_calls(turn: Turn) -> bool:
    return bool(turn.assertions) and all(assertion.type == "calls" for assertion in turn.assertions)


def _not_to_be_asked(assistant: CheckedAssistant, check: Check, setup: CheckSetup) -> str | None:
    """The reason why a check cannot be run, found before anything is asked."""
    if assistant.error is not None:
        return assistant.error
    judge = setup.judge.model if setup.judge else None
    found = lack(check, assistant.model, judge=judge, prices=setup.prices, max_cost=setup.max_cost)
    return str(found) if found else None


async def _leave(conversation: Conversation, *, is_over: bool) -> None:
    """End a conversation, whose run may still be under way; failures do not matter for the check."""
    # Each in its own time: what cannot be cancelled is deleted all the same.
    for leave in (conversation.close,) if is_over else (conversation.cancel, conversation.close):
        with contextlib.suppress(PlatformError, TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await leave()
