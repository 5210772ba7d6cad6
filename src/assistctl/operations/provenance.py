"""Finding out where a plan comes from."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

from assistctl.model.provenance import Provenance
from assistctl.operations.deployment import Deployment
from assistctl.operations.target_connection import address_of
from assistctl.secrets.addresses import shown_address

if TYPE_CHECKING:
    from assistctl.journal import Actor


async def provenance_of(deployment: Deployment) -> Provenance:
    """The provenance of a plan that is made now. Never fails: the unknown is left out."""
    from assistctl.journal import current_actor

    project = deployment.project
    actor = await asyncio.to_thread(current_actor, project.directory, project.settings)
    git, run = actor.git, actor.ci
    return Provenance(
        address=_address(deployment),
        commit=git.commit if git else None,
        branch=(git.branch if git else None) or (run.branch if run else None),
        dirty=git.dirty if git else None,
        by=_who(actor),
        run=run.url if run else None,
        at=dt.datetime.now(dt.UTC).replace(microsecond=0),
    )


def _address(deployment: Deployment) -> str:
    url, *rest = address_of(deployment.project, deployment.target).split("\n")
    return ", ".join(filter(None, (*map(shown_address, url.split()), *rest)))


def _who(actor: Actor) -> str:
    if actor.ci is None:
        return f"{actor.user}@{actor.host}"
    return f"{actor.ci.actor} ({actor.ci.system})" if actor.ci.actor else actor.ci.system
