"""``apply --check``: the checks of what an apply changes, before and after, and putting back what got worse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.engine import TakenBack
from assistctl.applying.progress import ProgressListener
from assistctl.conversing.runner import CheckedAssistant
from assistctl.errors import AssistctlError, JournalError, ProjectError
from assistctl.journal import Record
from assistctl.manifest import Loaded
from assistctl.model.assistant import Desired, Observed
from assistctl.model.change import Action, QualifiedKey, Result, Status
from assistctl.model.check_gate import GatedCheck, GateMode, GateReport, Source
from assistctl.model.check_report import CheckOutcome, CheckStatus
from assistctl.model.checks import Check
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.operations.ask_checks import (
    ask_checks,
    checked_assistant,
    conversations_on,
    require_conversations,
    require_model,
    require_model_behind,
)
from assistctl.operations.check import stores_read
from assistctl.operations.check_records import CheckRecords, state_of
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.gate_findings import (
    about,
    changed_by,
    changed_with,
    entry,
    failure,
    told,
    told_with,
    undone_with,
    uploads_deleted,
)
from assistctl.operations.put_back import (
    Before,
    WayBack,
    kept_beside,
    kept_stores,
    stores_that_change,
    way_back,
    why_not,
)
from assistctl.operations.surroundings import deployed_surroundings, surroundings_on
from assistctl.platforms.base import Platform
from assistctl.platforms.conversation import Converses
from assistctl.rendering.tally import done_summary

CarryOut: TypeAlias = Callable[[WayBack, Record], Awaitable[Sequence[Result]]]
"""Makes the changes of a way back, and puts them on record."""
OpenRecord: TypeAlias = Callable[[Plan], AbstractAsyncContextManager[Record]]
"""The record of a way back in the journal."""


@dataclass(frozen=True, slots=True)
class _Known:
    status: CheckStatus
    source: Source
    answer: str | None = None


@dataclass(slots=True)
class CheckGate:
    """The checks of one apply. ``report`` is what is known so far."""

    deployment: Deployment
    loaded: Loaded
    mode: GateMode
    progress: ProgressListener
    cancellation: CancellationToken
    report: GateReport = field(init=False)
    _records: CheckRecords = field(init=False)
    _desired: dict[str, Desired] = field(default_factory=dict)
    _known: dict[tuple[str, int], _Known] = field(default_factory=dict)
    _before: Before | None = None
    _converses: Converses | None = None

    def __post_init__(self) -> None:
        self.report = GateReport(self.mode)
        self._records = CheckRecords(self.deployment)

    async def look_before(self, listings: Listings, plan: Plan) -> None:
        """Find out how the checks of what ``plan`` changes come out before it; changes nothing.

        ``listings`` are those that the plan was made from.

        Raises ``AssistctlError`` where nothing can answer, so that nothing is to be changed.
        """
        self._desired = {desired.key: desired for desired in changed_by(plan, self.loaded) if desired.checks}
        if not self._desired:
            return
        require_conversations(self.deployment)
        require_model(self.deployment)
        deployed = await deployed_surroundings(self.deployment, listings, self.loaded.desired)
        self._converses = conversations_on(self.deployment, listings, deployed)
        observed_by_key = await self._observed_before(listings, plan)
        if not observed_by_key:
            # There is nobody to ask yet, and what is created could not be asked either.
            require_model_behind(self.deployment, listings.platform)
        states = await self._states(listings, observed_by_key)
        assistants = [
            checked_assistant(self.deployment, self._desired[key], observed)
            for key, observed in observed_by_key.items()
        ]
        await self._recall(assistants, states)
        await self._ask_before(assistants, states)
        checked = frozenset(self._desired)
        may_go_back = checked.union(changed_with(listings.platform, plan, self.loaded, checked))
        stores = stores_that_change(plan, self.loaded, may_go_back)
        ids = [change.id for change in stores if change.id is not None]
        self._before = Before(plan, await listings.files.contents(ids) if ids else {})

    async def look_after(
        self,
        platform: Platform,
        results: Sequence[Result],
        record: Record,
        back: tuple[OpenRecord, CarryOut],
    ) -> TakenBack:
        """Ask the checks again, and put back what got worse; what is not done after all, and why."""
        before = self._before
        if before is None:
            return TakenBack()
        listings = Listings(platform, self.deployment)
        self._converses = conversations_on(self.deployment, listings, self.loaded.desired)
        try:
            outcomes = await self._asked_after(listings, results)
        except AssistctlError as error:
            self._records.warnings.append(f"the checks could not be asked after it: {why_not(error)}")
            outcomes = {}
        self.report = replace(self.report, checks=tuple(self._gated(before.plan, outcomes, results)))
        await self._put_into(record)
        worse = frozenset(check.key for check in self.report.worse)
        if not worse or self.mode is GateMode.WARN or self.cancellation.stop.is_set():
            why = "the apply was interrupted" if worse and self.mode is not GateMode.WARN else None
            self.report = replace(self.report, put_back={key: why for key in worse if why})
            return TakenBack()
        return await self._put_back(platform, before, worse, results, back)

    def finished(self) -> GateReport:
        """The report, with what went wrong beside the checks."""
        return replace(self.report, warnings=tuple(self._records.warnings))

    async def _put_into(self, record: Record) -> None:
        try:
            for check in self.report.checks:
                await record.checked(entry(check))
        except JournalError as error:
            self._records.warnings.append(f"the results of the checks are not on record: {error.summary}")

    async def _observed_before(self, listings: Listings, plan: Plan) -> dict[str, Observed]:
        """The assistants to ask, as they are before the plan."""
        before = {
            change.key: change.before
            for change in plan.changes
            if change.kind is Kind.ASSISTANT and change.before is not None
        }
        owned = self.deployment.owned(await listings.assistants())
        found = {}
        for key in self._desired:
            if key in before:
                found[key] = before[key]
            elif len(owned.get(key, ())) == 1:
                found[key] = owned[key][0]
        return found

    async def _states(self, listings: Listings, observed_by_key: Mapping[str, Observed]) -> dict[str, str]:
        stores = await stores_read(listings, observed_by_key.values())
        beside = await surroundings_on(self.deployment, listings, self._desired.values())
        return {
            key: state_of(self.deployment, observed, self._desired[key], stores, beside)
            for key, observed in observed_by_key.items()
        }

    async def _recall(self, assistants: Iterable[CheckedAssistant], states: Mapping[str, str]) -> None:
        """Recall the checks on record of these very states."""
        for assistant in assistants:
            past = await self._records.past(assistant.key)
            for check in assistant.checks:
                known = past.at_state(self._digest(assistant, check), states[assistant.key])
                if known is not None and known.status is not CheckStatus.ERROR:
                    self._known[assistant.key, check.index] = _Known(known.status, Source.JOURNAL)

    async def _ask_before(self, assistants: Sequence[CheckedAssistant], states: Mapping[str, str]) -> None:
        """Ask what is not on record; where nothing is answered, a check too that once was, before giving up."""
        unknown = [
            replace(
                assistant,
                checks=[check for check in assistant.checks if (assistant.key, check.index) not in self._known],
            )
            for assistant in assistants
        ]
        unknown = [assistant for assistant in unknown if assistant.checks]
        rounds = [(unknown, await self._ask(unknown))]
        if _nothing_answered(rounds) and (known := self._answered(assistants)):
            rounds.append(([known], await self._ask([known])))
        if _nothing_answered(rounds) and (last := rounds[-1][1]):
            raise ProjectError(
                f"nothing was changed: the checks could not be asked before it. {last[0].key} {last[0].index + 1}:"
                f" {last[0].reason}",
                "Without --check it is applied anyway; `assistctl check` asks by itself.",
            )
        for asked, outcomes in rounds:
            await self._put_on_record(asked, states, outcomes)
            for outcome in outcomes:
                self._known[outcome.key, outcome.index] = _Known(outcome.status, Source.ASKED, outcome.answer)

    def _answered(self, assistants: Iterable[CheckedAssistant]) -> CheckedAssistant | None:
        """The first assistant that was answered on record, with the check of its that was."""
        for assistant in assistants:
            for check in assistant.checks:
                if (assistant.key, check.index) in self._known:
                    return replace(assistant, checks=[check])
        return None

    async def _asked_after(
        self, listings: Listings, results: Sequence[Result]
    ) -> dict[tuple[str, int], CheckOutcome]:
        """The outcomes of the checks of everything changed, without what was interrupted."""
        failed = {result.qualified_key for result in results if result.status is not Status.OK}
        owned = self.deployment.owned(await listings.assistants())
        observed_by_key = {
            key: owned[key][0]
            for key, desired in self._desired.items()
            if len(owned.get(key, ())) == 1 and not (failed & about(desired))
        }
        assistants = [
            checked_assistant(self.deployment, self._desired[key], observed)
            for key, observed in observed_by_key.items()
        ]
        states = await self._states(listings, observed_by_key)
        asking = asyncio.ensure_future(self._ask(assistants))
        stopped = asyncio.ensure_future(self.cancellation.stop.wait())
        try:
            await asyncio.wait((asking, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return {}
            outcomes = asking.result()
        finally:
            for task in (asking, stopped):
                task.cancel()
            await asyncio.wait((asking, stopped))
        await self._put_on_record(assistants, states, outcomes)
        return {(outcome.key, outcome.index): outcome for outcome in outcomes}

    async def _ask(self, assistants: Sequence[CheckedAssistant]) -> tuple[CheckOutcome, ...]:
        assert self._converses is not None  # noqa: S101  # whoever asks has looked
        return await ask_checks(self.deployment, self._converses, assistants, ended=self.progress.checked)

    async def _put_on_record(
        self, assistants: Iterable[CheckedAssistant], states: Mapping[str, str], outcomes: Iterable[CheckOutcome]
    ) -> None:
        for assistant in assistants:
            own_outcomes = [outcome for outcome in outcomes if outcome.key == assistant.key]
            await self._records.put(assistant, states.get(assistant.key, ""), own_outcomes)

    def _gated(
        self, plan: Plan, outcomes: Mapping[tuple[str, int], CheckOutcome], results: Sequence[Result]
    ) -> Iterable[GatedCheck]:
        """Each check of what was changed; what could not be changed has its own error."""
        created = {
            change.key
            for change in plan.changes
            if (change.kind, change.action) == (Kind.ASSISTANT, Action.CREATE)
        }
        failed = {result.qualified_key for result in results if result.status is not Status.OK}
        for key, desired in self._desired.items():
            if failed & about(desired):
                continue
            for check in desired.checks:
                known = self._known.get((key, check.index))
                yield GatedCheck(
                    key,
                    check.index,
                    check.turns[0].ask,
                    known.status if known else None,
                    known.source if known else None,
                    known.answer if known else None,
                    outcomes.get((key, check.index)),
                    key in created,
                )

    async def _put_back(
        self,
        platform: Platform,
        before: Before,
        worse: frozenset[str],
        results: Sequence[Result],
        back: tuple[OpenRecord, CarryOut],
    ) -> TakenBack:
        open_record, carry_out = back
        made = {
            result.qualified_key: result.id
            for result in results
            if result.action is Action.CREATE and result.id is not None
        }
        stands = {result.key for result in results if result.kind is Kind.ASSISTANT and result.status is Status.OK}
        naming = changed_with(platform, before.plan, self.loaded, worse)
        naming = {key: named for key, named in naming.items() if key in stands}
        desired = {
            assistant.key: assistant
            for assistant in self.loaded.desired
            if assistant.key in worse or assistant.key in naming
        }
        uploads: frozenset[str] = frozenset()
        try:
            way = await way_back(self.deployment, platform, before, self.loaded, frozenset(desired), made=made)
            self._records.warnings += [diagnostic.summary for diagnostic in way.loaded.diagnostics]
            async with open_record(way.plan) as record:
                done = await carry_out(way, record)
                missing = sum(result.status is not Status.OK for result in done)
                record.shortfall = f"{missing} of {len(done)} changes were not made" if missing else None
                record.touched = any(result.touched for result in done)
                record.done = done_summary(way.plan, done).by_action()
            uploads = uploads_deleted(way.plan, done)
        except AssistctlError as error:
            failures: dict[str, str | None] = dict.fromkeys(desired, why_not(error))
        else:
            failures = {key: failure(assistant, done) for key, assistant in desired.items()}
        self.report = replace(self.report, put_back=failures)
        undone: dict[QualifiedKey, AssistctlError] = {}
        for key, why_failed in failures.items():
            why = told(self.report, key, why_failed) if key in worse else told_with(naming[key], why_failed)
            undone |= dict.fromkeys(_undone_with(desired[key], before.plan), why)
        return TakenBack(undone, uploads)

    def _digest(self, assistant: CheckedAssistant, check: Check) -> str:
        return self._records.digest(check, assistant.files.get(check.index, ()))


def _undone_with(desired: Desired, plan: Plan) -> set[QualifiedKey]:
    """All parts of ``plan`` that are undone with an assistant, the deletions that wait for it included."""
    undone = undone_with(desired, plan)
    undone |= {QualifiedKey(Kind.VECTOR_STORE, store) for store in kept_stores(plan, frozenset({desired.key}))}
    return undone | kept_beside(plan, undone)


def _nothing_answered(rounds: Iterable[tuple[object, Sequence[CheckOutcome]]]) -> bool:
    return all(outcome.status is CheckStatus.ERROR for _, outcomes in rounds for outcome in outcomes)
