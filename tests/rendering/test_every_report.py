"""Results, drift, past applies and lists in Markdown and HTML: as in the golden files, and as safe as plans."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.change import Absence, Action, FieldDiff, Missing, Origin, Result, Status
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering.editors.code_scanning import code_quality, sarif_document
from assistctl.rendering.editors.github import diagnostic_annotations, plan_annotations
from assistctl.rendering.editors.placed import Places
from assistctl.rendering.history.apply_html import apply_html
from assistctl.rendering.history.apply_markdown import apply_markdown
from assistctl.rendering.history.wording import PastApplyReport, PastChange
from assistctl.rendering.html.list_page import list_html
from assistctl.rendering.html.plan_page import drift_html
from assistctl.rendering.html.results_page import messages_html, results_html
from assistctl.rendering.json import dumps_any
from assistctl.rendering.junit import validation_junit
from assistctl.rendering.listing import Column, Listing
from assistctl.rendering.markdown.document import marker
from assistctl.rendering.markdown.list_markdown import list_markdown
from assistctl.rendering.markdown.messages_markdown import messages_markdown
from assistctl.rendering.markdown.plan_markdown import drift_markdown
from assistctl.rendering.markdown.results_markdown import results_markdown
from assistctl.rendering.text.table import tsv

GOLDEN = Path(__file__).parent / "golden"
COLUMNS = (Column("ID"), Column("NAME", free=True), Column("PROVEN"), Column("WHY"))
ROWS = (
    ("asst_1", "Order desk", "yes", "its record names it"),
    ("file-2", "a | b", "no", "it only looks like ours"),
)
LISTING = Listing("gc", "Garbage", "2 things found.", COLUMNS, ROWS)


def results() -> list[Result]:
    return [
        Result(Kind.ASSISTANT, "translator", "asst_7", Action.CREATE, Status.OK, touched=True),
        Result(
            Kind.ASSISTANT,
            "order-desk",
            "asst_1",
            Action.UPDATE,
            Status.FAILED,
            "the platform answered 400: no such model\nPick another.",
        ),
        Result(Kind.FILE, "docs/a.md", None, Action.CREATE, Status.SKIPPED, "not begun: what needs it failed"),
    ]


def past_apply(text: str = "Two") -> PastApplyReport:
    diffs = (
        FieldDiff("description", "One", text, Origin.MANIFEST),
        FieldDiff("instructions", f"Old line.\n{text}\n", None, Origin.MANIFEST),
        FieldDiff("metadata.token", "(secret)", "(secret)", Origin.MANIFEST, secret=True),
    )
    change = PastChange(
        Kind.ASSISTANT,
        text,
        Action.UPDATE,
        "failed",
        text,
        text,
        diffs,
        frozenset({"instructions"}),
        has_values=False,
    )
    at = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
    return PastApplyReport("20261126T093000-1f3a", text, text, text, "apply", "partial", at, text, (change,))


def with_missing(plan: Plan) -> Plan:
    from dataclasses import replace

    return replace(plan, missing=(Missing(Kind.ASSISTANT, "lost", "asst_9", Absence.DELETED_OUTSIDE),))


REPORTS: dict[str, Callable[[Plan], str]] = {
    "results.md": lambda plan: results_markdown(plan, results()),
    "results.html": lambda plan: results_html(plan, results()),
    "drift.md": lambda plan: drift_markdown(with_missing(plan)),
    "drift.html": lambda plan: drift_html(with_missing(plan)),
    "history.md": lambda _: apply_markdown(past_apply()),
    "history.html": lambda _: apply_html(past_apply()),
    "list.md": lambda _: list_markdown(LISTING, "acme", "prod"),
    "list.html": lambda _: list_html(replace(LISTING, conclusion="2 found."), "acme", "prod"),
    "list.tsv": lambda _: tsv(COLUMNS, ROWS),
    "plan.github.txt": lambda plan: plan_annotations(plan, Places("bots")),
    "messages.github.txt": lambda plan: diagnostic_annotations(plan.diagnostics, Places("bots")),
    "messages.sarif": lambda plan: dumps_any(sarif_document(plan.diagnostics, Places("bots"), "1.2.3")),
    "messages.gitlab.json": lambda plan: dumps_any(code_quality(plan.diagnostics, Places("bots"))),
    "messages.junit.xml": lambda plan: validation_junit(["assistants/a.yaml"], plan.diagnostics),
}


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_as_in_the_golden_file(review_plan: Plan, name: str) -> None:
    """With UPDATE_GOLDEN set it is written anew, to be read in a review."""
    shown = re.sub(r"<style>.*?</style>|sha256-[^']*", "", REPORTS[name](review_plan), flags=re.DOTALL)
    place = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        place.write_text(shown, encoding="utf-8")
    assert shown == place.read_text(encoding="utf-8")


class Page(HTMLParser):
    """The tags of a page, which all have to close, and its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "wbr", "input"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def pages(plan: Plan, told: Sequence[Result], text: str, messages: Sequence[Diagnostic]) -> list[str]:
    row = (text, text, text, text)
    return [
        results_html(plan, told),
        drift_html(plan),
        apply_html(past_apply(text)),
        messages_html(messages),
        list_html(Listing("gc", text, text, COLUMNS, [row], [text]), text, text),
    ]


