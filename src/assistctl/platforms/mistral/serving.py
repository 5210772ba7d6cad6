"""Serving by aliases: those that an apply moves to the version it makes, and those that stay.

An application begins a conversation with an agent's current version, or names an alias (``agent_version`` of
``ConversationRequest`` in mistralai 3.7.0), which stays at its version until somebody moves it.
The names of the aliases stand in a pair of its metadata: agents are listed without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistctl.json_value import Json
from assistctl.model.serving import Serving
from assistctl.platforms.translation import as_object, as_text

ALIASES = "aliases"
"""The field of its own with the names that stand for the version that was applied last."""

PAIR = "assistctl_aliases"
"""The metadata pair with the names."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def is_name(value: Json) -> bool:
    """Whether ``value`` can be the name of an alias here; the API documents no rules."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def names_in(metadata: Json) -> list[str]:
    """The names in an agent's metadata."""
    return as_text(as_object(metadata).get(PAIR)).split()


def with_names(pairs: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """``pairs`` with the one for ``names``, or without it if they are empty."""
    others = {key: value for key, value in pairs.items() if key != PAIR}
    return {**others, PAIR: " ".join(names)} if names else others


def serving_of(agent: Mapping[str, Json], aliases: Mapping[str, str]) -> Serving:
    """The serving of ``agent``, whose ``aliases`` stand for these versions; those in its metadata follow."""
    following = frozenset(names_in(agent.get("metadata")))
    return Serving(aliases=dict(aliases), following=following, way_on=_way_on(aliases))


def serving_after(serving: Serving, own: Mapping[str, Json]) -> Serving:
    """``serving`` once ``own`` is sent: what is named there follows, and what was named before and is not goes."""
    if serving.aliases is None or ALIASES not in own:
        return serving
    declared = own[ALIASES]
    names = frozenset(map(str, declared)) if isinstance(declared, list) else frozenset[str]()
    gone = serving.following - names
    left = {name: version for name, version in serving.aliases.items() if name not in gone}
    return replace(serving, aliases=left, following=names, way_on=_way_on(left))


def _way_on(aliases: Mapping[str, str]) -> str:
    names = ", ".join(sorted(aliases))
    return (
        f"Conversations that name none begin with the newest version. `platforms: {{mistral-agents: {{aliases: "
        f"[{names}]}}}}` takes them along to each version that is applied."
    )
