"""A known secret comes out whole nowhere, and not in pieces either: words that differ, lines that are wrapped."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable

import pytest
from rich.console import Console

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.change import Action, Change, Drift, FieldDiff, Origin
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, plan_document
from assistctl.rendering.html.plan_page import plan_html
from assistctl.rendering.json import dumps
from assistctl.rendering.markdown.plan_markdown import plan_markdown
from assistctl.rendering.text.plan_text import print_plan
from assistctl.secrets.redaction import register

OLD, NEW = "sk-hunter2-4f9a8b7c-old words", "sk-hunter2-4f9a8b7c-new words"
LONG = "line\n" * 40


def text(plan: Plan, *, width: int, colour: bool) -> str:
    """The plan on a terminal."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=True,
        color_system="truecolor" if colour else None,
        legacy_windows=False,
    )
    print_plan(console, plan, verbose=True)
    return re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue())


WAYS: dict[str, Callable[[Plan], str]] = {
    "wide": lambda plan: text(plan, width=200, colour=True),
    "narrow": lambda plan: text(plan, width=30, colour=False),
    "JSON": lambda plan: dumps(plan_document(plan)),
    "Markdown": plan_markdown,
    "HTML": plan_html,
}


@pytest.mark.parametrize("show", WAYS.values(), ids=WAYS)
def test_no_piece_of_it(make_plan: Callable[..., Plan], show: Callable[[Plan], str]) -> None:
    register("OLD", OLD)
    register("NEW", NEW)
    diffs = (
        FieldDiff("short", f"use {OLD}", f"use {NEW}", Origin.MANIFEST),
        FieldDiff("long", f"{LONG}use {OLD} {LONG}", f"{LONG}use {NEW} {LONG}", Origin.MANIFEST),
        FieldDiff("nested", {"a": [f"x {OLD} {LONG}"]}, {"a": [f"x {NEW} {LONG}"], OLD: NEW}, Origin.DRIFT),
        FieldDiff(f"metadata.{OLD}", None, NEW, Origin.MANIFEST),
    )
    plan = make_plan(
        changes=(Change(Kind.ASSISTANT, "a", "asst_1", Action.UPDATE, f"because of {OLD}", diffs),),
        drift=(Drift(Kind.ASSISTANT, "a", "asst_1", "x", f"{LONG}{OLD}", NEW),),
        diagnostics=(Diagnostic(Severity.WARNING, f"{'x' * 1490} {OLD}", f"detail {NEW}"),),
    )
    shown = re.sub(r"\s+", " ", show(plan))
    pieces = {secret[start : start + 7] for secret in (OLD, NEW) for start in range(len(secret) - 6)}
    assert [piece for piece in pieces if piece in shown] == []
    assert "secret" in shown


def test_a_secret_that_is_one_of_our_words_breaks_no_document(review_plan: Plan) -> None:
    before = dumps(plan_document(review_plan)), plan_html(review_plan)
    for name in ("old", "new", "update", "assistant", "path", "color", "badge", "card"):
        register(name.upper(), name)
    assert json.loads(dumps(plan_document(review_plan))) == json.loads(before[0])
    assert re.findall("<[^>]*>", plan_html(review_plan)) == re.findall("<[^>]*>", before[1])
