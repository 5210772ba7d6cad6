"""Tables of text: whole off a terminal, one row a line; on one, free text gives way, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from assistctl.rendering.listing import Column
from assistctl.secrets.escaping import visible

_GAP = "  "
_NARROWEST = 12
"""Columns that a cell of free text keeps, however narrow the terminal."""


def tsv(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """A line for each row, its cells parted by tabs, headings first; a tab in a cell is an escape."""
    cells = [[column.heading for column in columns], *([visible(cell) for cell in row] for row in rows)]
    return "".join("\t".join(row) + "\n" for row in cells)


def print_table(console: Console, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Prints the rows under their headings; what is in them cannot act on the terminal."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = _widths(columns, shown, console.width if console.is_terminal else None)
    headings = [column.heading for column in columns]
    for line in _lines(columns, headings, widths):
        console.print(Text(line, "bold"), soft_wrap=True)
    for row in shown:
        for line in _lines(columns, row, widths):
            console.print(Text(line), soft_wrap=True)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """The width of each column; where there is not room for all, the widest free ones give way."""
    widths = [
        max(cell_len(column.heading), *(cell_len(row[place]) for row in rows), 0)
        for place, column in enumerate(columns)
    ]
    if room is None:
        return widths
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - room
    while excess > 0:
        giving = [place for place, column in enumerate(columns) if column.free and widths[place] > _NARROWEST]
        if not giving:
            break
        widest = max(giving, key=widths.__getitem__)
        widths[widest] -= 1
        excess -= 1
    return widths


def _lines(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """A row as the lines that its longest cell needs, without spaces at their ends."""
    cells = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, cells))):
        parts = [
            _padded(cell[number] if number < len(cell) else "", width, right=column.right)
            for column, cell, width in zip(columns, cells, widths, strict=True)
        ]
        lines.append(_GAP.join(parts).rstrip())
    return lines


def _folded(cell: str, width: int) -> list[str]:
    if cell_len(cell) <= width:
        return [cell]
    return [line.plain.rstrip() for line in Text(cell).wrap(Console(width=width), width, overflow="fold")]


def _padded(text: str, width: int, *, right: bool) -> str:
    missing = max(width - cell_len(text), 0)
    return " " * missing + text if right else text + " " * missing
