"""The suite for platforms sees the faults that platforms of other packages are likely to have."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from assistctl.errors import ConflictError, NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.model.capabilities import Capabilities, RosterEntry, Support
from assistctl.model.capability_problems import problems_in
from assistctl.model.plan import Json, Observed
from assistctl.platforms.base import ClosedAtEnd
from assistctl.testing.platform_suite import PlatformSuite

SOUND = Capabilities(
    fields={name: Support() for name in ("name", "model", "instructions", "metadata", "tools.function")},
    platform_fields=frozenset({"tier"}),
    replaced_together=(("model", "platforms.tier"),),
    defaults={"tier": "standard"},
)


@dataclass
class Cloud(ClosedAtEnd):
    """A platform in memory, which does as it should unless one of its ``faults`` is named."""

    faults: frozenset[str] = frozenset()
    name: str = "cloud"
    capabilities: Capabilities = SOUND
    knowledge: None = None
    there: dict[str, Observed] = field(default_factory=dict)
    breaks: list[tuple[int, bool]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def list_assistants(self) -> Sequence[Observed]:
        return list(self.there.values())

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        status, done = self.breaks.pop() if self.breaks else (200, True)
        if status == 429 and "gives up" in self.faults:
            raise PlatformError("too many requests", status=status)
        if done or status == 429:
            made = Observed(f"a{next(self._numbers)}", self._kept(fields), dict(metadata), "1")
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
        before = self.there.get(assistant_id)
        if before is None:
            raise NotFoundError("it is not there")
        if revision not in (None, before.revision):
            raise ConflictError("it is at another version", status=409)
        kept = self._kept({**before.fields, **fields})
        self.there[assistant_id] = replace(
            before, fields=kept, metadata=dict(metadata), revision=str(int(before.revision or 0) + 1)
        )
        return self.there[assistant_id]

    async def delete_assistant(self, assistant_id: str) -> None:
        self.there.pop(assistant_id, None)

    async def list_models(self) -> Mapping[str, str | None] | None:
        if "raises" in self.faults:
            raise PlatformError("no models")
        return {"gpt-4.1": "soon"} if "dates in words" in self.faults else {"gpt-4.1": None}

    async def close(self) -> None:
        """Nothing is open."""

    def _kept(self, fields: Mapping[str, Json]) -> dict[str, Json]:
        own: Any = fields.get("platforms") or {}
        tier: str = (own.get("cloud") or {}).get("tier") or "standard"
        if "never sent" in self.faults:
            tier = "standard"
        kept: dict[str, Json] = {**fields, "platforms": {"cloud": {"tier": tier}}}
        if "never read back" in self.faults:
            del kept["platforms"]
        return kept


class Suite(PlatformSuite):
    """The suite as an outside package has it; pytest collects it where it is called for."""

    __test__ = False
    own_samples = ({"tier": "flex"},)


def breaking(cloud: Cloud) -> Any:
    return lambda status, done: cloud.breaks.append((status, done))


def looked_at(cloud: Cloud, test: str, **more: Any) -> None:
    """One test of the suite on that platform."""
    getattr(Suite(), test)(cloud, **more)


OWN = "test_own_fields_are_sent_read_back_and_taken_back"
LOST = "test_a_create_whose_answer_is_lost_may_have_been_carried_out"
THROTTLED = "test_what_is_refused_for_now_is_asked_for_again"
MODELS = "test_models_are_told_or_not"


@pytest.mark.parametrize("test", [OWN, LOST, THROTTLED, MODELS, "test_plans_converge"])
def test_a_sound_platform_passes(test: str) -> None:
    cloud = Cloud()
    looked_at(cloud, test, **({"break_next": breaking(cloud)} if test in {LOST, THROTTLED} else {}))


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("never sent", OWN),
        ("never read back", OWN),
        ("calls it a failure", LOST),
        ("gives up", THROTTLED),
        ("raises", MODELS),
        ("dates in words", MODELS),
    ],
)
def test_a_faulty_one_does_not(fault: str, test: str) -> None:
    cloud = Cloud(frozenset({fault}))
    with pytest.raises((AssertionError, PlatformError, ValueError)):
        looked_at(cloud, test, **({"break_next": breaking(cloud)} if test in {LOST, THROTTLED} else {}))


def test_an_own_field_without_a_sample_is_told() -> None:
    cloud = Cloud(capabilities=replace(SOUND, platform_fields=frozenset({"tier", "region"})))
    with pytest.raises(AssertionError):
        looked_at(cloud, "test_there_is_a_sample_of_each_own_field")


@pytest.mark.parametrize(
    ("capabilities", "problem"),
    [
        (
            replace(SOUND, replaced_together=(("model", "platforms.teir"),)),
            "replaced_together names platforms.teir",
        ),
        (replace(SOUND, replaced_together=(("modle",),)), "replaced_together names modle"),
        (replace(SOUND, defaults={"teir": "x"}), "defaults names teir"),
        (replace(SOUND, computed=frozenset({"effort"})), "computed names effort"),
        (replace(SOUND, write_only=frozenset({"effort"})), "write_only names effort"),
        (replace(SOUND, roster_entry=RosterEntry(revision="id")), "roster_entry needs"),
        (replace(SOUND, fields={"name": Support()}), "fields lacks model"),
    ],
)
def test_what_capabilities_name_is_there(capabilities: Capabilities, problem: str) -> None:
    assert any(one.startswith(problem) for one in problems_in(capabilities))
    assert problems_in(SOUND) == []
