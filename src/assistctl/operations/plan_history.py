"""Additions to a plan from the journal: why things are missing, and that the target was elsewhere before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import JournalError
from assistctl.model.assistant import Observed
from assistctl.model.change import Missing
from assistctl.model.kind import Kind
from assistctl.model.knowledge import ObservedStore
from assistctl.model.plan import Plan
from assistctl.operations.deployment import Deployment
from assistctl.operations.listed_files import ListedFiles
from assistctl.ownership.mark import read_mark
from assistctl.planning.absence import explained

if TYPE_CHECKING:
    from assistctl.journal import Journal, JournalTarget

# How long the record may take to be read, in seconds: a plan can do without it.
_PATIENCE = 10.0


async def with_history(
    plan: Plan, deployment: Deployment, files: ListedFiles, observed: Sequence[Observed | ObservedStore]
) -> Plan:
    """``plan`` with what the journal tells of it; as it is, where the journal cannot be read.

    ``observed`` is all that was listed, and ``files`` are those of the platform. Where nothing of the project is
    there and everything is new, a warning says that the target was somewhere else, if it was.
    """
    assistants = [thing for thing in observed if isinstance(thing, Observed)]
    is_new = plan.summary.create and not deployment.owns_any(assistants)
    if not (plan.missing or is_new):
        return plan
    try:
        journal = deployment.journal()
    except JournalError:
        return plan
    if plan.missing:
        missing = await _explained(plan.missing, journal, deployment, files, observed)
        plan = replace(plan, missing=missing)
    moved = await _former_place(journal, deployment.journal_target()) if is_new else None
    return plan if moved is None else replace(plan, diagnostics=(moved, *plan.diagnostics))


async def _explained(
    missing: tuple[Missing, ...],
    journal: Journal,
    deployment: Deployment,
    listed_files: ListedFiles,
    observed: Sequence[Observed | ObservedStore],
) -> tuple[Missing, ...]:
    from assistctl.journal import past_ids

    owned = [thing.id for thing in observed if _is_owned(deployment, thing)]
    past = await past_ids(journal, deployment.journal_target(), owned)
    present = {thing.id for thing in observed}
    if listed_files.platform.uploads is not None:
        files = (past.last.get((thing.kind, thing.key)) for thing in missing if thing.kind is Kind.FILE)
        named = {file_id for file_id in files if file_id is not None}
        present |= named - await listed_files.gone(named)
    return explained(missing, past, present)


def _is_owned(deployment: Deployment, thing: Observed | ObservedStore) -> bool:
    mark = read_mark(thing.metadata)
    return mark is not None and mark.owned_by(deployment.owner, deployment.target.name)


async def _former_place(journal: Journal, now: JournalTarget) -> Diagnostic | None:
    """A warning when all applies on record went to the target's name at another platform or address.

    ``None`` where one went to where it is now, and where there is no record that can be read.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            applies = await journal.applies(now.name)
    except (JournalError, TimeoutError):
        return None
    targets = [past.header.target for past in applies if past.header is not None]
    if not targets or any((target.platform, target.address) == (now.platform, now.address) for target in targets):
        return None
    then = targets[0]
    where = f"on the platform {then.platform}" if then.platform != now.platform else "at another address"
    return Diagnostic(
        Severity.WARNING,
        f"the target {now.name} was {where} when it was last applied; what was deployed then stays there",
        "Everything is created anew here. To have both, keep the target as it was and declare the new place as a "
        "target of its own; `assistctl migrate` says what is lost on the way. To leave the old place, go back to "
        "it once for `assistctl destroy`, or for `assistctl forget`.",
    )
