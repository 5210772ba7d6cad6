"""A process that is killed while it writes the journal: it can be read, and nothing that was reported is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.journal_races import killed_after
from support.object_stores import Service


@pytest.mark.parametrize("lines", [0, 1, 2, 9, 100])
def test_killed_while_it_writes(shared: Service, tmp_path: Path, lines: int) -> None:
    """A slice; ``tests/benchmarks/soak_journal.py`` runs many more."""
    assert killed_after(lines, shared, tmp_path) == ""


@pytest.mark.parametrize("lines", [1, 50])
def test_killed_while_it_writes_to_the_projects_folder(tmp_path: Path, lines: int) -> None:
    assert killed_after(lines, Service("-", {}, ""), tmp_path) == ""
