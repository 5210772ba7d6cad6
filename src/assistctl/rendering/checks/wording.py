"""The words that every report of checks has in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistctl.model.check_report import (
    AssertionOutcome,
    Attempt,
    CheckOutcome,
    CheckReport,
    CheckStatus,
    Course,
    Exchange,
)
from assistctl.model.money import dollars

_COURSES = {
    Course.NEW: "new",
    Course.SAME: "as before",
    Course.WORSE: "worse",
    Course.MENDED: "mended",
    Course.FLAKY: "flaky",
}
SIGNS = {CheckStatus.PASSED: "✓", CheckStatus.FAILED: "✗", CheckStatus.ERROR: "!"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a transcript: who or what it is, and its text, which may have several lines."""

    label: str
    text: str


def heading(report: CheckReport) -> str:
    """The heading of a report: whose checks these are."""
    text = f"Checks of {report.project} on {report.target} ({report.platform})"
    other = report.against
    return f"{text} against {other.target} ({other.platform})" if other else text


def conclusion(report: CheckReport) -> str:
    """The conclusion, in a sentence."""
    if not report.checks:
        return "There are no checks: no manifest declares any."
    counts = [
        (report.count(CheckStatus.PASSED), "passed"),
        (report.count(CheckStatus.FAILED), "failed"),
    ]
    errors = report.count(CheckStatus.ERROR)
    if errors:
        counts.append((errors, "error" if errors == 1 else "errors"))
    flaky = sum(outcome.is_flaky or _course(report, outcome) is Course.FLAKY for outcome in report.checks)
    told = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    told = f"{told}{f' ({flaky:,} flaky)' if flaky else ''}."
    courses = [comparison.course for comparison in (report.compared or {}).values()]
    worse, mended = courses.count(Course.WORSE), courses.count(Course.MENDED)
    changed = [f"{number:,} {word}" for number, word in ((worse, "worse"), (mended, "mended")) if number]
    if report.compared is not None:
        told += f" Against the last that passed: {', '.join(changed) or 'none is worse'}."
    if report.against is not None:
        told += f" On {report.against.target}: {conclusion(report.against)}"
    return told


def comparison(report: CheckReport, outcome: CheckOutcome) -> str:
    """A check against the last time it passed, in words; empty if that was not asked for."""
    found = (report.compared or {}).get((outcome.key, outcome.index))
    if found is None:
        return ""
    if found.passed_at is None:
        return "flaky" if found.course is Course.FLAKY else "never passed on record"
    told = [f"{_COURSES[found.course]}: passed {found.passed_at:%Y-%m-%d %H:%M} UTC"]
    told.append("the same assistant" if found.is_same_state else "another state of the assistant")
    if found.answer_changed is not None:
        told.append("another answer" if found.answer_changed else "the same answer")
    if found.seconds is not None:
        told.append(f"{found.seconds:.1f} s then")
    if found.tokens is not None:
        told.append(f"{found.tokens:,} tokens then")
    if found.cost is not None:
        told.append(f"{dollars(found.cost)} then")
    return ", ".join(told)


def _course(report: CheckReport, outcome: CheckOutcome) -> Course | None:
    found = (report.compared or {}).get((outcome.key, outcome.index))
    return found.course if found else None


def title(outcome: CheckOutcome) -> str:
    """The check among those of its assistant, by its place from 1 and its question, on one line."""
    return f"{outcome.index + 1}. {' '.join(outcome.ask.split())}"


def figures(outcome: CheckOutcome) -> str:
    """The number of attempts that held, the time, and the tokens and costs."""
    told = []
    if outcome.of > 1 and outcome.attempts:
        needed = "" if outcome.needed == outcome.of else f", at least {outcome.needed} wanted"
        flaky = ", flaky" if outcome.is_flaky else ""
        told.append(f"held {outcome.held} of {outcome.of} times{needed}{flaky}")
    if outcome.attempts:
        told.append(f"{outcome.seconds:.1f} s")
    if outcome.tokens is not None:
        told.append(f"{outcome.tokens:,} tokens")
    if outcome.cost is not None:
        told.append(dollars(outcome.cost))
    return ", ".join(told)


