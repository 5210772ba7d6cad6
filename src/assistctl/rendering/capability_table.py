"""The fields that each platform expresses, as Markdown made from the tables that the planner itself uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from assistctl.model.capabilities import Capabilities, Level, Support
from assistctl.model.kind import RESOURCE_KINDS
from assistctl.planning.capability_check import names_in, support_of
from assistctl.rendering.markdown.escape import code

BEGIN = "<!-- capabilities: generated -->"
END = "<!-- /capabilities -->"

_WORDS = {Level.NATIVE: "yes", Level.MAPPED: "mapped", Level.UNSUPPORTED: "no"}


def capability_table(platforms: Mapping[str, Capabilities]) -> str:
    """A table with a row for each field and a column for each platform, and the notes below it."""
    notes = _Notes()
    fields = names_in(table.fields for table in platforms.values())
    rows = [
        _row([code(name), *(notes.cell(support_of(name, table.fields)) for table in platforms.values())])
        for name in fields
    ]
    rows.append(_row(["`ask`, `check`", *(notes.cell(table.converses) for table in platforms.values())]))
    head = [_row(["field", *map(code, platforms)]), _row(["---"] * (len(platforms) + 1))]
    return "\n".join([*head, *rows, "", *notes.listed(), "", *_own(platforms), *_of_kinds(platforms)])


def with_table(page: str, table: str) -> str:
    """``page`` with ``table`` between its markers. Raises ``ValueError`` when it has none."""
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:start]}\n{table}\n{page[end:]}"


class _Notes:
    """The notes so far, each with its number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def cell(self, support: Support | None) -> str:
        """The cell for a field's support, with the number of its note."""
        if support is None:
            return _WORDS[Level.UNSUPPORTED]
        word = _WORDS[support.level]
        if not support.note:
            return word
        number = self._numbers.setdefault(support.note, len(self._numbers) + 1)
        return f"{word} ({number})"

    def listed(self) -> Iterator[str]:
        """The notes, as a numbered list."""
        return (f"{number}. {note}" for note, number in self._numbers.items())


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _of_kinds(platforms: Mapping[str, Capabilities]) -> Iterator[str]:
    """A table for each kind of thing that any platform keeps beside its assistants."""
    for kind in RESOURCE_KINDS:
        tables = {name: table.resources[kind] for name, table in platforms.items() if kind in table.resources}
        if not tables:
            continue
        notes = _Notes()
        fields = names_in(table.fields for table in tables.values())
        yield from ("", f"Of {code(f'kind: {kind}')}; the other platforms have none:", "")
        yield from (_row(["field", *map(code, tables)]), _row(["---"] * (len(tables) + 1)))
        for name in fields:
            yield _row([code(name), *(notes.cell(support_of(name, table.fields)) for table in tables.values())])
        for part in ([*notes.listed()], [*_own(tables)]):
            yield from ["", *part] if part else []


def _own(platforms: Mapping[str, Capabilities]) -> Iterable[str]:
    """The fields that only one platform has."""
    for name, table in platforms.items():
        if table.platform_fields:
            yield f"- Under {code(f'platforms.{name}')}: {', '.join(map(code, sorted(table.platform_fields)))}."
