from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.change import Action, Change, FieldDiff, Origin, Summary
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.rendering.markdown.document import COMMENT as LIMIT
from assistctl.rendering.markdown.document import Part, document
from assistctl.rendering.markdown.plan_markdown import plan_markdown

MakePlan = Callable[..., Plan]

REVIEW = """\
### acme → prod (openai-agents)

**Plan: 1 to create, 1 to update, 1 to delete, 1 to adopt, 5 unchanged.**

**Apply will refuse this plan:**

- **PROTECTED** `old-bot`: Protected against deletion. To delete on purpose, set lifecycle.prevent\\_destroy: \
false in the manifest and apply; then delete.
- **ADOPTION** `greeter`: An assistant with the declared name is already there, and this project does not own it. \
Apply with --adopt to take it over, or with --no-adopt to create another one.

| | What | Action | Why | |
|:-:|---|---|---|---|
| `-` | `old-bot` | delete | no longer declared | **PROTECTED** |
| `=` | `greeter` | adopt | an assistant with this name exists | **ADOPTION** |
| `~` | `order-desk` | update | manifest changed and changed outside |  |
| `+` | `translator` | create | not on the platform |  |
"""

ORDER_DESK = """\
<details open><summary>~ <code>order-desk</code> update: <code>temperature 0.2 → 0.4</code>; \
<code>model gpt-4o → gpt-4o-mini</code>; <code>top_p 0.9 → (not set)</code>; \
<code>description "Orders " → "Orders"</code>; <code>metadata.token (secret) → (secret TOKEN)</code> \
and 2 more fields</summary>

```diff
- temperature: 0.2
+ temperature: 0.4
- model: gpt-4o
+ model: gpt-4o-mini  (changed outside; apply will undo this edit)
- top_p: 0.9
+ top_p: (not set)
- description: "Orders "
+ description: "Orders"  (changed here and outside)
- metadata.token: (secret)
+ metadata.token: (secret TOKEN)
  instructions: 1 sentence, 1 of 81 lines
-    41 │ Always answer in [-English-] unless the customer writes in another language.
+    41 │ Always answer in {+French+} unless the customer writes in another language.
"""


def test_a_comment_for_a_reviewer(review_plan: Plan) -> None:
    text = plan_markdown(review_plan)
    assert text.startswith(REVIEW)
    assert ORDER_DESK in text
    assert (
        "- `assistants/order-desk.yaml:3:8`: **warning:** gpt-4o-mini is switched off on 2027-01-31 (model)<br>"
        in text
    )


def test_an_empty_plan_is_two_lines(make_plan: MakePlan) -> None:
    text = plan_markdown(make_plan(summary=Summary(unchanged=7)))
    assert text == "### acme → prod (openai-agents)\n\n**No changes. 7 assistants are as declared.**\n"


@pytest.mark.parametrize(
    ("reason", "cell"),
    [
        ("a | b", "a &#124; b"),
        ("ask @octocat", "ask @&#8203;octocat"),
        ("see #12", r"see \#&#8203;12"),
        ("![p](http://example.com)", r"!&#8203;\[p\](http:&#8203;//example.com)"),
        ("<img src=x> &amp;", "&lt;img src=x&gt; &amp;amp;"),
        ("`x` *y* __z__", r"\`x\` \*y\* \_\_z\_\_"),
        ("www.example.com", "www&#8203;.example.com"),
        (":tada: $x$", r":&#8203;tada: \$&#8203;x\$"),
        ("a\n| b", r"a\\n&#124; b"),
    ],
)
def test_text_outside_of_code_does_nothing(make_plan: MakePlan, reason: str, cell: str) -> None:
    text = plan_markdown(make_plan((Change(Kind.ASSISTANT, "a", None, Action.CREATE, reason),)))
    row = text.splitlines()[6]
    assert row == f"| `+` | `a` | create | {cell} |  |"


def test_code_stays_code(make_plan: MakePlan) -> None:
    diff = FieldDiff("x", "```\n</details>\n@octocat", "````\n</details>\n@octocat", Origin.MANIFEST)
    text = plan_markdown(make_plan((Change(Kind.ASSISTANT, "`|`", "id", Action.UPDATE, "", (diff,)),)))
    assert '| `~` | ``"`\\|`"`` | update |' in text
    fence = re.findall(r"^(`{3,})", text, re.MULTILINE)
    assert fence == ["````", "````"]


@given(st.data())
@settings(max_examples=40)
def test_structure_is_ours_alone(any_plan: st.SearchStrategy[Plan], data: st.DataObject) -> None:
    plan = data.draw(any_plan)
    text = plan_markdown(plan)
    assert len(text) <= LIMIT
    assert not {unicodedata.category(char) for char in text.replace("\n", "")} & {"Cc", "Cs", "Zl", "Zp"}
    outside = outside_of_fences(text)
    assert len([line for line in outside if line.startswith("| `")]) == len(plan.changes)
    assert all(unescaped_pipes(line) == 6 for line in outside if line.startswith("| `"))
    assert set(re.findall(r"<([^\s/>]+)", rendered(text))) <= TAGS


