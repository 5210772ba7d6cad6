"""Things that name others in the same plan: what those have become, once it is known, and which goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from assistctl.applying.cancellation import NotAttemptedError, NotBegunError, UnfinishedError
from assistctl.applying.operations import OperationLog
from assistctl.errors import PlatformError
from assistctl.model.change import Action, Change, QualifiedKey, Request
from assistctl.model.circles import circles_in
from assistctl.model.plan import Plan
from assistctl.ownership.references_by_key import (
    REFERABLE,
    id_token,
    named_by,
    revision_token,
    tokens_in_own_fields,
)
from assistctl.planning.named_ids import ids_named


@dataclass(frozen=True, slots=True)
class Version:
    """A thing after its change."""

    id: str
    revision: str | None


@dataclass(slots=True)
class NamedThings:
    """The things that others of a plan name by key. Ends are told by whoever makes their changes.

    What waits for another waits until that has ended; where they name each other, until it is there.
    """

    known: Mapping[str, str]
    _coming: dict[QualifiedKey, asyncio.Future[Version | Exception]] = field(default_factory=dict)
    _existing: dict[QualifiedKey, asyncio.Future[Version | Exception]] = field(default_factory=dict)
    _circles: Mapping[QualifiedKey, frozenset[QualifiedKey]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> NamedThings:
        """Those of ``plan``."""
        loop = asyncio.get_running_loop()
        changes = [
            change for change in plan.changes if change.kind in REFERABLE and change.action is not Action.DELETE
        ]
        coming, existing = ({change.qualified_key: loop.create_future() for change in changes} for _ in range(2))
        for change in changes:
            if change.id is not None:
                existing[change.qualified_key].set_result(Version(change.id, None))
        named = {
            change.qualified_key: _named_in(change.request) for change in changes if change.request is not None
        }
        return cls(plan.knowledge.known, coming, existing, circles_in(named))

    def created(self, change: Change, version: Version) -> None:
        """Note that something is there, although not all of it yet."""
        existing = self._existing.get(change.qualified_key)
        if existing is not None and not existing.done():
            existing.set_result(version)

    def ended(self, change: Change, outcome: Version | Exception) -> None:
        """Note what has become of something."""
        for futures in (self._coming, self._existing):
            future = futures.get(change.qualified_key)
            if future is not None and not future.done():
                future.set_result(outcome)

    async def ids_for(self, change: Change, request: Request) -> dict[str, str]:
        """The ids behind the tokens in a request of ``change``, once they exist.

        Raises the reason if one does not.
        """
        circle = self._circles.get(change.qualified_key, ())
        found: dict[str, str] = {}
        for about in sorted(_named_in(request)):
            found |= await self._tokens_of(about, self._existing if about in circle else self._coming)
        return found

    async def _tokens_of(
        self, about: QualifiedKey, coming: Mapping[QualifiedKey, asyncio.Future[Version | Exception]]
    ) -> dict[str, str]:
        if about not in coming:
            return {token: self.known[token] for token in (id_token(about), revision_token(about))}
        outcome = await coming[about]
        if isinstance(outcome, NotBegunError | UnfinishedError):
            raise NotBegunError(outcome.why)
        if isinstance(outcome, Exception):
            raise NotAttemptedError(f"{about}, which it names, failed") from outcome
        return {id_token(about): outcome.id, revision_token(about): outcome.revision or ""}


def _named_in(request: Request) -> frozenset[QualifiedKey]:
    return frozenset(map(named_by, tokens_in_own_fields(request.fields)))


@dataclass(frozen=True)
class DeletionOrder:
    """The order of deletions: before something of ``plan`` goes, all that names it goes or stops naming it."""

    plan: Plan

    def in_waves(self, deletes: Iterable[Change]) -> Iterator[list[Change]]:
        """``deletes`` in groups to be made one after the other. What names each other goes together."""
        waiting = {change.id: change for change in deletes}
        while waiting:
            unnamed = [change for change in waiting.values() if not self._is_named_by(change, waiting)]
            wave = unnamed or [*waiting.values()]
            yield wave
            for change in wave:
                del waiting[change.id]

    def require_unnamed(self, change: Change, log: OperationLog) -> None:
        """Raise ``PlatformError`` when something that was to stop naming it has not been changed."""
        for other in self._naming.get(change.id, ()):
            operation = log.change(other)
            if operation.is_over and not operation.is_done:
                raise PlatformError(f"not attempted: {other.key}, which names it, was not changed", "Apply again.")

    def _is_named_by(self, change: Change, waiting: Mapping[str | None, Change]) -> bool:
        return any(other.id in waiting for other in self._naming.get(change.id, ()))

    @cached_property
    def _naming(self) -> Mapping[str | None, Sequence[Change]]:
        """The changes of what named things that are to be deleted, by the ids of those."""
        things = [change for change in self.plan.changes if change.kind in REFERABLE]
        naming: dict[str | None, list[Change]] = {
            change.id: [] for change in things if change.action is Action.DELETE
        }
        for change in things:
            for object_id in _names(change) & naming.keys():
                naming[object_id].append(change)
        return naming


def _names(change: Change) -> frozenset[str]:
    before = change.before
    return ids_named(before.fields, before.metadata) - {before.id} if before is not None else frozenset()
