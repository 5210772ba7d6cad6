"""Two names of an agent: the one it is addressed by, for good, and the one that people gave it.

A Foundry agent has but one name, by which it is called and kept apart from others: alphanumeric characters, with
hyphens in the middle, 63 at most (``agent_name`` in azure-ai-projects 2.10.0). A manifest's name is any text, and
may change. So an agent is called once, when it is created, and a name that is another stands in its metadata.
"""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from collections.abc import Mapping

from assistctl.ownership.mark import read_mark

NAME_PAIR = "assistctl_name"
"""The metadata pair of a name that is not the agent's own; no manifest can declare one that begins so."""

_LONGEST = 63
_SUFFIX_CHARACTERS = 6
_OTHERS = re.compile(r"[^A-Za-z0-9]+")


def agent_name(name: object, metadata: Mapping[str, str]) -> str:
    """The name for an agent: the key in its mark, or without one its name."""
    mark = read_mark(metadata)
    return _as_agent_name(mark.key if mark else str(name or ""))


def another(agent: str) -> str:
    """A name like ``agent`` that is surely free."""
    alphabet = string.ascii_lowercase + string.digits
    suffix = "".join(secrets.choice(alphabet) for _ in range(_SUFFIX_CHARACTERS))
    return f"{agent[: _LONGEST - _SUFFIX_CHARACTERS - 1].rstrip('-')}-{suffix}"


def with_name(metadata: Mapping[str, str], name: object, agent: str) -> dict[str, str]:
    """The metadata of ``agent`` that is named ``name``."""
    return {**metadata} if name is None or name == agent else {**metadata, NAME_PAIR: str(name)}


def without_name(metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata without the name in it."""
    return {key: value for key, value in metadata.items() if key != NAME_PAIR}


def _as_agent_name(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _OTHERS.sub("-", plain).strip("-")[:_LONGEST].rstrip("-") or "agent"