TAGS = {"h3", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "pre", "code", "br"}
TAGS |= {"details", "summary"}


def rendered(text: str) -> str:
    """The comment as HTML. The parser is one that lets HTML through, as GitHub's does before it sanitises."""
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_a_markdown_parser_finds_the_same_structure(review_plan: Plan) -> None:
    page = rendered(plan_markdown(review_plan))
    assert page.count("<tr>") == 5
    assert page.count('<pre><code class="language-diff">') == 3
    assert "<td><code>old-bot</code></td>" in page
    assert "<details open><summary>~ <code>order-desk</code> update: <code>temperature 0.2 → 0.4</code>" in page


def outside_of_fences(text: str) -> list[str]:
    """The lines that Markdown reads as Markdown; every fence has to close."""
    outside: list[str] = []
    fence = ""
    for line in text.splitlines():
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line.removesuffix("diff")
        else:
            outside.append(line)
    assert not fence
    return outside


def unescaped_pipes(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line))


def test_a_comment_too_long_loses_its_longest_differences_first(make_plan: MakePlan) -> None:
    small = FieldDiff("small", "one", "two", Origin.MANIFEST)
    changes = (
        *(big_change(f"big-{number}") for number in range(12)),
        Change(Kind.ASSISTANT, "tiny", "id", Action.UPDATE, "r", (small,)),
    )
    text = plan_markdown(make_plan(changes, summary=Summary(update=13)))
    assert LIMIT * 0.8 < len(text) <= LIMIT
    assert "**Plan: 0 to create, 13 to update, 0 to delete, 0 unchanged.**" in text
    assert "Shortened to fit" in text
    assert "- small: one\n+ small: two\n" in text
    assert all(f"<code>big-{number}</code>" in text for number in range(12))
    assert re.search(r"… \d+ more lines \(--format html and --format json have all of it\)\n```", text)
    outside_of_fences(text)


def big_change(key: str) -> Change:
    # One long word, as comparing many is not what is asked here.
    old = "".join(f"{key} line {number} {'word-' * 20}\n" for number in range(60))
    return Change(
        Kind.ASSISTANT,
        key,
        "id",
        Action.UPDATE,
        "r",
        (FieldDiff("x", old, old.replace("word", "other"), Origin.MANIFEST),),
    )


def test_of_many_long_differences_each_shows_something() -> None:
    size, number = 20_000, 12
    parts = [Part(f"part {index}", tuple(f"line {index} of it" for _ in range(size))) for index in range(number)]
    shown = document("All", parts, limit=size).splitlines()
    # Half of the room is shared out evenly, and what stands around the lines takes some of it.
    least = size // (3 * number) // len("line 10 of it")
    assert [index for index in range(number) if shown.count(f"line {index} of it") < least] == []


def test_thousands_of_changes_and_messages_still_fit(make_plan: MakePlan) -> None:
    diff = FieldDiff("x", 1, 2, Origin.MANIFEST)
    changes = tuple(Change(Kind.ASSISTANT, f"a{n}", "id", Action.UPDATE, "r" * 50, (diff,)) for n in range(2_000))
    diagnostics = tuple(Diagnostic(Severity.WARNING, "w" * 5_000) for _ in range(50))
    text = plan_markdown(make_plan(changes, diagnostics=diagnostics))
    assert LIMIT * 0.5 < len(text) <= LIMIT
    assert "**Plan: 0 to create, 2,000 to update" in text
    assert re.search(r"… [\d,]+ more \|", text)
    outside_of_fences(text)


def test_the_names_of_thousands_of_deletes_stay(make_plan: MakePlan) -> None:
    changes = tuple(Change(Kind.ASSISTANT, f"old-{n}", f"id{n}", Action.DELETE, "r" * 50) for n in range(3_000))
    text = plan_markdown(make_plan(changes, summary=Summary(delete=3_000)))
    assert len(text.encode()) <= LIMIT
    assert all(f"`old-{n}`" in text for n in range(3_000))
    assert re.search(r"… [\d,]+ more \|", text)
    outside_of_fences(text)


@pytest.mark.parametrize("size", [2_000, 9_000, 40_000])
def test_any_size_is_kept(review_plan: Plan, size: int) -> None:
    many = replace(review_plan, changes=review_plan.changes * 20)
    text = plan_markdown(many, size)
    assert size * 0.5 < len(text.encode()) <= size
    assert "PROTECTED" in text
    outside_of_fences(text)


def test_a_prompt_in_one_long_line_is_all_there(make_plan: MakePlan) -> None:
    prompt = " ".join(f"word{number}" for number in range(90))
    diff = FieldDiff("instructions", None, prompt, Origin.MANIFEST)
    text = plan_markdown(make_plan((Change(Kind.ASSISTANT, "a", None, Action.CREATE, "new", (diff,)),)))
    assert f"+     1 │ {prompt}\n" in text
