"""The names of an agent's aliases, in a pair of its metadata: agents are listed without them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistctl.json_value import Json
from assistctl.platforms.translation import as_object, as_text

ALIASES = "aliases"
"""The field of its own with the names that stand for the version that was applied last."""

PAIR = "assistctl_aliases"
"""The metadata pair with the names."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def is_name(value: Json) -> bool:
    """Whether ``value`` can be the name of an alias here; nobody says what else the API takes."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def names_in(metadata: Json) -> list[str]:
    """The names in an agent's metadata."""
    return as_text(as_object(metadata).get(PAIR)).split()


def with_names(pairs: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """``pairs`` with the one of ``names``, without it if there are none."""
    others = {key: value for key, value in pairs.items() if key != PAIR}
    return {**others, PAIR: " ".join(names)} if names else others
