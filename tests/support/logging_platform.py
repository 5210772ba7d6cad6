"""A platform for the engine's tests: an in-memory service that logs its calls and fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities
from assistctl.platforms.base import ClosedAtEnd
from support.assistants_store import CAPABILITIES, AssistantsStore


@dataclass(frozen=True, slots=True)
class Call:
    """One request: ``list``, ``create``, ``update`` or ``delete``, and whom it was about (a name, else an id)."""

    method: str
    about: str = ""


@dataclass(slots=True)
class LoggingPlatform(ClosedAtEnd):
    """``Platform`` over a store.

    A call in ``failures`` raises its error: before anything is done, or after it when it is in ``lost_answers``.
    ``forgets`` are fields that are accepted and not kept. With a ``cancellation`` every change waits for it.
    ``before_create`` is what somebody does right before a create is carried out.
    """

    store: AssistantsStore = field(default_factory=AssistantsStore)
    failures: dict[Call, PlatformError] = field(default_factory=dict)
    lost_answers: set[Call] = field(default_factory=set)
    forgets: frozenset[str] = frozenset()
    cancellation: asyncio.Event | None = None
    before_create: Callable[[], object] = lambda: None
    calls: list[Call] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    name: str = "in-memory"
    capabilities: Capabilities = CAPABILITIES
    uploads: None = None
    vector_stores: None = None

    @property
    def changing_calls(self) -> list[Call]:
        """The calls that are not mere looks."""
        return [call for call in self.calls if call.method != "list"]

    async def list_assistants(self) -> Sequence[Observed]:
        """See ``Platform``."""
        call = Call("list")
        await self._begin(call)
        self._end(call)
        return self.store.listed()

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """See ``Platform``."""
        self.before_create()
        call = Call("create", str(fields.get("name")))
        await self._begin(call)
        try:
            answer = self.store.create(self._kept(fields), metadata)
        finally:
            self._end(call)
        return answer

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,
    ) -> Observed:
        """See ``Platform``."""
        assert revision is None
        call = Call("update", assistant_id)
        await self._begin(call)
        try:
            answer = self.store.update(assistant_id, self._kept(fields), metadata)
        finally:
            self._end(call)
        return answer

    async def delete_assistant(self, assistant_id: str) -> None:
        """See ``Platform``."""
        call = Call("delete", assistant_id)
        await self._begin(call)
        try:
            self.store.delete(assistant_id)
        except NotFoundError:
            return
        finally:
            self._end(call)

    async def list_models(self) -> None:
        """See ``Platform``: this one does not say."""

    async def close(self) -> None:
        """See ``ClosedAtEnd``: there is nothing to close."""

    async def _begin(self, call: Call) -> None:
        self.calls.append(call)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await (self.cancellation.wait() if self.cancellation and call.method != "list" else asyncio.sleep(0))
        if call in self.failures and call not in self.lost_answers:
            self.under_way -= 1
            raise self.failures[call]

    def _end(self, call: Call) -> None:
        self.under_way -= 1
        if call in self.lost_answers:
            raise self.failures[call]

    def _kept(self, fields: Mapping[str, Json]) -> dict[str, Json]:
        return {name: value for name, value in fields.items() if name not in self.forgets}
