"""Changes that met a newer version: the same again, or told as different."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from assistctl.applying.conflicts import planned_again
from assistctl.applying.engine import carry_out
from assistctl.errors import ConflictError, PlatformError
from assistctl.model.change import Action, Blocked, Change, FieldDiff, Origin, Request, Status
from assistctl.model.kind import Kind
from support.logging_platform import Call, LoggingPlatform
from support.planning import ProjectOnStore, declared

DIFF = FieldDiff("instructions", "one", "two", Origin.MANIFEST)
CHANGE = Change(Kind.ASSISTANT, "desk", "a1", Action.UPDATE, "manifest changed", (DIFF,), request=Request({}, {}))
CONFLICT = ConflictError("version 2 is there", status=409)


def again(now: Change | None) -> Change:
    async def replan(_: Change) -> Change | None:
        return now

    return asyncio.run(planned_again(CHANGE, CONFLICT, replan))


def test_the_same_change_is_made_with_what_is_there_now() -> None:
    now = replace(CHANGE, reason="whatever", request=Request({}, {"theirs": "1"}, revision="2"))
    assert again(now) is now


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (None, "nothing is left to do"),
        (replace(CHANGE, diffs=(replace(DIFF, old="three"),)), "a different one (instructions)"),
        (replace(CHANGE, diffs=(DIFF, replace(DIFF, path="model"))), "a different one (model)"),
        (replace(CHANGE, action=Action.ADOPT), "a different one"),
        (replace(CHANGE, blocked=Blocked.ADOPTION), "a different one"),
        (
            replace(CHANGE, diffs=tuple(replace(DIFF, path=f"metadata.{n}") for n in range(9))),
            "metadata.3 and 5 more)",
        ),
    ],
)
def test_a_different_change_is_not_made(now: Change | None, words: str) -> None:
    with pytest.raises(ConflictError) as caught:
        again(now)
    assert words in caught.value.summary
    assert "version 2 is there" in caught.value.summary
    assert caught.value.status == 409


def test_a_failure_to_plan_again_is_the_changes_failure() -> None:
    project = ProjectOnStore()
    project.apply([declared("desk", {"model": "m"}), declared("noon", {"model": "m"})])
    plan = project.plan([declared("desk", {"model": "n"}), declared("noon", {"model": "n"})])
    platform = LoggingPlatform(project.store, failures={Call("update", "asst_1"): CONFLICT})

    async def replan(_: Change) -> Change | None:
        raise PlatformError("the platform is gone")

    failed, made = asyncio.run(carry_out(plan, platform, replan=replan))
    assert (failed.status, failed.touched) == (Status.FAILED, False)
    assert "the platform is gone" in str(failed.error)
    assert made.status is Status.OK


@pytest.mark.parametrize("able", [True, False])
def test_it_is_planned_again_once_and_only_where_somebody_can(able: bool) -> None:
    project = ProjectOnStore()
    project.apply([declared("desk", {"model": "m"})])
    plan = project.plan([declared("desk", {"model": "n"})])
    platform = LoggingPlatform(project.store, failures={Call("update", "asst_1"): CONFLICT})
    asked: list[Change] = []

    async def replan(change: Change) -> Change | None:
        asked.append(change)
        return change

    (result,) = asyncio.run(carry_out(plan, platform, replan=replan if able else None))
    assert result.status is Status.FAILED
    assert asked == list(plan.changes if able else ())
    assert len(platform.changing_calls) == (2 if able else 1)
