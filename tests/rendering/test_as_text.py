from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from assistctl.json_value import Json
from assistctl.model.change import Action, Change, Drift, FieldDiff, Origin, Result, Summary
from assistctl.model.file_operations import FileTotals, FileUse
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering.text.plan_text import print_plan
from assistctl.rendering.text.results_text import print_results

MakePlan = Callable[..., Plan]
COLOUR_CODE = re.compile(r"\x1b\[[\d;]*m")

REVIEW = """\
acme → prod (openai-agents)

  - old-bot     delete  no longer declared  asst_2  PROTECTED
  = greeter     adopt   an assistant with this name exists  asst_4  ADOPTION

  ~ order-desk  update  manifest changed and changed outside
      temperature     0.2 → 0.4
      model           gpt-4o → gpt-4o-mini  (changed outside; apply will undo this edit)
      top_p           0.9 → (not set)
      description     "Orders " → "Orders"  (changed here and outside)
      metadata.token  (secret) → (secret TOKEN)
      instructions    1 sentence, 1 of 81 lines
        41 ~│ Always answer in [-English-]{+French+} unless the customer writes in another language.
      tools[order_status].function.parameters  4 places
         2 -│   "additionalProperties": false,
            ⋯ 6 unchanged lines
         8 ~│   "required": [[-],-]
         9 +│     "order_id"
        10 +│   ],

  + translator  create  not on the platform
      model           gpt-4o-mini
      instructions    2.7 kB, 40 lines
        1 +│ 1. Check the order before you answer; never guess a delivery date.
        2 +│ 2. Check the order before you answer; never guess a delivery date.
        3 +│ 3. Check the order before you answer; never guess a delivery date.
           │ … 37 more lines (-v shows all)
      metadata.token  (secret TOKEN)

Changed outside (declared → there now):
  ! billing
      temperature  (not set) → 1.7

assistants/order-desk.yaml:3:8: warning: gpt-4o-mini is switched off on 2027-01-31 (model)
    Pick a model from the list that `assistctl list` prints.

Apply will refuse this plan; the messages above say why and how to pass:
  PROTECTED  old-bot
  ADOPTION   greeter

Plan: 1 to create, 1 to update, 1 to delete, 1 to adopt, 5 unchanged.
"""


def piped(width: int = 80) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)


def terminal(width: int, *, colour: bool) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=True,
        color_system="truecolor" if colour else None,
        legacy_windows=False,
    )


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def shown(plan: Plan, *, verbose: bool = False) -> str:
    console = piped()
    print_plan(console, plan, verbose=verbose)
    return written(console)


def shown_diff(make_plan: MakePlan, diff: FieldDiff, action: Action = Action.UPDATE) -> str:
    text = shown(make_plan((Change(Kind.ASSISTANT, "a", "asst_1", action, "because", (diff,)),)))
    return text.split("because\n")[1].split("\n\nPlan:")[0]


def test_a_plan_for_a_reviewer(review_plan: Plan) -> None:
    assert shown(review_plan) == REVIEW


@pytest.mark.parametrize("width", [60, 80, 133, 200])
def test_a_terminal_wraps_within_its_width_and_keeps_every_word(review_plan: Plan, width: int) -> None:
    console = terminal(width, colour=False)
    print_plan(console, review_plan)
    lines = written(console).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert [word for line in lines for word in line.split() if word != "│"] == [
        word for word in REVIEW.split() if word != "│"
    ]


def test_colour_replaces_the_word_marks_and_nothing_else(review_plan: Plan) -> None:
    console = terminal(200, colour=True)
    print_plan(console, review_plan)
    text = written(console)
    assert "\x1b[9;31mEnglish\x1b[0m\x1b[4;32mFrench\x1b[0m" in text
    unmarked = re.sub(r"\[-(.+?)-\]|\{\+(.+?)\+\}", r"\1\2", REVIEW)
    assert COLOUR_CODE.sub("", text) == unmarked


def test_no_color_keeps_the_marks(review_plan: Plan) -> None:
    console = Console(file=io.StringIO(), width=200, force_terminal=True, no_color=True)
    print_plan(console, review_plan)
    assert "[-English-]{+French+}" in COLOUR_CODE.sub("", written(console))


@pytest.mark.parametrize(
    ("old", "new", "beside"),
    [
        (0.2, 0.4, "0.2 → 0.4"),
        (None, "b", "(not set) → b"),
        ("a", None, "a → (not set)"),
        ("0.2", 0.2, '"0.2" → 0.2'),
        ("true", True, '"true" → true'),
        ("", "a", '"" → "a"'),
        ("a ", "a", '"a " → "a"'),
        ("a b", "a\u00a0b", r'"a b" → "a\u00a0b"'),
        ("caf\u00e9", "cafe\u0301", r'"caf\u00e9" → "cafe\u0301"'),
        ("(not set)", "a → b", '"(not set)" → "a → b"'),
        (["a"], {"b": None}, '["a"] → {"b": null}'),
        ("\x1b[31m", "客服", r'"\u001b[31m" → "客服"'),
    ],
)
def test_short_values_stand_side_by_side(make_plan: MakePlan, old: Json, new: Json, beside: str) -> None:
    assert shown_diff(make_plan, FieldDiff("x", old, new, Origin.MANIFEST)) == f"      x  {beside}"


