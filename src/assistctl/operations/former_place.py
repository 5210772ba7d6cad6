"""A target that is somewhere else than it was: what was deployed there is there still, and no plan sees it."""

from __future__ import annotations

import asyncio

from assistctl.errors import JournalError
from assistctl.journal import Journal, JournalTarget
from assistctl.model.plan import Diagnostic, Severity

# How long the record may take to be read, in seconds: a plan can do without it.
_PATIENCE = 10.0


async def former_place(journal: Journal, now: JournalTarget) -> Diagnostic | None:
    """A warning when all applies on record went to the target's name at another platform or address.

    ``None`` where one went to where it is now, and where there is no record that can be read.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            applies = await journal.applies(now.name)
    except (JournalError, TimeoutError):
        return None
    targets = [past.header.target for past in applies if past.header is not None]
    if not targets or any((one.platform, one.address) == (now.platform, now.address) for one in targets):
        return None
    then = targets[0]
    where = f"on the platform {then.platform}" if then.platform != now.platform else "at another address"
    return Diagnostic(
        Severity.WARNING,
        f"the target {now.name} was {where} when it was last applied; what is there stays there",
        "Everything is created anew here. To have both, keep the target as it was and declare the new place as a "
        "target of its own; `assistctl migrate` says what is lost on the way. To leave the old place, go back to "
        "it once for `assistctl destroy`, or for `assistctl forget`.",
    )
