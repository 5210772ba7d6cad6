"""What becomes of a field on another platform."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assistctl.model import Json


class Outcome(StrEnum):
    """Whether a field carries over, is expressed in another way, or is lost."""

    CARRIED = "carried"
    MAPPED = "mapped"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of the field at ``path``.

    ``about`` is the path without the names of functions and pairs (``tools.function.strict``, ``metadata``): what
    different assistants have in common. ``note`` says how it is mapped or, for what is lost, the nearest way on;
    for what carries over, what to know about it. ``value`` is what is lost, or what is to be looked at.
    """

    path: str
    about: str
    outcome: Outcome
    note: str = ""
    value: Json = None
