"""A page one can sign: nothing hidden that cannot be unfolded, and ways to look at it without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from assistctl.json_value import Json
from assistctl.model.change import Action, Change, Drift, FieldDiff, Origin
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.model.provenance import Provenance, provenance_part, read_provenance
from assistctl.rendering.html.plan_page import plan_html
from support.growth import TENFOLD, growth

MakePlan = Callable[..., Plan]
LINES = [
    f"Sentence {number} of a prompt that is longer than what a reviewer is shown at first." for number in range(90)
]
TEXT = "\n".join(LINES)
SCHEMA: dict[str, Json] = {
    f"field_{number}": {"type": "string", "description": LINES[number]} for number in range(40)
}
FILES: list[Json] = [f"docs/chapter-{number}.md" for number in range(300)]
MADE = Provenance(
    "https://api.example.com/v1",
    "0f3a9c1d",
    "main",
    True,
    "ana@build",
    None,
    datetime(2026, 11, 26, 9, tzinfo=UTC),
)
STYLE = files("assistctl.rendering.html").joinpath("page.css").read_text(encoding="utf-8")


def change(key: str, action: Action = Action.UPDATE, *diffs: FieldDiff, kind: Kind = Kind.ASSISTANT) -> Change:
    return Change(kind, key, f"asst_{key}", action, "because", diffs)


@pytest.mark.parametrize(
    "value", [TEXT, " ".join(LINES), SCHEMA, FILES], ids=["prompt", "line", "schema", "files"]
)
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE])
def test_every_long_value_is_there_whole(make_plan: MakePlan, action: Action, value: Json) -> None:
    old = value if action is not Action.CREATE else None
    new = None if action is Action.DELETE else "Rewritten.\nAll of it." if action is Action.UPDATE else value
    page = plan_html(make_plan((change("a", action, FieldDiff("x", old, new, Origin.MANIFEST)),)))
    [whole] = re.findall(r'<details class="whole">.*?</details>', page, re.DOTALL)
    shown = (
        str(value)
        if isinstance(value, str)
        else " ".join(re.findall(r"Sentence [^'\"]*|docs/[^'\"]*", str(value)))
    )
    for words in re.findall(r"Sentence \d+ of|docs/chapter-\d+", shown):
        assert words in whole


def test_what_matters_most_comes_first(make_plan: MakePlan) -> None:
    theirs = FieldDiff("model", "a", "b", Origin.DRIFT)
    mine = FieldDiff("model", "a", "b", Origin.MANIFEST)
    changes = (
        change("six", Action.UPDATE, mine),
        change("five", Action.CREATE),
        change("four", Action.ADOPT),
        change("three", Action.UPDATE, theirs),
        change("two", Action.DELETE),
    )
    page = plan_html(make_plan(changes))
    assert re.findall(r'<article class="card [^"]*" id="assistant-(\w+)"', page) == [
        "two",
        "three",
        "four",
        "five",
        "six",
    ]


def test_who_signs_sees_where_it_comes_from_and_what_carries_it_out(make_plan: MakePlan) -> None:
    command = "assistctl apply --allow-deletes './a plan'"
    page = plan_html(make_plan((change("a", Action.DELETE),)), MADE, command)
    for shown in ("https://api.example.com/v1", "0f3a9c1d, with uncommitted changes", "main", "ana@build"):
        assert shown in page
    assert "2026-11-26 09:00:00 UTC" in page
    assert ">assistctl apply --allow-deletes &#x27;./a plan&#x27;</code>" in page
    assert "user-select: all" in STYLE


def test_a_plan_without_changes_has_no_command(make_plan: MakePlan) -> None:
    assert "To apply it" not in plan_html(make_plan(), MADE, "assistctl apply")


def test_where_it_comes_from_is_read_back_as_it_was() -> None:
    assert read_provenance(provenance_part(MADE)) == MADE


def test_each_change_has_a_heading_and_a_link_of_its_own(make_plan: MakePlan) -> None:
    keys = ["a", "a", "a-2", "A B", "A C", '"><x'] * 3
    page = plan_html(make_plan(tuple(change(key, Action.DELETE) for key in keys)))
    names = re.findall(r'<article class="card [^"]*" id="([^"]+)"', page)
    assert len(names) == len(set(names)) == len(keys) == page.count("<h3>")
    assert set(re.findall(r'href="#([^"]+)"', page)) == set(names)


def test_a_folded_change_says_which_fields_and_how_much(make_plan: MakePlan) -> None:
    diffs = (
        FieldDiff("temperature", 0.2, 1, Origin.MANIFEST),
        FieldDiff("instructions", TEXT, TEXT.replace("Sentence 8 ", "Line 8 "), Origin.MANIFEST),
    )
    page = plan_html(make_plan((change("a", Action.UPDATE, *diffs),)))
    [folded] = re.findall(r"<summary>(2 fields[^<]*)</summary>", page)
    assert "temperature 0.2 → 1" in folded
    assert re.search(r"instructions: 1 \w+", folded)


def test_filters_are_there_for_what_is_there_and_nothing_else(make_plan: MakePlan) -> None:
    page = plan_html(make_plan((change("a", Action.DELETE), change("b", Action.CREATE, kind=Kind.FILE))))
    boxes = set(re.findall(r'id="show-(\w+)" checked', page))
    assert boxes == {"delete", "create", "assistant", "file"}
    # No change is about an MCP server: it is in the assistants that use it.
    for name in (*Action, *(kind for kind in Kind if kind is not Kind.MCP_SERVER)):
        assert f":has(#show-{name}:not(:checked))" in STYLE, "each has its rule in the style sheet"


def test_filters_count_as_the_conclusion_does(make_plan: MakePlan) -> None:
    """Files are counted apart, and what is only done to files has its box."""
    assistants = (change("a"), change("b"), change("c", Action.FORGET))
    files = (change("d.md", kind=Kind.FILE), change("e.md", Action.CREATE, kind=Kind.FILE))
    page = plan_html(make_plan(assistants + files))
    labels = dict(re.findall(r'<label for="show-(\w+)">([^<]*)</label>', page))
    assert labels == {
        "create": "create 1 file",
        "update": "update 2 + 1 file",
        "forget": "forget 1",
        "assistant": "assistant 3",
        "file": "file 2",
    }


def test_no_line_break_parts_a_box_from_its_label(make_plan: MakePlan) -> None:
    page = plan_html(make_plan((change("a"), change("b", Action.CREATE))))
    whole = re.findall(r'<span class="choice"><input [^>]* id="([\w-]+)"[^>]*><label for="\1">', page)
    assert len(whole) == page.count("<input ") == page.count("<label ") > 0
    choice = STYLE.partition(".choice {")[2].partition("}")[0]
    assert "white-space: nowrap" in choice


def test_print_opens_everything_and_badges_need_no_background() -> None:
    printed = STYLE.partition("@media print")[2]
    assert "details::details-content { content-visibility: visible" in printed
    badge = STYLE.partition(".badge {")[2].partition("}")[0]
    assert "background" not in badge
    assert "border:" in badge


def test_signs_are_for_eyes_alone(review_plan: Plan) -> None:
    page = plan_html(review_plan)
    assert page.count('class="sign"') == page.count('class="sign" aria-hidden="true"') > 0


def test_a_page_grows_no_faster_than_its_changes(make_plan: MakePlan) -> None:
    long, short = (
        FieldDiff("instructions", text, text.replace("Sentence 8 ", "Line 8 "), Origin.MANIFEST)
        for text in (TEXT, "\n".join(LINES[:10]))
    )

    def planned(count: int) -> Plan:
        diffs = (long if number % 20 == 10 else short for number in range(count))
        plan = make_plan(tuple(change(f"a-{number}", Action.UPDATE, diff) for number, diff in enumerate(diffs)))
        return replace(plan, drift=(Drift(Kind.ASSISTANT, "b", "asst_b", "model", "x", "y"),))

    assert plan_html(planned(20)).count("<article") == 21
    assert growth(planned, plan_html, 20) < TENFOLD
