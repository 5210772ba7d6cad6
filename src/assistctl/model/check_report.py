"""The results of checks, as data: each question with its answer, and what was wanted of it.

Frozen dataclasses without I/O; ``conversing`` makes them and ``rendering`` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistctl.json_value import Json
from assistctl.model.conversation import Usage


class CheckStatus(StrEnum):
    """The outcome of a check. ``ERROR``: whether it holds could not be found out."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class AssertionOutcome:
    """Whether an answer held what an assertion wants; ``reason`` says what was wanted and what stood there.

    ``turn`` is the place of the question, from 0. One that is not ``decisive`` fails nothing.
    """

    type: str
    value: Json
    passed: bool
    reason: str
    turn: int = 0
    decisive: bool = True


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A function that was called, and what it was answered; ``None`` where nothing could be."""

    name: str
    arguments: str
    output: str | None = None


@dataclass(frozen=True, slots=True)
class CitedFile:
    """A file that was cited, by its base name, or by the upload's id where the platform told no name."""

    name: str
    file_id: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer. ``usage`` and ``cost`` (US dollars) are ``None`` where they are not known."""

    ask: str
    answer: str
    calls: tuple[AnsweredCall, ...] = ()
    citations: tuple[CitedFile, ...] = ()
    files: tuple[str, ...] = ()
    seconds: float = 0.0
    usage: Usage | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A check held once. With an ``error`` it broke off there.

    ``unanswered``: it was asked, and the assistant itself came to no whole answer: its run failed, took too long,
    or called a function that nothing answers.
    """

    exchanges: tuple[Exchange, ...] = ()
    assertions: tuple[AssertionOutcome, ...] = ()
    error: str | None = None
    unanswered: bool = False

    @property
    def held(self) -> bool:
        """Whether every answer held all that was wanted of it."""
        return self.error is None and all(assertion.passed for assertion in self.assertions if assertion.decisive)

    @property
    def status(self) -> CheckStatus:
        """The outcome of this attempt by itself."""
        if self.error is not None:
            return CheckStatus.ERROR
        return CheckStatus.PASSED if self.held else CheckStatus.FAILED

    @property
    def seconds(self) -> float:
        """The time the answers took."""
        return sum(exchange.seconds for exchange in self.exchanges)

    @property
    def tokens(self) -> int | None:
        """All tokens of the answers, where they are known."""
        known = [exchange.usage.total for exchange in self.exchanges if exchange.usage]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The result of one check. ``needed`` is how often it must hold; ``cost`` is all it cost, in US dollars."""

    key: str
    index: int
    ask: str
    of: int
    needed: int
    attempts: tuple[Attempt, ...] = ()
    error: str | None = None
    cost: float | None = None

    @property
    def held(self) -> int:
        """The number of attempts that held."""
        return sum(attempt.held for attempt in self.attempts)

    @property
    def status(self) -> CheckStatus:
        """Failed when it cannot have held often enough, whatever came of the attempts that broke off."""
        if self.error is None and self.held >= self.needed:
            return CheckStatus.PASSED
        unknown = sum(attempt.error is not None for attempt in self.attempts) + self.of - len(self.attempts)
        return CheckStatus.ERROR if self.held + unknown >= self.needed else CheckStatus.FAILED

    @property
    def shown(self) -> Attempt:
        """The attempt that tells most: the first that did what the check came to, else the last."""
        status = self.status
        last = self.attempts[-1] if self.attempts else Attempt()
        return next((attempt for attempt in self.attempts if attempt.status is status), last)

    @property
    def reason(self) -> str | None:
        """The reason why there is no verdict, or why an attempt broke off."""
        return self.error or self.shown.error

    @property
    def answer(self) -> str | None:
        """The last answer of the attempt that is shown; ``None`` where there is none."""
        exchanges = self.shown.exchanges
        return exchanges[-1].answer if exchanges else None

    @property
    def is_unanswered(self) -> bool:
        """Whether it was asked, and too often the assistant itself came to no whole answer."""
        whole = sum(not attempt.unanswered for attempt in self.attempts)
        return self.error is None and bool(self.attempts) and whole < self.needed

    @property
    def is_flaky(self) -> bool:
        """Whether it held at times and at times not."""
        return 0 < self.held < len(self.attempts)

    @property
    def seconds(self) -> float:
        """The time all answers took."""
        return sum(attempt.seconds for attempt in self.attempts)

    @property
    def tokens(self) -> int | None:
        """All tokens of all answers, where they are known."""
        known = [attempt.tokens for attempt in self.attempts if attempt.tokens is not None]
        return sum(known) if known else None


class Course(StrEnum):
    """A check's outcome against its earlier one.

    ``FLAKY``: of the very same assistant it has come out either way. ``NEW``: it never passed on record.
    """

    NEW = "new"
    SAME = "same"
    WORSE = "worse"
    MENDED = "mended"
    FLAKY = "flaky"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A check against the last time it passed, ``passed_at``; ``None`` where that never was.

    ``is_same_state``: the assistant was the very same then. ``answer_changed`` is ``None`` where nobody knows.
    ``seconds``, ``tokens`` and ``cost`` are those of then.
    """

    course: Course
    passed_at: datetime | None = None
    is_same_state: bool = False
    answer_changed: bool | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All checks of a run, in the order of the manifests.

    ``compared`` has each check against the last time it passed, by key and index; ``None`` where nobody asked.
    ``against`` is the report of another target. ``warnings`` are sentences about what went wrong beside them.
    """

    project: str
    target: str
    platform: str
    checks: tuple[CheckOutcome, ...]
    compared: Mapping[tuple[str, int], Comparison] | None = None
    against: CheckReport | None = None
    warnings: tuple[str, ...] = ()

    def count(self, status: CheckStatus) -> int:
        """The number of outcomes with ``status``."""
        return sum(outcome.status is status for outcome in self.checks)
