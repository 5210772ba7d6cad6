"""Assistants that name others in the same plan: what those have become, once it is known."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.applying.cancellation import NotBegunError, UnfinishedError
from assistctl.errors import AssistctlError, PlatformError
from assistctl.model.plan import Action, Change, Kind, Plan, Request
from assistctl.ownership.assistant_references import id_token, key_of, revision_token, tokens_in_own_fields


@dataclass(frozen=True, slots=True)
class Version:
    """An assistant after its change."""

    id: str
    revision: str | None


@dataclass(slots=True)
class NamedAssistants:
    """The assistants that others of a plan name by key. Ends are told by whoever makes their changes.

    There is no circle in them: manifests that name each other are refused.
    """

    known: Mapping[str, str]
    _coming: dict[str, asyncio.Future[Version | Exception]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> NamedAssistants:
        """Those of ``plan``."""
        loop = asyncio.get_running_loop()
        changes = (one for one in plan.changes if one.kind is Kind.ASSISTANT and one.action is not Action.DELETE)
        return cls(plan.knowledge.known, {change.key: loop.create_future() for change in changes})

    def ended(self, change: Change, outcome: Version | Exception) -> None:
        """Note what has become of an assistant."""
        coming = self._coming.get(change.key)
        if coming is not None and not coming.done():
            coming.set_result(outcome)

    async def ids_for(self, request: Request) -> dict[str, str]:
        """What the tokens in a request stand for, once it is there. Raises why it is not."""
        tokens = tokens_in_own_fields(request.fields)
        found: dict[str, str] = {}
        for key in sorted({key_of(token) for token in tokens}):
            found |= await self._tokens_of(key)
        return found

    async def _tokens_of(self, key: str) -> dict[str, str]:
        if key not in self._coming:
            return {token: self.known[token] for token in (id_token(key), revision_token(key))}
        outcome = await self._coming[key]
        if isinstance(outcome, NotBegunError | UnfinishedError):
            raise NotBegunError(outcome.why)
        if isinstance(outcome, Exception):
            why = outcome.summary if isinstance(outcome, AssistctlError) else str(outcome)
            raise PlatformError(f"it was left as it is, because of {key}, which it names: {why}")
        return {id_token(key): outcome.id, revision_token(key): outcome.revision or ""}
