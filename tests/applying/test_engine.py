"""The engine over a service in memory: order, bounds, failures, and a true account of each change."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.engine import carry_out
from assistctl.applying.progress import ProgressListener
from assistctl.applying.verification import rejected_fields
from assistctl.errors import ConflictError, NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Action, Result, Status
from assistctl.model.plan import Plan
from support.assistants_store import AssistantsStore
from support.logging_platform import Call, LoggingPlatform
from support.planning import POLICY, ProjectOnStore, declared


def desk(key: str, **fields: Json) -> Desired:
    return declared(key, {"model": "m", **fields})


def deployed(*keys: str) -> ProjectOnStore:
    """A project that has an assistant for each key: ``asst_1``, ``asst_2``, … in the order of the keys."""
    project = ProjectOnStore(AssistantsStore(), replace(POLICY, allow_deletes=True))
    project.apply([desk(key) for key in keys])
    return project


def run(platform: LoggingPlatform, plan: Plan, parallelism: int = 8) -> tuple[Result, ...]:
    return asyncio.run(carry_out(plan, platform, parallelism=parallelism, alone=True))


async def turns_of_the_loop(number: int) -> None:
    """Let everything that can begin do so; what waits for the platform's gate still waits after it."""
    for _ in range(number):
        await asyncio.sleep(0)


def outcomes(results: tuple[Result, ...]) -> list[tuple[str, str, str | None, bool]]:
    return [(result.key, result.status, result.id, result.touched) for result in results]


def test_each_change_is_one_request_and_the_results_are_in_the_order_of_the_plan() -> None:
    project = deployed("a", "b", "d")
    plan = project.plan([desk("b", description="new"), desk("c"), desk("d")])
    platform = LoggingPlatform(project.store)

    results = run(platform, plan)

    assert [change.action for change in plan.changes] == [Action.DELETE, Action.UPDATE, Action.CREATE]
    assert outcomes(results) == [
        ("a", Status.OK, "asst_1", True),
        ("b", Status.OK, "asst_2", True),
        ("c", Status.OK, "asst_4", True),
    ]
    assert sorted(platform.changing_calls, key=str) == [
        Call("create", "c"),
        Call("delete", "asst_1"),
        Call("update", "asst_2"),
    ]


def test_an_empty_plan_asks_nothing() -> None:
    project = deployed("a")
    platform = LoggingPlatform(project.store)
    assert run(platform, project.plan([desk("a")])) == ()
    assert platform.calls == []


@pytest.mark.parametrize("parallelism", [1, 8])
def test_deletes_come_last(parallelism: int) -> None:
    project = deployed("a", "b", "y")
    plan = project.plan([desk("y", description="new"), desk("z")])
    platform = LoggingPlatform(project.store)
    run(platform, plan, parallelism=parallelism)
    assert [call.method for call in platform.calls[-2:]] == ["delete", "delete"]


def test_an_adoption_is_one_update() -> None:
    store = AssistantsStore()
    store.create({"name": "a", "model": "m"}, {"theirs": "1"})
    project = ProjectOnStore(store)
    platform = LoggingPlatform(store)

    results = run(platform, project.plan([desk("a")], adopt=True))

    assert platform.changing_calls == [Call("update", "asst_1")]
    assert outcomes(results) == [("a", Status.OK, "asst_1", True)]
    assert results[0].action is Action.ADOPT
    assert store.assistants["asst_1"].metadata["theirs"] == "1"


@pytest.mark.parametrize("parallelism", [1, 2, 3, 8])
def test_no_more_than_so_many_are_under_way(parallelism: int) -> None:
    async def scenario() -> LoggingPlatform:
        platform = LoggingPlatform(cancellation=asyncio.Event())
        plan = ProjectOnStore(platform.store).plan([desk(f"k{number}") for number in range(6)])
        running = asyncio.create_task(carry_out(plan, platform, parallelism=parallelism))
        await turns_of_the_loop(20)
        assert platform.cancellation is not None
        platform.cancellation.set()
        results = await running
        assert [result.status for result in results] == [Status.OK] * 6
        return platform

    assert asyncio.run(scenario()).most_under_way == min(parallelism, 6)


def test_what_fails_does_not_keep_the_others_from_going_through() -> None:
    project = deployed("a", "b", "c")
    plan = project.plan([desk("b", description="x"), desk("c", description="x"), desk("d"), desk("e")])
    platform = LoggingPlatform(
        project.store,
        failures={
            Call("update", "asst_2"): PlatformError("too fast", "Try later.", status=429),
            Call("create", "d"): PlatformError("not that model", status=400),
        },
    )

    results = run(platform, plan)

    assert outcomes(results) == [
        ("a", Status.OK, "asst_1", True),
        ("b", Status.FAILED, "asst_2", False),
        ("c", Status.OK, "asst_3", True),
        ("d", Status.FAILED, None, False),
        ("e", Status.OK, "asst_4", True),
    ]
    assert results[1].error == "too fast. Try later."
    assert results[3].error == "not that model"
    assert len(platform.changing_calls) == 5


class Listening(ProgressListener):
    """Keeps the results in the order they come."""

    def __init__(self) -> None:
        self.reported: list[Result] = []

    def finished(self, result: Result) -> None:
        self.reported.append(result)


