"""A plan of twelve kinds of change, in the files under ``golden/``, where a reviewer reads it.

With UPDATE_GOLDEN set the files are written anew.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from assistctl.model.plan import Plan, plan_document
from assistctl.rendering.json import dumps
from assistctl.rendering.markdown.plan_markdown import plan_markdown
from assistctl.rendering.text.plan_text import print_plan
from support.twelve_changes import twelve_changes

GOLDEN = Path(__file__).parent / "golden"


def text(width: int | None, *, verbose: bool = False) -> str:
    """The plan on a terminal of that width, or in a log."""
    console = Console(file=io.StringIO(), width=width or 80, force_terminal=width is not None, color_system=None)
    print_plan(console, twelve_changes(), verbose=verbose)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def shown() -> dict[str, str]:
    """Each file's text."""
    return {
        "plan.txt": text(None),
        "plan-verbose.txt": text(None, verbose=True),
        "plan-60-columns.txt": text(60),
        "plan-80-columns.txt": text(80),
        "plan-200-columns.txt": text(200),
        "plan.md": plan_markdown(twelve_changes()),
    }


@pytest.mark.parametrize("name", list(shown()))
def test_a_plan_of_twelve_kinds_of_change(name: str) -> None:
    content, place = shown()[name], GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        place.write_text(content, encoding="utf-8")
    assert content == place.read_text(encoding="utf-8")


def test_a_plan_reads_back_as_it_was() -> None:
    plan = twelve_changes()
    again = Plan.from_document(plan_document(plan))
    assert dumps(plan_document(again)) == dumps(plan_document(plan))
