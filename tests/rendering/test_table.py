"""Tables: whole and without padding off a terminal; on one, only text for people gives way."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from assistctl.rendering.listing import Column
from assistctl.rendering.text.table import print_table, tsv

COLUMNS = (Column("KEY"), Column("NAME", free=True), Column("SIZE", right=True), Column("PROVEN"), Column("WHY"))
KEY, WHY = "k" * 40, "no assistant and no vector store of this project refers to it"
ROWS = [
    (
        KEY,
        "A name of many words that goes on and on, 주문 데스크 안내, until it no longer fits",
        "1.2 kB",
        "no",
        WHY,
    ),
    ("short", "Short", "200 bytes", "yes", WHY),
    ("empty", "", "", "", ""),
]


def printed(width: int, *, terminal: bool) -> list[str]:
    stream = io.StringIO()
    print_table(Console(file=stream, width=width, force_terminal=terminal, color_system=None), COLUMNS, ROWS)
    return stream.getvalue().splitlines()


def test_off_a_terminal_a_row_is_a_line_without_padding_at_its_end() -> None:
    lines = printed(40, terminal=False)
    assert len(lines) == 1 + len(ROWS)
    assert all(line == line.rstrip() for line in lines)
    for line, row in zip(lines[1:], ROWS, strict=True):
        assert all(cell in line for cell in row)


@pytest.mark.parametrize("width", [60, 80, 120, 160, 250])
def test_on_a_terminal_the_name_gives_way_and_nothing_else(width: int) -> None:
    lines = printed(width, terminal=True)
    [first] = [line for line in lines if KEY in line]
    assert WHY in first
    assert " no " in first
    assert "1.2 kB" in first
    needed = len(KEY) + 12 + len("200 bytes") + len("PROVEN") + len(WHY) + 8
    assert max(map(cell_len, lines)) <= max(width, needed)
    assert "until" in "".join(lines)


def test_tabs_part_the_cells_and_nothing_else_does() -> None:
    text = tsv((Column("A"), Column("B")), [("x\ty", "z\n"), ("", "1")])
    assert text == "A\tB\nx\\ty\tz\\n\n\t1\n"
