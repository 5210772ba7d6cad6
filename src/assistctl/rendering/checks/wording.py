"""The words that every report of checks has in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assistctl.model.check_report import (
    AssertionOutcome,
    Attempt,
    CheckOutcome,
    CheckReport,
    CheckStatus,
    Exchange,
)

SIGNS = {CheckStatus.PASSED: "✓", CheckStatus.FAILED: "✗", CheckStatus.ERROR: "!"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a transcript: who or what it is, and its text, which may have several lines."""

    label: str
    text: str


def heading(report: CheckReport) -> str:
    """Whose checks these are."""
    return f"Checks of {report.project} on {report.target} ({report.platform})"


def conclusion(report: CheckReport) -> str:
    """What it comes to, in a sentence."""
    if not report.checks:
        return "There are no checks: no manifest declares any."
    counts = [
        (report.count(CheckStatus.PASSED), "passed"),
        (report.count(CheckStatus.FAILED), "failed"),
    ]
    errors = report.count(CheckStatus.ERROR)
    if errors:
        counts.append((errors, "error" if errors == 1 else "errors"))
    flaky = sum(one.is_flaky for one in report.checks)
    told = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    return f"{told}{f' ({flaky:,} flaky)' if flaky else ''}."


def title(outcome: CheckOutcome) -> str:
    """The check among those of its assistant, by its place from 1 and its question, on one line."""
    return f"{outcome.index + 1}. {' '.join(outcome.ask.split())}"


def figures(outcome: CheckOutcome) -> str:
    """How often it held, how long that took, and what it took."""
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
        told.append(f"${outcome.cost:.6f}".rstrip("0").removesuffix("."))
    return ", ".join(told)


def complaints(outcome: CheckOutcome) -> list[str]:
    """Why it did not pass, or did not always: what was not held, and where an answer broke off."""
    attempt = outcome.shown
    failed = [complaint(one, outcome) for one in attempt.assertions if not one.passed and one.decisive]
    return failed + ([outcome.reason] if outcome.reason else [])


def complaint(assertion: AssertionOutcome, outcome: CheckOutcome) -> str:
    """An assertion and its reason, with the question's place where there are several."""
    several = len(outcome.shown.exchanges) > 1
    return f"{assertion.type}{f' (answer {assertion.turn + 1})' if several else ''}: {assertion.reason}"


def has_transcript(outcome: CheckOutcome, *, everything: bool) -> bool:
    """Whether the report shows what was asked and answered."""
    is_wanted = everything or outcome.status is not CheckStatus.PASSED
    return is_wanted and bool(outcome.shown.exchanges)


def transcript(attempt: Attempt) -> Iterator[Part]:
    """What was asked and answered, called, cited and made."""
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
        yield Part("cited", ", ".join(one.name or one.file_id for one in exchange.citations))
    if exchange.files:
        yield Part("made", ", ".join(exchange.files))


def by_assistant(report: CheckReport) -> dict[str, list[CheckOutcome]]:
    """The checks of each assistant, in the order of the report."""
    groups: dict[str, list[CheckOutcome]] = {}
    for outcome in report.checks:
        groups.setdefault(outcome.key, []).append(outcome)
    return groups
