"""List answers that change while an apply runs: what any of them showed is never made a second time in silence."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from assistctl.applying import duplicates
from support.changing_lists import ChangingLists, Reorder, as_it_is
from support.dashboard import Dashboard
from support.project_snapshots import ProjectSnapshots
from support.projects import Outcome, ProjectFolder
from support.server import Answer, Asked, RecordingServer

pytestmark = pytest.mark.from_snapshots

# Plan, look before the create, (look for a create whose answer was lost,) look behind it.
# Who has seen it does not look again, so that only the first that shows it matters.
SEEN_BEFORE_A_CREATE = [(1, 2, 3), (0,)]
SEEN_AFTER_A_CREATE = [(0, 1), (0, 1, 2)]
SILENT = [*SEEN_BEFORE_A_CREATE, *SEEN_AFTER_A_CREATE]


@pytest.fixture(autouse=True)
def nobody_else_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "WAIT", 0)


def backwards(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return items[::-1]


def alphas(server: RecordingServer) -> list[dict[str, Any]]:
    server.tell, server.fault = None, lambda _: None
    dashboard = Dashboard(server.url)
    found = [assistant for assistant in dashboard.all() if assistant["name"] == "alpha"]
    dashboard.close()
    return found


def lost_create(asked: Asked) -> Answer | None:
    if (asked.method, asked.path) == ("POST", "/v1/assistants"):
        return Answer(hangs_up=True, after=True)
    return None


def first_shown_is_last_asked(lists: ChangingLists) -> None:
    """Else other sequences of silent answers are to be tried as well."""
    assert lists.shown in ([], [lists.answers - 1])


def check(outcome: Outcome, there: list[dict[str, Any]], lists: ChangingLists, before: list[str]) -> None:
    """Either one of the name, or it is told; and nobody's is touched but our own."""
    assert {assistant["id"] for assistant in there} >= set(before)
    first_shown_is_last_asked(lists)
    if len(there) == 1 or not lists.shown:
        return
    assert outcome.code != 0, (lists.silent, lists.shown)
    errors = " ".join(str(result["error"]) for result in outcome.json["results"])
    assert all(assistant["id"] in errors for assistant in there), errors


@pytest.fixture
def applied(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """The project with an assistant that is applied."""
    snapshots.restore("applied", lambda: apply_first(remote))
    return remote


def apply_first(project: ProjectFolder) -> None:
    """Apply an assistant."""
    project.manifest("alpha", instructions="One.")
    assert project.run("apply", "--yes").code == 0


# Where nothing is created, there is no answer to lose, and the list has no second item.
@pytest.mark.parametrize(
    ("silent", "reorder", "lost"),
    [
        *product(SEEN_BEFORE_A_CREATE, [as_it_is], [False]),
        *product(SEEN_AFTER_A_CREATE, [as_it_is, backwards], [False, True]),
    ],
)
def test_our_own_is_not_made_again(
    applied: ProjectFolder, server: RecordingServer, silent: tuple[int, ...], reorder: Reorder, lost: bool
) -> None:
    [before] = alphas(server)
    applied.manifest("alpha", instructions="Two.")
    lists = ChangingLists([before["id"]], silent, reorder)
    lists.on(server)
    server.fault = lost_create if lost else lambda _: None
    outcome = applied.run("apply", "--yes", "--format", "json")
    check(outcome, alphas(server), lists, [before["id"]])


@pytest.mark.parametrize("silent", SILENT, ids=str)
def test_somebody_elses_of_the_name_is_not_passed_over(
    remote: ProjectFolder, server: RecordingServer, silent: tuple[int, ...]
) -> None:
    dashboard = Dashboard(server.url)
    theirs = dashboard.create(name="alpha")["id"]
    dashboard.close()
    remote.manifest("alpha")
    lists = ChangingLists([theirs], silent)
    lists.on(server)
    outcome = remote.run("apply", "--yes", "--format", "json")
    first_shown_is_last_asked(lists)
    if 0 in lists.shown:
        assert outcome.code == 3
    elif 1 in lists.shown:
        assert outcome.code == 1
        assert theirs in outcome.json["results"][0]["error"]
    there = alphas(server)
    assert len(there) == 1 or outcome.code != 0 or not lists.shown


def test_what_is_told_is_told_in_text_as_well(applied: ProjectFolder, server: RecordingServer) -> None:
    [before] = alphas(server)
    ChangingLists([before["id"]], {0, 1}).on(server)
    outcome = applied.run("apply", "--yes")
    assert (outcome.code, "Nothing was changed: 1 failed" in outcome.out) == (1, True)
    assert before["id"] in outcome.out
    assert alphas(server) == [before]
