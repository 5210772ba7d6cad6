"""An assistant on its way to another platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.migration.report import Document, FieldOutcome


@dataclass(frozen=True, slots=True)
class Draft:
    """What there is of it so far.

    ``nameless`` are tools that no manifest has a place for, ``resources`` its ``tool_resources``; of both those
    that nothing was made of yet. ``own`` are the fields of the destination alone that were made of them, and
    ``outcomes`` tell what was done.
    """

    document: Document
    nameless: Sequence[Json]
    resources: Json
    own: Mapping[str, Json] = field(default_factory=dict)
    outcomes: tuple[FieldOutcome, ...] = ()
