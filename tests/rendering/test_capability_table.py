"""The table of the page on platforms is the one the planner uses.

Run this file with Python to write the table into the page again.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistctl.model.capabilities import Capabilities, Level, Support
from assistctl.platforms.registry import capabilities_of, known_platforms
from assistctl.rendering.capability_table import capability_table, with_table

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "assistants" / "docs" / "platforms.md"


def current() -> str:
    """The page as it should be."""
    tables = {name: capabilities_of(name) for name in known_platforms()}
    return with_table(PAGE.read_text(encoding="utf-8"), capability_table(tables))


def test_the_page_shows_the_tables_there_are() -> None:
    here = Path(__file__).relative_to(ROOT)
    assert PAGE.read_text(encoding="utf-8") == current(), f"write it again with: python {here}"


def test_a_row_for_each_field_and_a_note_only_once() -> None:
    loud = Capabilities({"name": Support(), "top_p": Support(Level.UNSUPPORTED, "Whisper.")})
    own = frozenset({"zeal", "pace"})
    odd = Capabilities({"top_p": Support(Level.MAPPED, "Whisper."), "tools.x": Support(note="As it is.")}, own)
    assert capability_table({"loud": loud, "odd": odd}).splitlines() == [
        "| field | `loud` | `odd` |",
        "| --- | --- | --- |",
        "| `name` | yes | no |",
        "| `top_p` | no (1) | mapped (1) |",
        "| `tools.x` | no | yes (2) |",
        "| `ask`, `check` | no | no |",
        "",
        "1. Whisper.",
        "2. As it is.",
        "",
        "- Under `platforms.odd`: `pace`, `zeal`.",
    ]


def test_every_number_has_its_note() -> None:
    table = current()
    used = {int(number) for number in re.findall(r"\((\d+)\) \|", table)}
    listed = {int(number) for number in re.findall(r"^(\d+)\. ", table, re.MULTILINE)}
    assert used == listed != set()


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="substring not found"):
        with_table("# Platforms\n", "")


if __name__ == "__main__":
    PAGE.write_text(current(), encoding="utf-8")
