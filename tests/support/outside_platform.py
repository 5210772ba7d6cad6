"""A small platform in memory, as another package may bring one, which does as it should or has faults.

Files, vector stores and environments included: ``Shelf`` has those of a ``Cloud``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assistctl.errors import ConflictError, NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities, Support
from assistctl.model.knowledge import ObservedEnvironment
from assistctl.ownership.mark import MARK
from assistctl.platforms.base import ClosedAtEnd
from support.outside_knowledge import Shelf

SOUND = Capabilities(
    fields={
        name: Support()
        for name in (
            "name",
            "model",
            "instructions",
            "metadata",
            "tools.function",
            "tools.code_interpreter",
            "tools.file_search",
            "tool_resources",
            "files.code_interpreter",
            "files.file_search",
        )
    },
    platform_fields=frozenset({"tier"}),
    replaced_together=(("model", "platforms.tier"),),
    defaults={"tier": "standard"},
)
_KEPT = ("name", "model", "instructions", "tools", "tool_resources", "platforms")
_KNOWN_TOOLS = ("function", "code_interpreter", "file_search")


@dataclass
class Cloud(ClosedAtEnd):
    """A platform that does as it should unless one of its ``faults`` is named."""

    faults: frozenset[str] = frozenset()
    name: str = "cloud"
    capabilities: Capabilities = SOUND
    there: dict[str, Observed] = field(default_factory=dict)
    breaks: list[tuple[int, bool]] = field(default_factory=list)
    left: dict[str, ObservedEnvironment] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _revisions: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _shelf: Shelf | None = None

    @property
    def uploads(self) -> Shelf:
        """Its files and vector stores."""
        if self._shelf is None:
            self._shelf = Shelf(self.faults, self.breaks)
        return self._shelf

    @property
    def vector_stores(self) -> Shelf:
        """See ``uploads``."""
        return self.uploads

    async def list_assistants(self) -> Sequence[Observed]:
        """All, the oldest first."""
        listed = [*self.there.values()]
        if "newest first" in self.faults:
            listed.reverse()
        return [replace(assistant, fields=self._answered(assistant.fields)) for assistant in listed]

    async def find_assistant(self, assistant_id: str) -> Observed | None:
        """One of them."""
        if "raises for what is not there" in self.faults and assistant_id not in self.there:
            raise NotFoundError("it is not there")
        return self.there.get(assistant_id)

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """A new one, unless the next request is to break."""
        kept, pairs = self._kept(fields), self._pairs(metadata)
        status, done = self.breaks.pop() if self.breaks else (200, True)
        if status == 429 and "gives up" in self.faults:
            raise PlatformError("too many requests", status=status)
        made = Observed(f"a{next(self._numbers)}", kept, pairs, str(next(self._revisions)))
        if done or status == 429:
            self.there[made.id] = made
        if status >= 500:
            raise (PlatformError if "calls it a failure" in self.faults else OutcomeUnknownError)("HTTP 500")
        return made

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,
    ) -> Observed:
        """What was there, with ``fields`` put in."""
        before = self.there.get(assistant_id)
        if before is None:
            raise NotFoundError("it is not there")
        if revision not in (None, before.revision) and "takes any revision" not in self.faults:
            raise ConflictError("it is at another version", status=409)
        there = dict(before.fields)
        if "forgets the files of an assistant" in self.faults and "tool_resources" not in fields:
            there.pop("tool_resources", None)
        kept, pairs = self._kept({**there, **fields}), self._pairs(metadata)
        newest = before.revision if "keeps its revision" in self.faults else str(next(self._revisions))
        changed = replace(before, fields=self._answered(kept), metadata=pairs, revision=newest)
        if "moves what is changed to the end" in self.faults:
            del self.there[assistant_id]
        self.there[assistant_id] = changed
        return changed

    async def delete_assistant(self, assistant_id: str) -> None:
        """Its environment goes with it."""
        gone = self.there.pop(assistant_id, None)
        if gone is not None and "leaves its environment in use" in self.faults:
            self.left |= {environment.id: environment for environment in self._environments_of(gone)}

    async def list_models(self) -> Mapping[str, str | None] | None:
        """One, without a date."""
        if "raises" in self.faults:
            raise PlatformError("no models")
        return {"gpt-4.1": "soon"} if "dates in words" in self.faults else {"gpt-4.1": None}

    async def list_environments(self) -> Sequence[ObservedEnvironment]:
        """Those of the assistants that have files of the code interpreter."""
        return [environment for made in self.there.values() for environment in self._environments_of(made)] + [
            *self.left.values()
        ]

    async def delete_environment(self, environment_id: str) -> None:
        """One that may be gone."""
        gone = self.left.pop(environment_id, None)
        if gone is None and "an environment is deleted once" in self.faults:
            raise NotFoundError("it is not there")
        if "takes its uploads along" in self.faults:
            self.uploads.uploads.clear()

    async def close(self) -> None:
        """Nothing is open."""

    def _environments_of(self, assistant: Observed) -> list[ObservedEnvironment]:
        resources: Any = assistant.fields.get("tool_resources") or {}
        ids = frozenset(resources.get("code_interpreter", {}).get("file_ids", []))
        if not ids:
            return []
        mark = {} if "forgets whose it is" in self.faults else {MARK: assistant.metadata.get(MARK, "")}
        return [ObservedEnvironment(f"e{assistant.id}", "environment", mark, in_use=True, file_ids=ids)]

    def _kept(self, fields: Mapping[str, Json]) -> dict[str, Json]:
        lost = [name for name in fields if name not in _KEPT and fields[name] is not None]
        if lost:
            raise PlatformError(f"it cannot express {', '.join(lost)}")
        own: Any = fields.get("platforms") or {}
        tier: str = (own.get("cloud") or {}).get("tier") or "standard"
        if "never sent" in self.faults:
            tier = "standard"
        unset: dict[str, Json] = {"instructions": None, "tools": []}
        kept: dict[str, Json] = {**unset, **fields, "platforms": {"cloud": {"tier": tier}}}
        if "never read back" in self.faults:
            del kept["platforms"]
        return kept

    def _answered(self, fields: Mapping[str, Json]) -> dict[str, Json]:
        """The fields as an answer has them."""
        tools: Any = fields.get("tools") or []
        if "drops tools that it does not know" in self.faults:
            tools = [tool for tool in tools if tool["type"] in _KNOWN_TOOLS]
        if "takes what it does not know apart" in self.faults:
            tools = [tool if tool["type"] in _KNOWN_TOOLS else {"type": tool["type"]} for tool in tools]
        return {**fields, "tools": tools} if "tools" in fields else {**fields}

    def _pairs(self, metadata: Mapping[str, str]) -> dict[str, str]:
        """The metadata, within the limits that the capabilities state."""
        limits = self.capabilities.metadata_limits
        if "cuts metadata off" in self.faults:
            return {key[:64]: value[:512] for key, value in [*metadata.items()][:16]}
        if "keeps less than it states" in self.faults:
            limits = replace(limits, pairs=10)
        if "has no limits" not in self.faults and (
            len(metadata) > (limits.pairs or len(metadata))
            or any(len(key) > (limits.key_characters or len(key)) for key in metadata)
            or any(len(value) > (limits.value_characters or len(value)) for value in metadata.values())
        ):
            raise PlatformError("too much metadata", status=400)
        return dict(metadata)
