"""Which tools a prompt mentions, and what it costs to find them."""

from __future__ import annotations

import datetime as dt
import re
import string

from hypothesis import given
from hypothesis import strategies as st

from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.planning.lint import lint
from support.growth import TENFOLD, growth
from support.planning import declared

TODAY = dt.date(2026, 1, 2)
NAMES = st.text(alphabet="ab_-", min_size=1, max_size=4)
TEXTS = st.text(alphabet="ab_-` .é", max_size=40)


def having(key: str, name: str, instructions: str) -> Desired:
    """An assistant with one function."""
    tools: list[Json] = [{"type": "function", "function": {"name": name}}]
    return declared(key, {"model": "m", "instructions": instructions, "tools": tools})


def mentioned(text: str, *functions: str) -> list[str]:
    """What ``text`` mentions of what others have."""
    others = [having(f"o{place}", name, "") for place, name in enumerate(functions)]
    messages = lint([declared("one", {"model": "m", "instructions": text}), *others], None, TODAY)
    found = [message.summary for message in messages if "mention a tool" in message.summary]
    return found[0].rpartition(": ")[2].split(", ") if found else []


@given(TEXTS, st.sets(NAMES, min_size=1, max_size=4))
def test_a_name_is_found_where_it_stands_by_itself(text: str, names: set[str]) -> None:
    expected = [
        name
        for name in sorted(names)
        if (
            re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
            if {"_", "-"}.intersection(name)
            else f"`{name}`" in text
        )
    ]
    assert mentioned(text, *names) == expected


def test_words_as_code_may_share_a_backtick() -> None:
    assert mentioned("`one`two`three`", "one", "two", "three") == ["one", "three", "two"]


def test_names_count_in_any_letters() -> None:
    name = string.ascii_letters[:60]
    assert mentioned(f"Call `{name}`, or file_search.", name) == [name, "file_search"]


def test_each_prompt_is_read_once_however_many_functions_there_are() -> None:
    def project(size: int) -> list[Desired]:
        return [having(f"a{number}", f"look_up_{number}", f"Use look_up_{number}.") for number in range(size)]

    assert growth(project, lambda desired: list(lint(desired, None, TODAY)), 20) <= TENFOLD
