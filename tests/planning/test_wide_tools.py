"""A tool with thousands of settings: what it takes to judge them does not grow with their square."""

from __future__ import annotations

from collections import Counter

import pytest

from assistctl.json_value import Json
from assistctl.model.change import Origin
from assistctl.ownership.canonical import digest
from support.planning import ProjectOnStore, declared

SETTINGS = 500


def desk(kind: str) -> dict[str, Json]:
    """A manifest with one wide function tool."""
    properties: dict[str, Json] = {f"p{number}": {"type": kind} for number in range(SETTINGS)}
    parameters: dict[str, Json] = {"type": "object", "properties": properties}
    return {
        "model": "gpt-4o",
        "tools": [{"type": "function", "function": {"name": "look_up", "parameters": parameters}}],
    }


def test_all_differences_in_one_tool_are_judged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    project = ProjectOnStore()
    project.carry_out(project.plan([declared("desk", desk("string"))]))
    asked: Counter[str] = Counter()

    def counted(value: Json, *, salt: str, length: int) -> str:
        asked[salt] += 1
        return digest(value, salt=salt, length=length)

    monkeypatch.setattr("assistctl.ownership.mark.digest", counted)
    [change] = project.plan([declared("desk", desk("number"))]).changes
    assert len(change.diffs) == SETTINGS
    assert {diff.origin for diff in change.diffs} == {Origin.MANIFEST}
    assert 0 < asked["tools[look_up]"] < SETTINGS / 10
