"""The provenance of a plan: the place it was made for, the checkout, its author and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from assistctl.json_value import Json


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a plan, for whoever has to sign it. Nothing is decided by it.

    ``address`` is that of the target, without what only lets one in. ``commit`` and ``branch`` are ``None``
    outside of a git checkout; ``dirty`` says whether it had local changes, ``None`` where git could not tell.
    ``by`` is who made the plan, ``run`` the address of the CI run it was part of. ``at`` is in UTC.
    """

    address: str
    commit: str | None
    branch: str | None
    dirty: bool | None
    by: str
    run: str | None
    at: datetime


def provenance_part(made: Provenance) -> dict[str, Json]:
    """The origin as a saved plan has it."""
    return {
        "address": made.address,
        "commit": made.commit,
        "branch": made.branch,
        "dirty": made.dirty,
        "by": made.by,
        "run": made.run,
        "at": made.at.isoformat(),
    }


def read_provenance(document: Any) -> Provenance:  # noqa: ANN401  # msgspec says what is wrong with anything
    """``provenance_part`` the other way round. Raises ``ValueError`` when the document is none."""
    return msgspec.convert(document, Provenance)
