"""A list that a command prints, as data: its columns and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A heading. ``free``: text for people, which may be folded; keys, ids and words of ours never are."""

    heading: str
    free: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that ``command`` prints of a project on a target; ``errors`` stand at its end.

    Text and tab-separated values do without its title, conclusion and errors.
    """

    command: str
    title: str
    conclusion: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    errors: Sequence[str] = ()