def test_each_result_is_reported_as_it_comes() -> None:
    project = deployed("a")
    plan = project.plan([desk("b"), desk("c")])
    progress = Listening()
    results = asyncio.run(carry_out(plan, LoggingPlatform(project.store), parallelism=1, progress=progress))
    assert progress.reported == [results[1], results[2], results[0]]


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({"temperature": 0.2}, "temperature"),
        ({"instructions": "x", "tools": [{"type": "code_interpreter"}]}, "instructions, tools"),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": ["f"]}}},
            "tool_resources.code_interpreter.file_ids",
        ),
    ],
)
@pytest.mark.parametrize("exists", [False, True])
def test_what_the_platform_does_not_keep_fails_the_change(
    fields: dict[str, Json], lost: str, exists: bool
) -> None:
    project = deployed("a") if exists else deployed()
    plan = project.plan([desk("a", description="kept", **fields)])
    platform = LoggingPlatform(project.store, forgets=frozenset(fields))

    (result,) = run(platform, plan)

    assert (result.status, result.id, result.touched) == (Status.FAILED, "asst_1", True)
    assert result.error is not None
    assert f"did not keep {lost}." in result.error
    assert project.store.assistants["asst_1"].fields["description"] == "kept"


@pytest.mark.parametrize(
    "fields", [{"temperature": 1}, {"tools": []}, {"instructions": None}, {"reasoning_effort": "low"}]
)
def test_a_default_that_is_left_out_or_a_field_that_is_not_reported_is_no_loss(fields: dict[str, Json]) -> None:
    platform = LoggingPlatform(AssistantsStore(sparse=True), forgets=frozenset(fields))
    (result,) = run(platform, ProjectOnStore(platform.store).plan([desk("a", **fields)]))
    assert result.status is Status.OK


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            NotFoundError("gone", status=404),
            "somebody deleted asst_1 meanwhile: gone. The next apply creates it again.",
        ),
        (ConflictError("changed meanwhile", status=409), "changed meanwhile"),
        (PlatformError("no connection"), "no connection"),
    ],
)
def test_an_update_that_fails_says_why_and_touches_nothing(error: PlatformError, said: str) -> None:
    project = deployed("a")
    platform = LoggingPlatform(project.store, failures={Call("update", "asst_1"): error})
    (result,) = run(platform, project.plan([desk("a", description="x")]))
    assert (result.status, result.error, result.touched) == (Status.FAILED, said, False)


def test_an_update_of_what_somebody_deleted_meanwhile_fails_and_the_next_apply_creates_it() -> None:
    project = deployed("a")
    plan = project.plan([desk("a", description="x")])
    project.store.delete("asst_1")

    (result,) = run(LoggingPlatform(project.store), plan)

    assert result.status is Status.FAILED
    assert [change.action for change in project.plan([desk("a")]).changes] == [Action.CREATE]


def test_a_delete_of_what_somebody_deleted_meanwhile_is_done() -> None:
    project = deployed("a")
    plan = project.plan([])
    project.store.delete("asst_1")
    (result,) = run(LoggingPlatform(project.store), plan)
    assert (result.status, result.id, result.error) == (Status.OK, "asst_1", None)


def test_once_it_is_to_stop_nothing_begins_and_what_is_under_way_finishes() -> None:
    project = deployed("a")
    plan = project.plan([desk("b"), desk("c"), desk("d")])

    async def scenario() -> tuple[tuple[Result, ...], LoggingPlatform]:
        stop = asyncio.Event()
        platform = LoggingPlatform(project.store, cancellation=asyncio.Event())
        running = asyncio.create_task(
            carry_out(plan, platform, parallelism=2, cancellation=CancellationToken(stop), alone=True)
        )
        await turns_of_the_loop(20)
        assert platform.under_way == 2
        stop.set()
        assert platform.cancellation is not None
        platform.cancellation.set()
        return await running, platform

    results, platform = asyncio.run(scenario())

    assert [result.status for result in results] == [Status.SKIPPED, Status.OK, Status.OK, Status.SKIPPED]
    assert results[0].error == results[3].error == "not begun: the apply was interrupted"
    assert not results[0].touched
    assert len(platform.changing_calls) == 2
    assert "asst_1" in platform.store.assistants


def test_stopped_before_it_began_nothing_is_asked() -> None:
    async def scenario() -> tuple[Result, ...]:
        stop = asyncio.Event()
        stop.set()
        return await carry_out(plan, platform, cancellation=CancellationToken(stop))

    project = deployed("a")
    platform = LoggingPlatform(project.store)
    plan = project.plan([desk("b")])
    assert [result.status for result in asyncio.run(scenario())] == [Status.SKIPPED, Status.SKIPPED]
    assert platform.calls == []


def test_letting_go_is_one_update_that_takes_our_pairs_away() -> None:
    project = deployed("a")
    project.store.assistants["asst_1"].metadata["theirs"] = "1"
    plan = replace(project, plan_options=replace(POLICY, forget=frozenset({"a"}))).plan([])
    platform = LoggingPlatform(project.store)

    (result,) = run(platform, plan)

    assert (result.status, result.action, platform.calls) == (Status.OK, Action.FORGET, [Call("update", "asst_1")])
    assert project.store.assistants["asst_1"].metadata == {"theirs": "1"}


def test_a_pair_that_should_be_gone_and_is_not_fails_the_change() -> None:
    project = ProjectOnStore()
    project.apply([desk("a", metadata={"team": "x", "site": "y"})])
    (change,) = project.plan([desk("a", metadata={"site": "y"})]).changes
    assert change.request is not None
    answer, plain = project.store.answer("asst_1"), Capabilities(fields={})
    kept = {**answer.metadata, **change.request.metadata}
    assert rejected_fields(change.request, replace(answer, metadata=kept), plain) == (
        "metadata.team (which should be gone)",
    )
    assert rejected_fields(change.request, replace(answer, metadata=change.request.metadata), plain) == ()
