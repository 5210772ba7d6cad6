"""Checks against conversations that are written down: what is asked, answered, counted and told."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assistctl.conversing import runner
from assistctl.conversing.assertions import CannotJudgeError, Finding
from assistctl.conversing.runner import CheckedAssistant, CheckSetup, run_checks
from assistctl.errors import PlatformError
from assistctl.model.check_report import AnsweredCall, CheckOutcome, CheckStatus, Exchange
from assistctl.model.checks import Assertion, Check, FunctionAnswer, Turn
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
from support.scripted_conversations import Answer, ScriptedConversation, ScriptedPlatform, said

MODEL = "gpt-4o-mini"
WANTS = Finished(RunStatus.REQUIRES_ACTION)
CALL = FunctionCall("call_1", "order_status", '{"order_id": "1001"}')


def check(*assertions: Assertion, repeat: int = 1, at_least: int | None = None) -> Check:
    """One question."""
    turn = Turn("Where is order 1001?", assertions)
    return Check(0, (turn,), repeat=repeat, at_least=at_least or repeat)


def contains(text: str, *, negated: bool = False) -> Assertion:
    """The commonest assertion."""
    return Assertion("contains", text, negated=negated)


def held(
    platform: ScriptedPlatform,
    *checks: Check,
    setup: CheckSetup | None = None,
    model: str | None = MODEL,
    assistant_id: str = "asst_1",
) -> tuple[CheckOutcome, ...]:
    """What became of the checks of one assistant."""
    assistant = CheckedAssistant("order-desk", assistant_id, model, checks)
    chosen = replace(setup or CheckSetup(Path()), clock=platform.clock)
    return asyncio.run(run_checks(platform, [assistant], chosen))


def outcome_of(platform: ScriptedPlatform, made: Check, setup: CheckSetup | None = None) -> CheckOutcome:
    """What became of one check."""
    (outcome,) = held(platform, made, setup=setup)
    return outcome


def answering(*answers: Answer) -> ScriptedPlatform:
    """The same answers in each conversation."""
    return ScriptedPlatform([answers])


def test_an_answer_that_holds_passes() -> None:
    platform = answering(said("Order ", "1001 is late."))
    outcome = outcome_of(platform, check(contains("1001")))
    assert (outcome.status, outcome.answer, outcome.held, outcome.of) == ("passed", "Order 1001 is late.", 1, 1)
    assert (outcome.seconds, outcome.tokens) == (0.25, 120)
    assert outcome.cost == pytest.approx((100 * 0.15 + 20 * 0.6) / 1e6)
    (conversation,) = platform.started
    assert conversation.asked == ["Where is order 1001?"]
    assert conversation.closed
    assert not conversation.cancelled


def test_an_answer_that_does_not_hold_fails() -> None:
    outcome = outcome_of(answering(said("Sorry.")), check(contains("1001"), contains("Sorry")))
    assert outcome.status is CheckStatus.FAILED
    assert [assertion.passed for assertion in outcome.shown.assertions] == [False, True]


def test_without_assertions_any_answer_will_do() -> None:
    assert outcome_of(answering(said("")), check()).status is CheckStatus.PASSED


@pytest.mark.parametrize(
    ("answers", "repeat", "at_least", "status"),
    [
        ("yyy", 3, 3, CheckStatus.PASSED),
        ("yny", 3, 2, CheckStatus.PASSED),
        ("yny", 3, 3, CheckStatus.FAILED),
        ("nny", 3, 2, CheckStatus.FAILED),
        ("yye", 3, 2, CheckStatus.PASSED),
        ("yne", 3, 2, CheckStatus.ERROR),
        ("nne", 3, 2, CheckStatus.FAILED),
        ("eee", 3, 1, CheckStatus.ERROR),
    ],
)
def test_how_often_it_holds_decides(answers: str, repeat: int, at_least: int, status: CheckStatus) -> None:
    kinds: dict[str, Answer] = {"y": said("yes"), "n": said("no"), "e": [PlatformError("cut off")]}
    platform = ScriptedPlatform([[kinds[answer]] for answer in answers])
    outcome = outcome_of(platform, check(contains("yes"), repeat=repeat, at_least=at_least))
    assert (outcome.status, outcome.held, outcome.of) == (status, answers.count("y"), repeat)
    assert outcome.is_flaky is (0 < answers.count("y") < 3)
    assert all(conversation.closed for conversation in platform.started)


def test_turns_are_one_conversation() -> None:
    platform = answering(said("Which one?"), said("1001 is late."))
    turns = (Turn("Where is my order?", (contains("?"),)), Turn("1001", (contains("1002"), contains("late"))))
    outcome = outcome_of(platform, Check(0, turns))
    (conversation,) = platform.started
    assert conversation.asked == ["Where is my order?", "1001"]
    assert [(assertion.turn, assertion.passed) for assertion in outcome.shown.assertions] == [
        (0, True),
        (1, False),
        (1, True),
    ]
    assert (outcome.answer, outcome.ask) == ("1001 is late.", "Where is my order?")


def test_all_that_comes_is_in_the_transcript() -> None:
    events: list[Event] = [
        TextDelta("See [1]."),
        Citation("[1]", "file_1", "returns.md"),
        Citation("[1]", "file_1", "returns.md"),
        ProducedFile("file_9", "chart.png", "image/png"),
        Finished(RunStatus.COMPLETED),
    ]
    (exchange,) = outcome_of(answering(events), check(Assertion("cites", "docs/returns.md"))).shown.exchanges
    assert [cited.name for cited in exchange.citations] == ["returns.md"]
    assert (exchange.files, exchange.usage, exchange.cost) == (("chart.png",), None, None)


def test_functions_are_answered_as_the_check_says() -> None:
    platform = answering([CALL, WANTS], said("It is shipped."))
    made = replace(check(contains("shipped")), tools={"order_status": FunctionAnswer({"status": "shipped"})})
    outcome = outcome_of(platform, made)
    assert outcome.status is CheckStatus.PASSED
    assert platform.started[0].outputs == [{"call_1": '{"status": "shipped"}'}]
    assert outcome.shown.exchanges[0].calls == (
        AnsweredCall("order_status", '{"order_id": "1001"}', '{"status": "shipped"}'),
    )


def test_a_function_without_an_answer_is_an_error_that_says_what_to_add() -> None:
    platform = answering([CALL, WANTS])
    outcome = outcome_of(platform, check(contains("shipped"), Assertion("calls", "order_status")))
    assert outcome.status is CheckStatus.ERROR
    assert outcome.reason is not None
    assert "nothing answers the function order_status" in outcome.reason
    assert "`tools: {order_status: ANSWER}`" in outcome.reason
    assert (platform.started[0].cancelled, platform.started[0].closed) == (True, True)


@pytest.mark.parametrize(("name", "status"), [("order_status", "passed"), ("cancel_order", "failed")])
def test_who_only_wants_a_call_needs_no_answer_to_it(name: str, status: str) -> None:
    platform = answering([CALL, WANTS])
    assert outcome_of(platform, check(Assertion("calls", name))).status == status
    assert platform.started[0].cancelled


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([TextDelta("Well"), PlatformError("the connection was cut off", "Try again.")], "cut off. Try again."),
        ([Finished(RunStatus.FAILED, None, "no model is configured")], "the run ended as failed: no model is"),
        ([TextDelta("We"), Finished(RunStatus.INCOMPLETE)], "ended as incomplete: the platform does not say why"),
        ([TextDelta("We")], "did not say that it was finished"),
        ([WANTS], "waits for an answer of a function, and named none"),
    ],
)
def test_an_answer_without_its_end_is_an_error_and_never_a_pass(answer: Answer, reason: str) -> None:
    platform = answering(answer)
    outcome = outcome_of(platform, check(contains("x", negated=True)))
    assert outcome.status is CheckStatus.ERROR
    assert outcome.reason is not None
    assert reason in outcome.reason
    assert platform.started[0].closed


def test_an_assistant_that_is_not_there_is_an_error() -> None:
    (outcome,) = held(answering(said("x")), check(), assistant_id="asst_broken")
    assert (outcome.status, outcome.reason) == ("error", "the platform does not answer. Is it up?")


def test_a_function_called_without_end_is_an_error() -> None:
    calls: Answer = [CALL, WANTS]
    platform = answering(*[calls] * 40)
    outcome = outcome_of(platform, replace(check(), tools={"order_status": FunctionAnswer(1)}))
    assert outcome.reason is not None
    assert "never finished" in outcome.reason


def test_checks_run_side_by_side_and_are_told_in_order() -> None:
    counts = {"open": 0, "asked": 0}
    most = {"open": 0, "asked": 0}

    @contextlib.contextmanager
    def counted(name: str) -> Iterator[None]:
        counts[name] += 1
        most[name] = max(most[name], counts[name])
        yield
        counts[name] -= 1

    class Slow(ScriptedConversation):
        async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
            with counted("asked"):
                for _ in range(5):
                    await asyncio.sleep(0)
                async for event in ScriptedConversation.say(self, text, attachments):
                    yield event

        async def close(self, *, keep: bool = False) -> None:
            counts["open"] -= 1
            await ScriptedConversation.close(self, keep=keep)

    class SlowPlatform(ScriptedPlatform):
        async def start(self, assistant_id: str, *, thread_id: str | None = None) -> ScriptedConversation:
            counts["open"] += 1
            most["open"] = max(most["open"], counts["open"])
            made = await super().start(assistant_id, thread_id=thread_id)
            return Slow(made.id, made.answers, made.passes)

    platform = SlowPlatform([[said("x")]])
    ended: list[int] = []
    setup = CheckSetup(Path(), parallel=3, ended=lambda outcome: ended.append(outcome.index))
    outcomes = held(platform, *(replace(check(), index=number) for number in range(10)), setup=setup)
    assert [outcome.index for outcome in outcomes] == [*range(10)]
    assert sorted(ended) == [*range(10)]
    # As many again as are asked at a time wait, opened already, for their turn.
    assert most == {"open": 6, "asked": 3}


def test_the_next_question_goes_out_before_what_has_ended_is_tidied_up() -> None:
    steps: list[str] = []

    class Told(ScriptedConversation):
        async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
            steps.append("asked")
            for _ in range(5):
                await asyncio.sleep(0)
            async for event in ScriptedConversation.say(self, text, attachments):
                yield event

        async def close(self, *, keep: bool = False) -> None:
            steps.append("closed")
            await ScriptedConversation.close(self, keep=keep)

    class ToldPlatform(ScriptedPlatform):
        async def start(self, assistant_id: str, *, thread_id: str | None = None) -> ScriptedConversation:
            made = await super().start(assistant_id, thread_id=thread_id)
            return Told(made.id, made.answers, made.passes)

    held(ToldPlatform([[said("x")]]), check(), check(), setup=CheckSetup(Path(), parallel=1))
    assert steps == ["asked", "asked", "closed", "closed"]


def test_nothing_is_waited_for_once_nothing_more_is_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_HEAD_START_SECONDS", 3600.0)
    platform = answering(said("Hello."))
    held(platform, *(check() for _ in range(5)), setup=CheckSetup(Path(), parallel=2))
    assert [conversation.closed for conversation in platform.started] == [True] * 5


def test_what_cannot_be_cancelled_in_time_is_closed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CLOSING_SECONDS", 0.01)

    class Stuck(ScriptedConversation):
        async def cancel(self) -> None:
            await asyncio.Event().wait()

    class StuckPlatform(ScriptedPlatform):
        async def start(self, assistant_id: str, *, thread_id: str | None = None) -> ScriptedConversation:
            made = await super().start(assistant_id, thread_id=thread_id)
            self.started[-1] = Stuck(made.id, made.answers, made.passes)
            return self.started[-1]

    platform = StuckPlatform([[[PlatformError("cut off")]]])
    assert outcome_of(platform, check()).status is CheckStatus.ERROR
    assert [conversation.closed for conversation in platform.started] == [True]


@pytest.mark.parametrize(
    ("assertion", "model", "reason"),
    [
        (Assertion("llm-rubric", "Is polite"), MODEL, "`checks: {judge: {model: …}}`"),
        (Assertion("cost", 0.1), "house-model", "`checks: {prices: {house-model: {input: …, output: …}}}`"),
    ],
)
def test_what_is_not_configured_is_named_before_anything_is_asked(
    assertion: Assertion, model: str, reason: str
) -> None:
    platform = answering(said("x"))
    (outcome,) = held(platform, check(assertion), model=model)
    assert outcome.status is CheckStatus.ERROR
    assert outcome.reason is not None
    assert reason in outcome.reason
    assert platform.started == []


def test_the_project_says_what_a_model_costs() -> None:
    setup = CheckSetup(Path(), prices={"house-model": (10.0, 100.0)})
    (outcome,) = held(answering(said("x")), check(Assertion("cost", 0.003)), model="house-model", setup=setup)
    assert outcome.status is CheckStatus.PASSED
    assert outcome.cost == pytest.approx(0.003)


def test_nothing_more_is_asked_once_the_run_cost_what_it_may() -> None:
    platform = answering(said("x"))
    setup = CheckSetup(Path(), parallel=1, prices={MODEL: (10.0, 100.0)}, max_cost=0.005)
    outcomes = held(platform, *(replace(check(), index=number) for number in range(4)), setup=setup)
    assert [outcome.status for outcome in outcomes] == ["passed", "passed", "error", "error"]
    assert outcomes[2].reason is not None
    assert "checks.max_cost" in outcomes[2].reason
    assert len(platform.started) == 2


def test_what_is_not_counted_cannot_be_kept_within_a_cost() -> None:
    setup = CheckSetup(Path(), max_cost=1.0)
    outcome = outcome_of(answering(said("x", usage=None)), check(), setup)
    assert outcome.reason == "the platform counted no tokens, so checks.max_cost cannot be kept"


class Judging:
    """A judge that finds whatever it is told to."""

    model = MODEL

    def __init__(self, *findings: Finding | Exception, counts: bool = True) -> None:
        self.findings = [*findings]
        self.usage = Usage(1_000_000, 0) if counts else None
        self.seen: list[Exchange] = []

    async def finding(self, _: Assertion, exchange: Exchange) -> tuple[Finding, Usage | None]:
        """The next one."""
        self.seen.append(exchange)
        finding = self.findings.pop(0)
        if isinstance(finding, Exception):
            raise finding
        return finding, self.usage


@pytest.mark.parametrize(
    ("finding", "negated", "status"),
    [
        (Finding(True, "fit", "it does"), False, "passed"),
        (Finding(False, "fit", "it does not"), False, "failed"),
        (Finding(False, "fit", "it does not"), True, "passed"),
        (CannotJudgeError("the judge answered no verdict"), True, "error"),
    ],
)
def test_a_rubric_is_judged_by_the_judge(finding: Finding | Exception, negated: bool, status: str) -> None:
    judge = Judging(finding)
    setup = CheckSetup(Path(), judge=judge)
    outcome = outcome_of(
        answering(said("Hello.")), check(Assertion("llm-rubric", "Polite", negated=negated)), setup
    )
    assert outcome.status == status
    assert [seen.answer for seen in judge.seen] == ["Hello."]


def test_what_the_judge_costs_counts() -> None:
    judge = Judging(Finding(True, "fit", "it does"), Finding(True, "fit", "it does"))
    setup = CheckSetup(Path(), judge=judge, parallel=1, max_cost=0.15)
    rubric = check(Assertion("llm-rubric", "Polite"))
    outcomes = held(answering(said("x")), rubric, replace(rubric, index=1), setup=setup)
    assert [outcome.status for outcome in outcomes] == ["passed", "error"]


def test_a_judge_that_counts_no_tokens_cannot_be_kept_within_a_cost() -> None:
    setup = CheckSetup(Path(), judge=Judging(Finding(True, "fit", "it does"), counts=False), max_cost=1.0)
    outcome = outcome_of(answering(said("x")), check(Assertion("llm-rubric", "Polite")), setup)
    assert outcome.reason == "the judge counted no tokens, so checks.max_cost cannot be kept"


def test_what_has_no_weight_is_told_and_fails_nothing() -> None:
    outcome = outcome_of(answering(said("x")), check(replace(contains("y"), decisive=False)))
    assert outcome.status is CheckStatus.PASSED
    assert [assertion.passed for assertion in outcome.shown.assertions] == [False]


def python(program: str) -> dict[str, FunctionAnswer]:
    """A program as the answer of the function."""
    return {"order_status": FunctionAnswer(command=(sys.executable, "-c", program))}


def commanded(
    program: str, tmp_path: Path, command: Sequence[str] | None = None
) -> tuple[CheckOutcome, ScriptedPlatform]:
    """A check whose function a program answers."""
    platform = answering([CALL, WANTS], said("ok"))
    tools = {"order_status": FunctionAnswer(command=tuple(command))} if command else python(program)
    return outcome_of(
        platform, replace(check(), tools=tools), CheckSetup(tmp_path, {"PATH": "/usr/bin"})
    ), platform


def test_a_program_answers_with_what_it_prints(tmp_path: Path) -> None:
    program = "import json,os,sys; print(json.load(sys.stdin)['order_id'], os.getcwd(), sorted(os.environ)[-1:])"
    outcome, platform = commanded(program, tmp_path)
    assert outcome.status is CheckStatus.PASSED
    ((_, output),) = platform.started[0].outputs[0].items()
    assert output.startswith(f"1001 {tmp_path}")
    assert "HOME" not in output


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import sys; print('no database', file=sys.stderr); sys.exit(3)", "ended with exit code 3: no database"),
        ("print('x' * 10_000_000)", "printed more than 524,288 bytes"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "printed something other than UTF-8"),
        ("import time; time.sleep(60)", "took longer than 0.5 s"),
        (
            "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])",
            "took longer than 0.5 s",
        ),
    ],
)
def test_a_program_that_fails_is_an_error(
    program: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistctl.conversing.function_answers.COMMAND_SECONDS", 0.5 if "time" in program else 60)
    outcome, platform = commanded(program, tmp_path)
    assert outcome.status is CheckStatus.ERROR
    assert outcome.reason is not None
    assert reason in outcome.reason
    assert platform.started[0].cancelled


def test_no_shell_reads_a_command(tmp_path: Path) -> None:
    outcome, _ = commanded("", tmp_path, ["no-such-program; touch here"])
    assert outcome.reason is not None
    assert "cannot be run" in outcome.reason
    assert not [*tmp_path.iterdir()]


def test_a_program_need_not_read_its_input(tmp_path: Path) -> None:
    outcome, _ = commanded("print(1)", tmp_path)
    assert outcome.status is CheckStatus.PASSED


class Stuck(ScriptedConversation):
    """A conversation in which nothing is ever answered; ``asks`` is set once something is asked."""

    asks: asyncio.Event

    async def say(self, text: str, attachments: Sequence[MessageFile] = ()) -> AsyncIterator[Event]:
        """Wait for ever."""
        self.asks.set()
        await asyncio.Event().wait()
        yield TextDelta(f"{text}{attachments}")


@dataclass
class StuckPlatform(ScriptedPlatform):
    """A platform with one such conversation."""

    asks: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> Stuck:
        """The conversation."""
        made = Stuck(f"{assistant_id}{thread_id}", [], lambda: None)
        made.asks = self.asks
        self.started.append(made)
        return made


@dataclass
class SlowToStart(ScriptedPlatform):
    """A platform that makes a conversation, or fails to, once ``goes_on`` is set; ``begins`` is set before."""

    is_made: bool = True
    begins: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, assistant_id: str, *, thread_id: str | None = None) -> ScriptedConversation:
        """The conversation."""
        self.begins.set()
        await self.goes_on.wait()
        if not self.is_made:
            raise PlatformError("out of order")
        return await super().start(assistant_id, thread_id=thread_id)


def test_an_interrupted_run_leaves_no_conversation_open() -> None:
    platform = StuckPlatform([[]])

    async def interrupted() -> None:
        assistant = CheckedAssistant("order-desk", "asst_1", MODEL, [check()])
        task = asyncio.create_task(run_checks(platform, [assistant], CheckSetup(Path())))
        await platform.asks.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    (conversation,) = platform.started
    assert (conversation.cancelled, conversation.closed) == (True, True)


@pytest.mark.parametrize("is_made", [True, False])
def test_a_conversation_that_is_being_made_when_the_run_is_interrupted_is_ended(*, is_made: bool) -> None:
    platform = SlowToStart([[said("x")]], is_made=is_made)

    async def interrupted() -> None:
        assistant = CheckedAssistant("order-desk", "asst_1", MODEL, [check()])
        task = asyncio.create_task(run_checks(platform, [assistant], CheckSetup(Path())))
        await platform.begins.wait()
        task.cancel()
        await asyncio.sleep(0)
        platform.goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    assert [(conversation.asked, conversation.closed) for conversation in platform.started] == (
        [([], True)] if is_made else []
    )


def test_what_came_before_it_took_too_long_is_reported(tmp_path: Path) -> None:
    usage = Usage(1_000_000, 0)
    wants = Finished(RunStatus.REQUIRES_ACTION, usage)
    platform = answering([TextDelta("One moment. "), CALL, wants])
    setup = CheckSetup(tmp_path, {"PATH": "/usr/bin"}, seconds=0.2, prices={MODEL: (2.0, 0.0)})
    outcome = outcome_of(platform, replace(check(), tools=python("import time; time.sleep(60)")), setup)
    assert outcome.reason == "no answer within 0.2 s (--timeout)"
    [exchange] = outcome.shown.exchanges
    assert exchange.answer == "One moment. "
    assert [(call.name, call.output) for call in exchange.calls] == [("order_status", None)]
    assert (exchange.usage, outcome.cost) == (usage, 2.0)


def test_an_answer_that_takes_too_long_is_an_error() -> None:
    platform = StuckPlatform([[]])
    outcome = outcome_of(platform, check(), CheckSetup(Path(), seconds=0.01))
    assert outcome.reason == "no answer within 0.01 s (--timeout)"
    assert platform.started[0].cancelled
