from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.rendering.safe_text import RunnerCommands, visible, without_inner_commands

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\tb", r"a\r\tb"),
        ("\x1b[2J\x07\x00\x7f", r"\x1b[2J\x07\x00\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("safe\u202egnp.exe", r"safe\u202egnp.exe"),
        ("\u2066x\u2069\u200e\u200f\u061c", r"\u2066x\u2069\u200e\u200f\u061c"),
        ("pass\u200bword\ufeff", r"pass\u200bword\ufeff"),
        ("l\u2028p\u2029", r"l\u2028p\u2029"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("a\u200db", r"a\u200db"),
        ("x\ufe0f", r"x\ufe0f"),
        ("👍\U000e0101", r"👍\U000e0101"),
        ("😀\u200d\u200d😀", r"😀\u200d\u200d😀"),
        ("\u3164", r"\u3164"),
    ],
)
def test_what_hides_or_moves_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Crème brûlée, naïve",
        "cafe\u0301",
        "订单助手 注文 주문",
        "👨‍👩‍👧‍👦 👩🏽‍💻 ❤️‍🔥 1️⃣ 🏳️‍🌈",
        "می‌خواهم",  # a zero-width non-joiner that Persian spelling asks for
        "क्‍ष",
        "עברית و عربي",
        "10\u00a0000\u202f€",
        "葛\U000e0100",
        r"C:\new",
    ],
)
def test_legitimate_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_multiline_keeps_newlines_and_tabs_only() -> None:
    assert visible("a\n\tb\r\n\x0b", multiline=True) == "a\n\tb\\r\n\\x0b"


@given(ANY_TEXT)
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {char for char in shown if unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF"}}
    assert not {char for char in shown if unicodedata.bidirectional(char) in {"LRI", "RLI", "FSI", "PDI"}}
    shown.encode("utf-8")


@given(ANY_TEXT)
def test_shown_text_is_shown_the_same_again(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        (["::error::x\n"], "\\::error::x\n"),
        (["a\n\u3000 ::add-mask::x\n\n::stop-commands::y"], "a\n\u3000 \\::add-mask::x\n\n\\::stop-commands::y"),
        (["  ", "::error::x"], "  \\::error::x"),
        (["a", "::error::x\n", "::error::y"], "a::error::x\n\\::error::y"),
        (["a\n  b", "::c"], "a\n  b::c"),
        (["x ##[add-mask]y ##VSO[task.setsecret]z ###[a]"], "x #\\#[add-mask]y #\\#VSO[task.setsecret]z ##\\#[a]"),
        (["a::b c:: [::1]:80 # ## [x]\n### Heading\n"], "a::b c:: [::1]:80 # ## [x]\n### Heading\n"),
    ],
)
def test_what_a_runner_would_take_for_a_command_is_none_and_stays_readable(chunks: list[str], shown: str) -> None:
    commands = RunnerCommands()
    assert "".join(map(commands.disarmed, chunks)) == shown


@given(st.text("#[]v:\\ \n"))
def test_json_reads_back_the_same_without_a_command(text: str) -> None:
    written = without_inner_commands(json.dumps(text))
    assert json.loads(written) == text
    assert "##[" not in written