def complaints(outcome: CheckOutcome) -> list[str]:
    """The reasons for failed attempts: assertions that did not hold, and where an answer broke off."""
    attempt = outcome.shown
    failed = [
        complaint(assertion, outcome)
        for assertion in attempt.assertions
        if not assertion.passed and assertion.decisive
    ]
    return failed + ([outcome.reason] if outcome.reason else [])


def complaints_once(outcomes: Iterable[CheckOutcome]) -> dict[tuple[str, int], list[str]]:
    """The ``complaints`` of each check by key and place; why several could not be asked is told in full once."""
    first: dict[str, str] = {}
    found = {}
    for outcome in outcomes:
        told, place = complaints(outcome), f"{outcome.key} {outcome.index + 1}"
        if outcome.reason and (before := first.setdefault(outcome.reason, place)) != place:
            told[-1] = f"the same as {before}"
        found[outcome.key, outcome.index] = told
    return found


def complaint(assertion: AssertionOutcome, outcome: CheckOutcome) -> str:
    """An assertion and its reason, with the question's place where there are several."""
    several = len(outcome.shown.exchanges) > 1
    return f"{assertion.type}{f' (answer {assertion.turn + 1})' if several else ''}: {assertion.reason}"


def has_transcript(outcome: CheckOutcome, *, everything: bool) -> bool:
    """Whether the report shows what was asked and answered."""
    is_wanted = everything or outcome.status is not CheckStatus.PASSED
    return is_wanted and bool(outcome.shown.exchanges)


def transcript(attempt: Attempt) -> Iterator[Part]:
    """Questions, answers, calls, citations and files, in order."""
    for exchange in attempt.exchanges:
        yield from _parts(exchange)


def _parts(exchange: Exchange) -> Iterator[Part]:
    yield Part("asked", exchange.ask)
    for call in exchange.calls:
        yield Part("called", f"{call.name}({call.arguments})")
        if call.output is not None:
            yield Part("given", call.output)
    yield Part("answered", exchange.answer or "(nothing)")
    if exchange.citations:
        yield Part("cited", ", ".join(citation.name or citation.file_id for citation in exchange.citations))
    if exchange.files:
        yield Part("made", ", ".join(exchange.files))


def figures_beside(pair: tuple[CheckOutcome | None, CheckOutcome | None]) -> str:
    """The figures of both targets, ``-`` for one that has none; empty where neither has."""
    told = [figures(outcome) if outcome else "" for outcome in pair]
    return " / ".join(text or "-" for text in told) if any(told) else ""


def beside(report: CheckReport) -> list[tuple[CheckOutcome | None, CheckOutcome | None]]:
    """Each check with the same one of the other target, by key and place; ``None`` where one has it not."""
    theirs = {(outcome.key, outcome.index): outcome for outcome in report.against.checks} if report.against else {}
    ours = {(outcome.key, outcome.index) for outcome in report.checks}
    pairs: list[tuple[CheckOutcome | None, CheckOutcome | None]] = [
        (outcome, theirs.get((outcome.key, outcome.index))) for outcome in report.checks
    ]
    return pairs + [(None, outcome) for place, outcome in theirs.items() if place not in ours]


def differs(ours: CheckOutcome | None, theirs: CheckOutcome | None) -> bool:
    """Whether a person wants to see the answers: they came out differently, or one did not pass."""
    if ours is None or theirs is None:
        return True
    return ours.status is not theirs.status or ours.status is not CheckStatus.PASSED


def by_assistant(report: CheckReport) -> dict[str, list[CheckOutcome]]:
    """The checks of each assistant, in the order of the report."""
    groups: dict[str, list[CheckOutcome]] = {}
    for outcome in report.checks:
        groups.setdefault(outcome.key, []).append(outcome)
    return groups
