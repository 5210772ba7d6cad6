"""Things that name others in the same plan: what those have become, once it is known."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.applying.cancellation import NotBegunError, UnfinishedError
from assistctl.errors import AssistctlError, PlatformError
from assistctl.model.plan import Action, Change, Plan, QualifiedKey, Request
from assistctl.ownership.references_by_key import (
    REFERABLE,
    id_token,
    named_by,
    revision_token,
    tokens_in_own_fields,
)


@dataclass(frozen=True, slots=True)
class Version:
    """A thing after its change."""

    id: str
    revision: str | None


@dataclass(slots=True)
class NamedThings:
    """The things that others of a plan name by key. Ends are told by whoever makes their changes.

    There is no circle in them: manifests that name each other are refused.
    """

    known: Mapping[str, str]
    _coming: dict[QualifiedKey, asyncio.Future[Version | Exception]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> NamedThings:
        """Those of ``plan``."""
        loop = asyncio.get_running_loop()
        changes = (one for one in plan.changes if one.kind in REFERABLE and one.action is not Action.DELETE)
        return cls(plan.knowledge.known, {change.qualified_key: loop.create_future() for change in changes})

    def ended(self, change: Change, outcome: Version | Exception) -> None:
        """Note what has become of something."""
        coming = self._coming.get(change.qualified_key)
        if coming is not None and not coming.done():
            coming.set_result(outcome)

    async def ids_for(self, request: Request) -> dict[str, str]:
        """What the tokens in a request stand for, once it is there. Raises why it is not."""
        tokens = tokens_in_own_fields(request.fields)
        found: dict[str, str] = {}
        for about in sorted({named_by(token) for token in tokens}):
            found |= await self._tokens_of(about)
        return found

    async def _tokens_of(self, about: QualifiedKey) -> dict[str, str]:
        if about not in self._coming:
            return {token: self.known[token] for token in (id_token(about), revision_token(about))}
        outcome = await self._coming[about]
        if isinstance(outcome, NotBegunError | UnfinishedError):
            raise NotBegunError(outcome.why)
        if isinstance(outcome, Exception):
            why = outcome.summary if isinstance(outcome, AssistctlError) else str(outcome)
            raise PlatformError(f"it was left as it is, because of {about}, which it names: {why}")
        return {id_token(about): outcome.id, revision_token(about): outcome.revision or ""}
