"""A platform's counterpart of a tool that only another one has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.json_value import Json


@dataclass(frozen=True, slots=True)
class Counterpart:
    """``own`` are the platform's own fields that stand for a tool: lists among them are added to what is there.

    Without any there is nothing like it. ``note`` says how it is mapped or, where there is nothing, the way on.
    ``reads`` is the part of ``tool_resources`` that went into it.
    """

    note: str
    own: Mapping[str, Json] = field(default_factory=dict)
    reads: str = ""
