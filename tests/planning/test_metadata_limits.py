"""Metadata beyond the limits that a platform states is an error of the manifest, with its place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import Capabilities, MetadataLimits, Support
from assistctl.model.capability_problems import problems_in
from assistctl.model.plan import PlanOptions, TargetName
from assistctl.planning.capability_check import check_expressible
from assistctl.planning.planner import make_plan
from assistctl.platforms.registry import capabilities_of

FIELDS = {name: Support() for name in ("name", "model", "metadata")}
PAIRS: dict[str, Json] = {f"k{number}": "v" for number in range(12)}


def told(metadata: Mapping[str, Json], limits: MetadataLimits) -> list[tuple[str, str, int]]:
    place = Position("assistants/desk.yaml", 7, 3)
    desired = Desired(
        "desk", {"name": "desk", "model": "m", "metadata": dict(metadata)}, place, positions={"metadata": place}
    )
    found = check_expressible(desired, "cloud", Capabilities(FIELDS, metadata_limits=limits))
    return [
        (diagnostic.path, diagnostic.summary, diagnostic.position.line if diagnostic.position else 0)
        for diagnostic in found
    ]


@pytest.mark.parametrize(
    ("metadata", "limits", "path", "words"),
    [
        (PAIRS, MetadataLimits(pairs=15), "metadata", "has 12 pairs, and cloud has room for 11"),
        (PAIRS, MetadataLimits(reserved=1), "metadata", "has 12 pairs, and cloud has room for 11"),
        ({"k" * 33: "v"}, MetadataLimits(key_characters=32), f"metadata.{'k' * 33}", "has 33 characters"),
        ({"k": "v" * 600}, MetadataLimits(), "metadata.k", "has 600 characters, and cloud keeps 512"),
    ],
)
def test_what_is_too_much_is_told(
    metadata: Mapping[str, Json], limits: MetadataLimits, path: str, words: str
) -> None:
    ((where, summary, line),) = told(metadata, limits)
    assert (where, line) == (path, 7)
    assert words in summary


@pytest.mark.parametrize("limits", [MetadataLimits(), MetadataLimits(None, None, None)])
def test_what_fits_is_not(limits: MetadataLimits) -> None:
    assert told(PAIRS, limits) == []


def test_the_name_of_an_agent_takes_a_pair_on_foundry() -> None:
    desired = Desired("desk", {"name": "desk", "model": "m", "metadata": PAIRS}, Position("assistants/desk.yaml"))
    capabilities = capabilities_of("azure-foundry")
    plan = make_plan([desired], [], PlanOptions("acme", TargetName("prod", "azure-foundry")), capabilities)
    assert [diagnostic.summary for diagnostic in plan.diagnostics if diagnostic.path == "metadata"] == [
        "metadata has 12 pairs, and azure-foundry has room for 11"
    ]


@pytest.mark.parametrize(
    "limits",
    [MetadataLimits(pairs=3), MetadataLimits(pairs=5, reserved=2), MetadataLimits(value_characters=500)],
)
def test_limits_without_room_for_marks_are_a_problem(limits: MetadataLimits) -> None:
    (problem,) = problems_in(Capabilities(FIELDS, metadata_limits=limits))
    assert problem.startswith("metadata_limits has")
