"""The manifests' checks, asked of what is deployed. Changes nothing of that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from assistctl.conversing.runner import CheckedAssistant, nobody_looks
from assistctl.errors import ProjectError
from assistctl.model.assistant import Desired, Observed
from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus, Comparison, Course
from assistctl.model.knowledge import ObservedStore
from assistctl.model.past_check import PastChecks
from assistctl.operations.ask_checks import ask_checks, checked_assistant, conversations_on, require_conversations
from assistctl.operations.check_records import CheckRecords, answer_digest, state_of
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.meant_key import meant_key
from assistctl.operations.surroundings import surroundings_on
from assistctl.ownership.placeholders import store_ids


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """A listener for progress: ``begins`` is called with the number of checks, ``ended`` with each."""

    begins: Callable[[int], None] = lambda _: None
    ended: Callable[[CheckOutcome], None] = nobody_looks


async def check(
    deployment: Deployment,
    keys: Sequence[str] = (),
    *,
    parallel: int | None = None,
    progress: CheckProgress = CheckProgress(),
    compare: bool = False,
) -> CheckReport:
    """Ask the checks of ``keys`` (all that have any, without them); ``parallel`` wins over the project's.

    How they came out goes on record in the journal; with ``compare`` the report says what changed against the last
    that passed. Raises ``ManifestError`` for manifests that are wrong, ``ProjectError`` for a key that nothing
    declares, a platform without conversations or a judge that cannot be used, and ``PlatformError`` when the
    platform cannot say what is deployed. What only concerns one check is told by its outcome.
    """
    wanted = _wanted(deployment.manifests().desired, keys)
    if not any(desired.checks for desired in wanted):
        return _report(deployment, ())
    require_conversations(deployment)
    records = CheckRecords(deployment)
    async with deployment.open() as platform:
        listings = Listings(platform, deployment)
        converses = conversations_on(deployment, listings, wanted)
        observed, beside = await asyncio.gather(
            listings.assistants(), surroundings_on(deployment, listings, wanted)
        )
        owned = deployment.owned(observed)
        assistants = [_assistant(deployment, desired, owned.get(desired.key, ())) for desired in wanted]
        observed_by_key = {
            desired.key: owned[desired.key][0]
            for desired in wanted
            if desired.checks and len(owned.get(desired.key, ())) == 1
        }
        stores = await stores_read(listings, observed_by_key.values())
        progress.begins(sum(len(assistant.checks) for assistant in assistants))
        outcomes = await ask_checks(deployment, converses, assistants, parallel=parallel, ended=progress.ended)
    declared = {desired.key: desired for desired in wanted}
    states = {
        key: state_of(deployment, observed, declared[key], stores, beside)
        for key, observed in observed_by_key.items()
    }
    past = (
        {assistant.key: await records.past(assistant.key) for assistant in assistants if assistant.checks}
        if compare
        else {}
    )
    for assistant in assistants:
        if assistant.id is not None:
            own_outcomes = [outcome for outcome in outcomes if outcome.key == assistant.key]
            await records.put(assistant, states.get(assistant.key, ""), own_outcomes)
    report = replace(_report(deployment, outcomes), warnings=tuple(records.warnings))
    return replace(report, compared=_compared(records, assistants, states, past, outcomes)) if compare else report


async def check_against(
    deployment: Deployment,
    other: Deployment,
    keys: Sequence[str] = (),
    *,
    parallel: int | None = None,
    progress: CheckProgress = CheckProgress(),
    compare: bool = False,
) -> CheckReport:
    """The report of ``check``, with that of the same keys on another target beside it. Raises as ``check``."""
    ours = await check(deployment, keys, parallel=parallel, progress=progress, compare=compare)
    theirs = await check(other, keys, parallel=parallel, progress=progress)
    return replace(ours, against=theirs)


async def stores_read(listings: Listings, assistants: Iterable[Observed]) -> dict[str, ObservedStore]:
    """The vector stores of the platform by their ids; none where none of ``assistants`` searches any."""
    if not any(store_ids(assistant.fields) for assistant in assistants):
        return {}
    return {store.id: store for store in await listings.stores()}


def _compared(
    records: CheckRecords,
    assistants: Sequence[CheckedAssistant],
    states: dict[str, str],
    past: dict[str, PastChecks],
    outcomes: Sequence[CheckOutcome],
) -> dict[tuple[str, int], Comparison]:
    by_key = {checked.key: checked for checked in assistants}
    found = {}
    for outcome in outcomes:
        assistant = by_key[outcome.key]
        asked = next(declared for declared in assistant.checks if declared.index == outcome.index)
        digest = records.digest(asked, assistant.files.get(outcome.index, ()))
        state = states.get(outcome.key, "")
        found[outcome.key, outcome.index] = _against_past(outcome, past[outcome.key], digest, state)
    return found


def _wanted(desired: Iterable[Desired], keys: Sequence[str]) -> list[Desired]:
    """Those of ``keys``; all without them."""
    declared = {assistant.key: assistant for assistant in desired}
    for key in keys:
        if key not in declared:
            advice = meant_key(key, declared.values()) or f"The manifests declare {', '.join(declared) or 'none'}."
            raise ProjectError(f"no manifest declares an assistant with the key {key!r}", advice)
    return [assistant for assistant in declared.values() if not keys or assistant.key in keys]


def _assistant(deployment: Deployment, desired: Desired, observed: Sequence[Observed]) -> CheckedAssistant:
    if len(observed) == 1:
        return checked_assistant(deployment, desired, observed[0])
    target = deployment.target.name
    error = (
        f"{desired.key} is on {target} {len(observed)} times: `assistctl plan` says which, and what to do"
        if observed
        else f"{desired.key} is not deployed on {target}: `assistctl apply` deploys it"
    )
    return CheckedAssistant(desired.key, None, None, desired.checks, error=error)


def _report(deployment: Deployment, checks: tuple[CheckOutcome, ...]) -> CheckReport:
    target = deployment.target
    return CheckReport(deployment.owner, target.name, target.platform, checks)


def _against_past(outcome: CheckOutcome, past: PastChecks, check: str, state: str) -> Comparison:
    """``outcome`` against ``past``; ``check`` and ``state`` are the digests of what was asked, and of whom."""
    if not check:
        return Comparison(Course.NEW)
    passed, course = past.last_passed(check), _course(outcome, past, check, state)
    if passed is None:
        return Comparison(course)
    answer = answer_digest(outcome.answer) if outcome.answer is not None else ""
    return Comparison(
        course,
        passed.at,
        bool(state) and passed.state == state,
        answer != passed.answer if answer and passed.answer else None,
        passed.seconds,
        passed.tokens,
        passed.cost,
    )


def _course(outcome: CheckOutcome, past: PastChecks, check: str, state: str) -> Course:
    passes = outcome.status is CheckStatus.PASSED
    comes_out = past.statuses_at(check, state) | ({outcome.status} - {CheckStatus.ERROR})
    if outcome.is_flaky or len(comes_out) > 1:
        return Course.FLAKY
    last, passed = past.last(check), past.last_passed(check)
    if passes and last is not None and last.status is not CheckStatus.PASSED:
        return Course.MENDED
    if passed is None:
        return Course.NEW
    return Course.SAME if passes else Course.WORSE
