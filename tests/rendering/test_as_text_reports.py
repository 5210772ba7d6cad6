from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from assistctl.model import Action, Diagnostic, Drift, Kind, Plan, Position, Result, Severity, Status
from assistctl.rendering.as_text import print_diagnostics, print_drift, print_results

MakePlan = Callable[..., Plan]


def piped() -> Console:
    return Console(file=io.StringIO(), force_terminal=False, color_system=None)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


RESULTS = """\
acme → prod (openai-agents)

  ✓ translator  created          asst_9
  ✗ order-desk  failed: update   asst_1
      the platform answered 429
  · old-bot     skipped: delete  asst_2
      not tried after the failure

Applied in part: 1 created, 1 failed, 1 skipped, 5 unchanged.
"""


def test_results_tell_what_was_done(review_plan: Plan) -> None:
    results = [
        Result(Kind.ASSISTANT, "translator", "asst_9", Action.CREATE, Status.OK, touched=True),
        Result(Kind.ASSISTANT, "order-desk", "asst_1", Action.UPDATE, Status.FAILED, "the platform answered 429"),
        Result(Kind.ASSISTANT, "old-bot", "asst_2", Action.DELETE, Status.SKIPPED, "not tried after the failure"),
    ]
    console = piped()
    print_results(console, results, plan=review_plan)
    assert written(console) == RESULTS


@pytest.mark.parametrize(
    ("status", "touched", "line"),
    [
        (Status.OK, True, "Done: 1 deleted, 5 unchanged."),
        (Status.FAILED, False, "Nothing was changed: 1 failed, 5 unchanged."),
        (Status.FAILED, True, "Applied in part: 1 failed, 5 unchanged."),
        (Status.SKIPPED, True, "Applied in part: 1 skipped, 5 unchanged."),
    ],
)
def test_results_conclude_truly(review_plan: Plan, status: Status, touched: bool, line: str) -> None:
    console = piped()
    result = Result(Kind.ASSISTANT, "a", "x", Action.DELETE, status, touched=touched)
    print_results(console, [result], plan=review_plan)
    assert written(console).splitlines()[-1] == line


def test_drift_alone_shows_all_of_it(review_plan: Plan, make_plan: MakePlan) -> None:
    console = piped()
    print_drift(console, review_plan)
    assert "  ! order-desk\n      model  gpt-4o-mini → gpt-4o\n" in written(console)
    console = piped()
    print_drift(console, make_plan())
    assert written(console).endswith("No drift. Nothing was changed outside.\n")


def test_secret_drift_shows_no_value(make_plan: MakePlan) -> None:
    console = piped()
    drift = Drift(Kind.ASSISTANT, "a", "asst_1", "x", "(secret)", "use (secret TOKEN)", secret=True)
    print_drift(console, make_plan(drift=(drift,)))
    assert 'x  "use (secret TOKEN)" → "(secret)"' in written(console)


def test_diagnostics_stand_where_editors_find_them() -> None:
    diagnostics = (
        Diagnostic(
            Severity.ERROR,
            "unknown field 'modle'",
            "did you mean 'model'?\nSee the schema.",
            position=Position("a.yaml", 3, 8),
        ),
        Diagnostic(Severity.INFO, "archived, not deleted", key="old-bot"),
        Diagnostic(Severity.WARNING, "no project"),
    )
    console = piped()
    print_diagnostics(console, diagnostics)
    assert written(console) == (
        "a.yaml:3:8: error: unknown field 'modle'\n"
        "    did you mean 'model'?\n"
        "    See the schema.\n"
        "old-bot: info: archived, not deleted\n"
        "warning: no project\n"
    )
