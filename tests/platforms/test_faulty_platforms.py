"""The suite for platforms sees the faults that platforms of other packages are likely to have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistctl.errors import PlatformError
from assistctl.model.capabilities import Capabilities, RosterEntry, Support
from assistctl.model.capability_problems import problems_in
from assistctl.testing.platform_suite import PlatformSuite
from support.outside_platform import SOUND, Cloud


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
    assert any(sentence.startswith(problem) for sentence in problems_in(capabilities))
    assert problems_in(SOUND) == []