def test_a_long_text_with_many_changes_is_cut_unless_verbose(make_plan: MakePlan) -> None:
    old = "".join(f"line {number} says something\n" for number in range(30))
    new = old.replace("something", "nothing")
    change = Change(
        Kind.ASSISTANT, "a", "asst_1", Action.UPDATE, "r", (FieldDiff("x", old, new, Origin.MANIFEST),)
    )
    brief, verbose = shown(make_plan((change,))), shown(make_plan((change,)), verbose=True)
    assert brief.count("{+nothing+}") == 8
    assert "… 22 more changes (-v shows all)" in brief
    assert verbose.count("{+nothing+}") == 30
    assert "more changes" not in verbose


def test_a_long_text_that_goes_away_says_so(make_plan: MakePlan) -> None:
    text = shown_diff(make_plan, FieldDiff("x", "gone\n" * 3, None, Origin.MANIFEST))
    assert text.splitlines()[0] == "      x  15 bytes, 3 lines → (not set)"


def test_names_line_up_by_display_width(make_plan: MakePlan) -> None:
    changes = tuple(Change(Kind.ASSISTANT, key, None, Action.CREATE, "new") for key in ("客服", "abcdef"))
    lines = shown(make_plan(changes)).splitlines()[2:4]
    assert len({cell_len(line.split("create")[0]) for line in lines}) == 1


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (Summary(unchanged=7), "No changes. 7 assistants are as declared."),
        (Summary(unchanged=1), "No changes. 1 assistant is as declared."),
        (Summary(), "No changes. Nothing is declared, and nothing there is this project's."),
    ],
)
def test_an_empty_plan_says_so(make_plan: MakePlan, summary: Summary, line: str) -> None:
    assert shown(make_plan(summary=summary)) == f"acme → prod (openai-agents)\n\n{line}\n"


def test_files_are_counted_apart(make_plan: MakePlan) -> None:
    changes = (
        Change(Kind.FILE, "a.csv", None, Action.CREATE, "new", file=FileUse(2048, upload=True)),
        Change(Kind.FILE, "b.csv", "file_1", Action.DELETE, "replaced"),
    )
    text = shown(make_plan(changes, summary=Summary(unchanged=2), files=FileTotals(1, 1, 2048)))
    assert "  + a.csv (file)  create  new, 2.0 kB\n" in text
    assert text.endswith(
        "Plan: 0 to create, 0 to update, 0 to delete, 2 unchanged, 1 file to upload (2.0 kB), 1 file to remove.\n"
    )


def test_drift_is_left_out_of_a_plan_only_where_a_change_shows_it(make_plan: MakePlan) -> None:
    diffs = (FieldDiff("x", 1, 2, Origin.MANIFEST), FieldDiff("y", 1, 2, Origin.BOTH))
    change = Change(Kind.ASSISTANT, "a", "asst_1", Action.UPDATE, "r", diffs)
    drift = tuple(Drift(Kind.ASSISTANT, "a", "asst_1", path, 1, 2) for path in "xy")
    text = shown(make_plan((change,), drift))
    assert text.split("Changed outside")[1].splitlines()[1:3] == ["  ! a", "      x  2 → 1"]
    assert "y  2 → 1" not in text


def test_a_very_narrow_terminal_is_no_error(review_plan: Plan) -> None:
    console = terminal(8, colour=True)
    print_plan(console, review_plan, verbose=True)
    assert COLOUR_CODE.sub("", written(console)).replace("\n", "").endswith("unchanged.")


CONSOLES: dict[str, Callable[[], Console]] = {
    "piped": piped,
    "narrow": lambda: terminal(60, colour=False),
    "narrow-colour": lambda: terminal(60, colour=True),
    "wide-colour": lambda: terminal(200, colour=True),
}


@given(st.data())
@settings(max_examples=30)
def test_output_never_moves_the_cursor_or_forges_a_line(
    any_plan: st.SearchStrategy[Plan], any_results: st.SearchStrategy[list[Result]], data: st.DataObject
) -> None:
    plan, results, verbose = data.draw(any_plan), data.draw(any_results), data.draw(st.booleans())
    terminal_name = data.draw(st.sampled_from([name for name in CONSOLES if name != "piped"]))
    for name in ("piped", terminal_name):
        console = CONSOLES[name]()
        print_plan(console, plan, verbose=verbose)
        print_results(console, results, plan=plan)
        text = COLOUR_CODE.sub("", written(console)) if console.color_system else written(console)
        lines = text.splitlines()
        assert not {unicodedata.category(char) for char in text.replace("\n", "")} & {"Cc", "Cs", "Zl", "Zp"}, name
        assert not [line for line in lines if line.endswith(" ")], name
        assert len([line for line in lines if re.match(r"  [+~=.-] \S", line)]) == len(plan.changes), name
        assert not console.is_terminal or max(map(cell_len, lines)) <= console.width, name
