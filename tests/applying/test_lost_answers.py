"""A create whose answer is lost: found by its mark, never sent again, and told truly when it is not found."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from assistctl.applying.engine import carry_out
from assistctl.errors import OutcomeUnknownError, PlatformError
from assistctl.model.change import Result, Status
from assistctl.model.plan import Plan
from support.logging_platform import Call, LoggingPlatform
from support.planning import ProjectOnStore, declared

DESK = declared("a", {"model": "m"})


def run(platform: LoggingPlatform, plan: Plan) -> tuple[Result, ...]:
    return asyncio.run(carry_out(plan, platform, alone=True))


def lost_create(*, carried_out: bool, error: PlatformError | None = None) -> LoggingPlatform:
    """A platform whose answer to the create of ``a`` is lost."""
    call = Call("create", "a")
    failures = {call: error or OutcomeUnknownError("no answer in time")}
    return LoggingPlatform(failures=failures, lost_answers={call} if carried_out else set())


def marked(plan: Plan) -> Mapping[str, str]:
    """The metadata that the plan's one change gives."""
    [change] = plan.changes
    assert change.request is not None
    return change.request.metadata


def test_a_create_with_a_lost_answer_is_found_by_its_mark_and_not_repeated() -> None:
    platform = lost_create(carried_out=True)
    project = ProjectOnStore(platform.store)
    platform.store.create({"name": "a", "model": "m"}, {})

    results = run(platform, project.plan([DESK], adopt=False))

    assert [(result.status, result.id, result.touched) for result in results] == [(Status.OK, "asst_2", True)]
    # A look before it, one for what became of it, and one for others with its mark.
    assert platform.calls == [Call("list"), Call("create", "a"), Call("list"), Call("list")]
    assert project.plan([DESK]).changes == ()


def test_a_create_that_cannot_be_found_is_a_failure_that_says_so() -> None:
    platform = lost_create(carried_out=False)

    (result,) = run(platform, ProjectOnStore(platform.store).plan([DESK]))

    assert (result.status, result.touched, result.id) == (Status.FAILED, False, None)
    assert result.error == (
        "whether it was created is not known: no answer in time. "
        "Nothing with its mark is listed yet; the next apply looks again before it creates."
    )
    assert platform.changing_calls == [Call("create", "a")]


def test_a_create_that_cannot_be_looked_for_is_not_known_either() -> None:
    platform = lost_create(carried_out=True)
    down = {Call("list"): PlatformError("the network is down")}
    platform.before_create = lambda: platform.failures.update(down)

    (result,) = run(platform, ProjectOnStore(platform.store).plan([DESK]))

    assert result.status is Status.FAILED
    assert result.error is not None
    assert "whether it was created is not known: no answer in time" in result.error
    assert "the network is down" in result.error


def test_two_with_the_mark_are_not_guessed_between() -> None:
    platform = lost_create(carried_out=True)
    project = ProjectOnStore(platform.store)
    plan = project.plan([DESK])
    platform.before_create = lambda: platform.store.create({"name": "a", "model": "m"}, marked(plan))

    (result,) = run(platform, plan)

    assert result.status is Status.FAILED
    assert result.error is not None
    assert "2 carry its mark: asst_1, asst_2" in result.error
    assert "Nothing" not in result.error


def test_a_create_that_was_surely_refused_is_not_looked_for() -> None:
    platform = lost_create(carried_out=False, error=PlatformError("no", status=400))
    run(platform, ProjectOnStore(platform.store).plan([DESK]))
    assert platform.calls == [Call("list"), Call("create", "a")]


def test_what_was_not_listed_when_it_was_planned_is_not_made_again() -> None:
    platform = LoggingPlatform()
    project = ProjectOnStore(platform.store)
    plan = project.plan([DESK])
    project.apply([DESK])

    (result,) = run(platform, plan)

    assert (result.status, result.touched) == (Status.FAILED, False)
    assert result.error is not None
    assert result.error.startswith(
        "asst_1 carries the mark of a; the platform did not list it when this was planned"
    )
    assert platform.changing_calls == []


def test_what_cannot_be_looked_for_behind_a_create_is_not_taken_for_the_only_one() -> None:
    platform = LoggingPlatform()
    down = {Call("list"): PlatformError("the network is down")}
    platform.before_create = lambda: platform.failures.update(down)

    (result,) = run(platform, ProjectOnStore(platform.store).plan([DESK]))

    assert (result.status, result.touched, result.id) == (Status.FAILED, True, "asst_1")
    assert result.error is not None
    assert "could not be looked up: the network is down" in result.error
