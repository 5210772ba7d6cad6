"""Past checks, by what was asked and by the state of the assistant that was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistctl.conversing.needed_settings import RUBRIC
from assistctl.conversing.runner import CheckedAssistant
from assistctl.errors import JournalError
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.change import QualifiedKey
from assistctl.model.check_report import Attempt, CheckOutcome
from assistctl.model.checks import Check
from assistctl.model.conversation import MessageFile
from assistctl.model.knowledge import ObservedStore
from assistctl.model.past_check import PastCheck, PastChecks, PastExchange
from assistctl.operations.ask_checks import model_address
from assistctl.operations.deployment import Deployment
from assistctl.operations.gate_findings import surroundings_of
from assistctl.ownership.canonical import canonical_units, digest, dotted
from assistctl.ownership.file_marks import FILES
from assistctl.ownership.mark import users_pairs
from assistctl.ownership.placeholders import store_ids
from assistctl.secrets.redaction import holds_secret

if TYPE_CHECKING:
    from assistctl.journal import Journal

_CHARACTERS = 24


@dataclass(slots=True)
class CheckRecords:
    """The journal's records of the checks on one target. Where it cannot be used, ``warnings`` say so."""

    deployment: Deployment
    warnings: list[str] = field(default_factory=list)
    _journal: Journal | None = None

    async def past(self, key: str) -> PastChecks:
        """The past checks of an assistant; empty where they cannot be read."""
        try:
            return await self._open().past_checks(self.deployment.target.name, key)
        except JournalError as error:
            self._warn(f"how checks came out before could not be read: {error.summary}")
            return PastChecks()

    async def put(self, assistant: CheckedAssistant, state: str, outcomes: Sequence[CheckOutcome]) -> None:
        """Put on record how checks of ``assistant`` in the state ``state`` came out."""
        checks = {check.index: check for check in assistant.checks}
        records = []
        for outcome in outcomes:
            check = self.digest(checks[outcome.index], assistant.files.get(outcome.index, ()))
            if check and outcome.attempts:
                records.append(self._record(outcome, check, state))
        if not records:
            return
        try:
            await self._open().record_checks(self.deployment.target.name, assistant.key, records)
        except JournalError as error:
            self._warn(f"how checks came out is not on record: {error.summary}")

    def digest(self, check: Check, files: Sequence[MessageFile]) -> str:
        """A digest of all that a check asks and wants; empty where that holds a secret."""
        judge = self.deployment.project.checks.judge
        turns: Json = [
            [
                turn.ask,
                [
                    [assertion.name, assertion.value, assertion.threshold, assertion.decisive]
                    for assertion in turn.assertions
                ],
            ]
            for turn in check.turns
        ]
        whole: Json = [
            turns,
            [[file.source.path, file.source.identity.sha256, file.tool] for file in files],
            {name: [answer.output, [*answer.command]] for name, answer in check.tools.items()},
            check.repeat,
            check.at_least,
            judge.model if judge and RUBRIC in check.assertion_types else None,
        ]
        return "" if holds_secret(whole) else digest(whole, salt="check", length=_CHARACTERS)

    def _record(self, outcome: CheckOutcome, check: str, state: str) -> PastCheck:
        answer = outcome.answer or ""
        return PastCheck(
            check,
            state,
            datetime.now(UTC),
            outcome.index,
            outcome.ask,
            outcome.status,
            outcome.held,
            outcome.of,
            round(outcome.seconds, 3),
            outcome.tokens,
            outcome.cost,
            answer_digest(answer),
            _transcript(outcome.shown) if self.deployment.project.checks.transcripts else (),
        )

    def _open(self) -> Journal:
        if self._journal is None:
            self._journal = self.deployment.journal()
        return self._journal

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def answer_digest(answer: str) -> str:
    """A digest of an answer; empty where it holds a secret."""
    return "" if holds_secret(answer) else digest(answer, salt="answer", length=_CHARACTERS)


def state_of(
    deployment: Deployment,
    observed: Observed,
    desired: Desired | None,
    stores: Mapping[str, ObservedStore],
    beside: Mapping[QualifiedKey, Observed],
) -> str:
    """A digest of all that an answer depends on: the assistant, its documents, and where it is answered.

    Empty where that holds a secret. ``stores`` are the vector stores by their ids, ``beside`` what conversations
    have beside an assistant.
    """
    names = surroundings_of(desired) if desired is not None else ()
    used: dict[str, Json] = {str(about): dict(beside[about].fields) for about in sorted(names) if about in beside}
    if (desired is not None and desired.secret_paths) or holds_secret([dict(observed.fields), used]):
        return ""
    pairs = users_pairs(observed.metadata)
    if holds_secret([dict(pairs)]):
        return ""
    units = canonical_units(observed.fields, pairs)
    read = {
        store_id: stores[store_id].metadata.get(FILES, "")
        for store_id in store_ids(observed.fields)
        if store_id in stores
    }
    target = deployment.journal_target()
    whole: Json = [
        target.platform,
        target.address,
        model_address(deployment),
        {dotted(unit): value for unit, value in units.items()},
        {**read},
        *([dict(used)] if used else []),
    ]
    return digest(whole, salt="state", length=_CHARACTERS)


def _transcript(attempt: Attempt) -> tuple[PastExchange, ...]:
    return tuple(PastExchange(exchange.ask, exchange.answer) for exchange in attempt.exchanges)