def comments(plan: Plan, told: Sequence[Result], text: str, messages: Sequence[Diagnostic]) -> list[str]:
    row = (text, text, text, text)
    return [
        results_markdown(plan, told),
        drift_markdown(plan),
        apply_markdown(past_apply(text)),
        messages_markdown(messages),
        list_markdown(Listing("gc", text, text, COLUMNS, [row], [text]), text, text),
    ]


OURS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "header",
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "span",
    "ul",
}
OURS |= {
    "li",
    "strong",
    "section",
    "div",
    "details",
    "summary",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
OURS |= {"code", "bdi", "del", "ins", "wbr", "article", "pre", "dl", "dt", "dd", "a"}
RENDERED = {
    "h3",
    "p",
    "strong",
    "em",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ul",
    "li",
    "pre",
    "code",
    "br",
}


@given(st.data())
@settings(max_examples=15)
def test_no_text_becomes_markup(
    any_plan: st.SearchStrategy[Plan], any_results: st.SearchStrategy[list[Result]], data: st.DataObject
) -> None:
    plan, told, text = data.draw(any_plan), data.draw(any_results), f"x{data.draw(st.text(max_size=30))}"
    for page in pages(plan, told, text, plan.diagnostics):
        parsed = Page(page)
        assert set(parsed.tags) <= OURS
        assert not [name for name, _ in parsed.attributes if name.startswith("on") or name in {"src", "style"}]
        assert {(value or "")[:1] for name, value in parsed.attributes if name == "href"} <= {"#"}
        assert not {unicodedata.category(char) for char in page.replace("\n", "")} & {"Cc", "Cs", "Zl", "Zp"}
    for comment in comments(plan, told, text, plan.diagnostics):
        assert not {unicodedata.category(char) for char in comment.replace("\n", "")} & {"Cc", "Cs", "Zl", "Zp"}
        shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(comment)
        assert set(re.findall(r"<([^\s/>]+)", shown)) <= RENDERED


HOSTILE = "x\n::error::owned\r\n  ::set-output name=a::b\n##[add-mask]y,file=z%0A::warning::q"


@given(st.data())
@settings(max_examples=25)
def test_no_text_becomes_a_command_of_a_runner(any_plan: st.SearchStrategy[Plan], data: st.DataObject) -> None:
    plan = data.draw(any_plan)
    lines = plan_annotations(plan, Places()).split("\n")
    assert lines.pop() == ""
    command = re.compile(r"::(?:error|warning|notice) (?:file=[^,]*,line=\d+,col=\d+,)?title=[^,]*::.*")
    assert all(command.fullmatch(line) for line in lines)
    assert not any(re.search(r"##[a-zA-Z]*\[", line) for line in lines)


def test_a_command_in_a_message_is_text(review_plan: Plan) -> None:
    from dataclasses import replace

    hostile = replace(review_plan.diagnostics[0], summary=HOSTILE, detail=HOSTILE)
    [line, rest] = diagnostic_annotations([hostile], Places()).split("\n")
    assert rest == ""
    assert line.startswith("::warning file=assistants/order-desk.yaml,line=3,col=8,title=assistctl::")
    assert "##[" not in line


@pytest.mark.parametrize("name", ["a", "-->", "--!><script>", "a/b", "\u202e\n"])
def test_a_mark_is_one_line_that_nothing_ends_early(name: str) -> None:
    mark = marker("plan", name, name)
    assert re.fullmatch(r"<!-- assistctl:plan [\w%.~-]+/[\w%.~-]+ -->\n", mark)


def test_a_report_too_long_for_a_comment_keeps_what_failed(review_plan: Plan) -> None:
    fine = [Result(Kind.ASSISTANT, f"fine-{n}", f"asst_{n}", Action.UPDATE, Status.OK) for n in range(3000)]
    failed = Result(Kind.ASSISTANT, "broken", None, Action.UPDATE, Status.FAILED, "no such model")
    text = results_markdown(review_plan, [*fine, failed])
    assert len(text) < 65_536
    assert "| ❌ | `broken` | failed: update |" in text
    assert text.endswith("- `update broken`: no such model\n")
    assert re.search(r"… [\d,]+ more", text)


def test_what_went_wrong_beside_an_apply_is_told_in_its_report(review_plan: Plan) -> None:
    warning = Diagnostic(Severity.WARNING, "the end of <this> is not on record")
    for text in (report(review_plan, results(), None, [warning]) for report in (results_markdown, results_html)):
        assert "the end of &lt;this&gt; is not on record" in text
        assert "<this>" not in text
