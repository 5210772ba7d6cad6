from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.model.change import Absence, Action, Drift, Missing, Result, Status
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering.html.plan_page import drift_html, plan_html
from assistctl.rendering.markdown.plan_markdown import plan_markdown
from assistctl.rendering.text.plan_text import print_diagnostics, print_drift, print_plan
from assistctl.rendering.text.results_text import print_results

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


def test_what_is_missing_is_shown_and_nothing_is_said_to_be_as_it_was(make_plan: MakePlan) -> None:
    missing = (
        Missing(Kind.ASSISTANT, "desk", "asst_1", Absence.DELETED_OUTSIDE),
        Missing(Kind.VECTOR_STORE, "desk", None, Absence.NEVER_APPLIED),
        Missing(Kind.FILE, "docs/\x1b[2Jone.md", "file-1", Absence.NOT_THERE),
    )
    plan = replace(make_plan(), missing=missing)
    for show in (print_drift, print_plan):
        console = piped()
        show(console, plan)
        text = re.sub(" {2,}", "  ", written(console))
        assert "Nothing was changed outside" not in text
        assert "  ? desk  deleted outside  asst_1\n" in text
        assert "  ? desk (vector store)  never applied\n" in text
        assert "\x1b" not in text
    assert "`desk (vector store)`: never applied" in plan_markdown(plan)
    assert "deleted outside" in plan_html(plan)


def test_secret_drift_shows_no_value(make_plan: MakePlan) -> None:
    console = piped()
    drift = Drift(Kind.ASSISTANT, "a", "asst_1", "x", "(secret)", "use (secret TOKEN)", secret=True)
    print_drift(console, make_plan(drift=(drift,)))
    assert 'x  "use (secret TOKEN)" → (secret)' in written(console)


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


def test_what_is_declared_does_not_look_deleted_in_drift(make_plan: MakePlan) -> None:
    """Red and struck through is what apply takes away, which of a drift is the edit and not what is declared."""
    declared = "Answer in English.\nBe brief."
    edited = declared.replace("English", "French")
    drift = (
        Drift(Kind.ASSISTANT, "a", "asst_a", "model", observed="gpt-4.1", desired="gpt-5"),
        Drift(Kind.ASSISTANT, "a", "asst_a", "instructions", observed=edited, desired=declared),
    )
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system="truecolor")
    print_drift(console, make_plan(drift=drift))
    assert "gpt-5 → \x1b[35mgpt-4.1\x1b[0m" in written(console)
    assert "Answer in \x1b[1mEnglish\x1b[0m\x1b[4;35mFrench\x1b[0m." in written(console)
    page = drift_html(make_plan(drift=drift))
    assert "<h4>Declared</h4>" in page
    assert "<h4>There now</h4>" in page
    assert "text-decoration: none" in page.partition(".card.drift :is(.value.old, del) {")[2].partition("}")[0]


@pytest.mark.parametrize(("width", "alike"), [(None, True), (100, True), (60, False)])
def test_ids_of_files_line_up_with_the_others(make_plan: MakePlan, width: int | None, *, alike: bool) -> None:
    """Except where that would push ids of assistants off their line."""
    results = [
        Result(Kind.ASSISTANT, "desk", "asst_1234567890123456", Action.CREATE, Status.OK, touched=True),
        Result(Kind.FILE, "assistants/docs/returns.md", "file-1234567890", Action.CREATE, Status.OK, sent=10),
    ]
    console = Console(file=io.StringIO(), width=width, force_terminal=width is not None, color_system=None)
    print_results(console, results, plan=make_plan())
    desk = next(line for line in written(console).splitlines() if "desk" in line)
    assert "asst_1234567890123456" in desk
    columns = re.findall(r"^.*?(?=asst_|file-)", written(console), re.MULTILINE)
    assert (len({len(column) for column in columns}) == 1) is alike
