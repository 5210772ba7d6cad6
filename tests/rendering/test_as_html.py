from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.model.change import Action, Change, Summary
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering.html.plan_page import plan_html

TAGS = {"html", "head", "meta", "title", "style", "body", "main", "header", "p", "h1", "h2", "span", "ul", "li"}
TAGS |= {"strong", "section", "div", "details", "summary", "table", "tbody", "tr", "th", "td", "code", "bdi"}
TAGS |= {"del", "ins", "wbr", "article", "h3", "h4", "pre", "dl", "dt", "dd", "nav", "ol", "a"}
TAGS |= {"fieldset", "legend", "input", "label"}
VOID = {"meta", "wbr", "input"}


class Page(HTMLParser):
    """A page taken apart: its tags, its attributes and the text a reader sees; every tag must close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.comments: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def test_the_page_shows_the_plan(review_plan: Plan) -> None:
    page = plan_html(review_plan)
    text = re.sub(r"\s+", " ", Page(page).text)
    assert "Plan: 1 to create, 1 to update, 1 to delete, 1 to adopt, 5 unchanged." in text
    assert "old-bot" in text
    assert "PROTECTED" in text
    assert "assistants/order-desk.yaml:3:8" in text
    assert "Always answer in <del>English</del><ins>French</ins> unless the customer" in page
    assert '<bdi class="value old">gpt-4o</bdi>' in page
    assert '<bdi class="value old">(secret)</bdi>' in page
    assert '<bdi class="value new">(secret TOKEN)</bdi>' in page


def test_an_empty_plan_says_so(make_plan: Callable[..., Plan]) -> None:
    page = plan_html(make_plan(summary=Summary(unchanged=7)))
    assert "No changes. 7 assistants are as declared." in page
    assert "<section>" not in page


def test_the_page_stands_alone_and_forbids_all_but_its_own_style(review_plan: Plan) -> None:
    page = plan_html(review_plan)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in page
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style
    attributes = Page(page).attributes
    assert not {name for name, _ in attributes} & {"src", "style", "action", "srcset", "formaction"}
    links = [value for name, value in attributes if name == "href"]
    targets = {value for name, value in attributes if name == "id"}
    assert links, "each change has a link to itself"
    assert {f"#{target}" for target in targets} >= set(links), "and no link leads out of the page"


@given(st.data())
@settings(max_examples=15)
def test_no_text_becomes_markup(any_plan: st.SearchStrategy[Plan], data: st.DataObject) -> None:
    plan = data.draw(any_plan)
    page = plan_html(plan)
    parsed = Page(page)
    assert set(parsed.tags) <= TAGS
    assert not parsed.comments
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert not {unicodedata.category(char) for char in page.replace("\n", "")} & {"Cc", "Cs", "Zl", "Zp"}
    assert parsed.tags.count("ul") == 1
    assert page.count('<span class="action">') == len(plan.changes)


def test_hostile_names_are_shown_as_text(make_plan: Callable[..., Plan]) -> None:
    name = '"><script>alert(1)</script><!--'
    change = Change(Kind.ASSISTANT, name, name, Action.DELETE, name)
    parsed = Page(plan_html(make_plan((change,), project=name)))
    assert "script" not in parsed.tags
    assert parsed.text.count("<script>alert(1)</script><!--") >= 4
