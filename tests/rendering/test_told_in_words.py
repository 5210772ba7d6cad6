"""What a difference is told as: a sentence, a re-wrapped paragraph, another text; a tool, an item, a renaming."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from assistctl.json_value import Json
from assistctl.model.change import Action, Change, FieldDiff, Origin
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering.diff.row import Sign, marked
from assistctl.rendering.diff.rows import diff_rows
from assistctl.rendering.editors.github import plan_annotations
from assistctl.rendering.editors.placed import Places
from assistctl.rendering.field_view import EVERYTHING, FieldView, Limits, change_views, view_diff
from assistctl.rendering.html.plan_page import plan_html
from assistctl.rendering.markdown.plan_markdown import plan_markdown
from assistctl.rendering.phrases import left_out
from assistctl.rendering.text.plan_text import print_plan
from assistctl.rendering.values import list_changes, tool_in_words

PARAGRAPH = "You answer questions about orders, and never\nguess a date. When in doubt, ask\na person for help.\n"
WRAPPED = "You answer questions about\norders, and never guess a date. When in\ndoubt, ask a person for help.\n"
BRIEF = Limits(rows=8, preview=3, structures_in_words=True)


def size(old: Json, new: Json) -> str:
    """How much differs, in words."""
    return view_diff(FieldDiff("x", old, new, Origin.MANIFEST), Action.UPDATE, EVERYTHING).size


def function(name: str, required: list[str] | None = None) -> dict[str, Json]:
    properties: Json = {"id": {"type": "string"}, "lines": {"type": ["integer", "null"]}}
    parameters: Json = {"type": "object", "properties": properties, "required": [*(required or [])]}
    declared: Json = {"name": name, "description": "Looks it up.", "parameters": parameters}
    return {"type": "function", "function": declared}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (PARAGRAPH, PARAGRAPH.replace("never", "always"), "1 sentence, 1 of 3 lines"),
        (PARAGRAPH, PARAGRAPH.replace("never", "always").replace("ask", "call"), "2 sentences, 2 of 3 lines"),
        (PARAGRAPH, WRAPPED, "no word changed, re-wrapped, 3 of 3 lines"),
        (PARAGRAPH, WRAPPED.replace("person", "colleague"), "1 sentence, re-wrapped, 3 of 3 lines"),
        (PARAGRAPH, PARAGRAPH + "Be kind. Be brief.\n", "2 sentences, 1 of 4 lines"),
        ("a " * 60 + "b", "a " * 60 + "c", "1 sentence in 121 characters"),
        (PARAGRAPH, "Reconcile payments with the ledger.\nQuote it.\n", "rewritten, 3 lines before and 2 now"),
        (PARAGRAPH.replace("\n", "\r\n"), PARAGRAPH, "no word changed, line ends only, 3 of 3 lines"),
        ("one\n\ntwo\n", "one\ntwo\n", "1 place, 1 of 3 lines"),
    ],
)
def test_counts_are_true(old: str, new: str, told: str) -> None:
    assert size(old, new) == told


LONG = {f"key_{number}": "a value of some length" for number in range(9)}


@pytest.mark.parametrize(
    ("structure", "told"),
    [
        (function("cancel", ["id"]), "function"),
        ({"type": "json_schema", "json_schema": LONG}, "json_schema"),
        (LONG, "9 keys"),
        ([LONG, LONG], "2 items"),
    ],
)
@pytest.mark.parametrize("limits", [BRIEF, EVERYTHING])
def test_a_structure_has_no_lines_that_nobody_wrote(structure: Json, told: str, limits: Limits) -> None:
    """How long it is as JSON depends on who writes it down; a text is as long as it is declared."""

    def shown(old: Json, new: Json, action: Action) -> FieldView:
        return view_diff(FieldDiff("x", old, new, Origin.MANIFEST), action, limits)

    created = shown(None, structure, Action.CREATE)
    assert created.size == told
    assert told not in ["".join(segment.text for segment in row.segments) for row in created.rows]
    assert [*left_out(created, "-v")] or not (created.shortened or created.more)
    assert shown(None, structure, Action.UPDATE).size == f"added, {told}"
    assert shown(structure, {"type": "other"}, Action.UPDATE).size in {"1 place", "rewritten"}


def test_list_items_are_not_a_paragraph_that_was_wrapped_anew() -> None:
    assert not diff_rows("- one thing\n- another thing\n", "- one thing - another thing\n").rewrapped


def test_the_nearest_heading_and_the_gap_are_with_the_row() -> None:
    old = "# Desk\n" + "Same.\n" * 5 + "## Returns\nTake 30 days.\n```\n# no heading\n```\nEnd.\n"
    first, last = diff_rows(old, old.replace("30", "14").replace("End", "Stop")).rows
    assert (first.heading, first.number, last.heading, last.skipped) == ("Returns", 8, "", 3)


@pytest.mark.parametrize(
    ("old", "new", "marked_words"),
    [
        ("pay 12.50 now", "pay 12.80 now", "pay [-12.50-]{+12.80+} now"),
        (
            "call order_status.v1 first",
            "call order_status.v2 first",
            "call [-order_status.v1-]{+order_status.v2+} first",
        ),
        ("run `a b` here", "run `a c` here", "run [-`a b`-]{+`a c`+} here"),
        ("use --dry-run now", "use --dry now", "use [---dry-run-]{+--dry+} now"),
        (
            "\u0e04\u0e23\u0e31\u0e1a now",
            "\u0e04\u0e48\u0e30 now",
            "[-\u0e04\u0e23\u0e31\u0e1a-]{+\u0e04\u0e48\u0e30+} now",
        ),
        ("p\u0430y now", "pay now", r"[-p\u0430y-]{+pay+} now"),
        ("caf\u00e9 now", "cafe\u0301 now", r"[-caf\u00e9-]{+cafe\u0301+} now"),
    ],
)
def test_what_is_one_thing_changes_as_one(old: str, new: str, marked_words: str) -> None:
    (row,) = diff_rows(old, new).rows
    assert "".join(map(marked, row.segments)) == marked_words


def test_deleted_and_added_lines_have_signs() -> None:
    rows = diff_rows(
        "keep\nan old line to go\n", "keep\nsomething else entirely, and much longer than that was\n"
    ).rows
    assert [row.sign for row in rows] in ([Sign.REMOVED, Sign.ADDED], [Sign.CHANGED])
    assert [row.sign for row in diff_rows("a\nb\n", "a\n").rows] == [Sign.REMOVED]
    assert [row.sign for row in diff_rows("a\n", "a\nb\n").rows] == [Sign.ADDED]


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("x", ["a", "b"], ["b", "c"], "added c, removed a"),
        ("x", ["a"], ["a", True], "added true"),
        ("x.enum[2]", None, "red", "added red"),
        ("x.enum[2]", "red", None, "removed red"),
        ("x", ["a", "b"], ["b", "a"], ""),
        ("x", ["a", "a"], ["a"], ""),
        ("x", [1], [True], "added true, removed 1"),
        ("x", [{"a": 1}], [], ""),
        ("x", "a", "b", ""),
    ],
)
def test_lists_say_what_they_gain_and_lose(path: str, old: Json, new: Json, told: str) -> None:
    assert list_changes(path, old, new, most=None) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, ["helper"], ("(not set)", "helper")),
        (["helper", "0  1"], None, ('helper, "0  1"', "(not set)")),
        (None, [], ("(not set)", "[]")),
        ("helper", ["helper"], ("helper", '["helper"]')),
    ],
)
def test_a_list_of_names_that_comes_or_goes_is_no_json(old: Json, new: Json, told: tuple[str, str]) -> None:
    view = view_diff(FieldDiff("vector_store", old, new, Origin.MANIFEST), Action.UPDATE, EVERYTHING)
    assert (view.old, view.new) == told


def test_a_tool_is_its_signature_and_its_description() -> None:
    tool = function("status", required=["id"])
    assert tool_in_words(tool) == ("status(id: string, lines?: integer | null)", "Looks it up.")
    assert tool_in_words({"type": "code_interpreter"}) == ("code_interpreter",)
    assert tool_in_words(["a"]) == tool_in_words({"a": 1}) == ()


RENAMED = Change(
    Kind.ASSISTANT,
    "a",
    "id",
    Action.UPDATE,
    "r",
    (
        FieldDiff("tools[state]", None, function("state"), Origin.MANIFEST),
        FieldDiff("tools[status]", function("status"), None, Origin.MANIFEST),
        FieldDiff("tools[other]", function("other", required=["id"]), None, Origin.MANIFEST),
    ),
)


def test_a_function_under_another_name_is_renamed() -> None:
    renamed, removed = change_views(RENAMED, BRIEF)
    assert renamed.size == "function renamed: status → state"
    assert removed.path == "tools[other]"
    assert removed.size.startswith("removed, ")


def test_of_a_long_text_that_was_rewritten_both_are_begun() -> None:
    old, new = ("".join(f"{word} {number} {word}\n" for number in range(20)) for word in ("old", "new"))
    old, new = old.replace(" ", " former "), new.replace(" ", " coming ")
    view = view_diff(FieldDiff("x", old, new, Origin.MANIFEST), Action.UPDATE, BRIEF)
    assert [row.sign for row in view.rows] == [Sign.REMOVED] * 4 + [Sign.ADDED] * 4
    assert (view.size, view.more) == ("rewritten, 20 lines before and 20 now", 32)


def test_a_renaming_is_told_in_every_format(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan((RENAMED,))
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as text:
        print_plan(console, plan)
    for shown in (text.get(), plan_markdown(plan), plan_html(plan), plan_annotations(plan, Places())):
        assert "function renamed: status → state" in shown
        assert "tools[status]" not in shown
