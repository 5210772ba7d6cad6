"""How aliases serve an agent's versions: which of them an apply takes along to the version that it makes.

An application begins a conversation with an agent's current version, or names an alias (``agent_version`` of
``ConversationRequest`` in mistralai 3.7.0), which stays at its version until somebody moves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from assistctl.json_value import Json
from assistctl.model.serving import Serving
from assistctl.platforms.mistral.alias_names import ALIASES, names_in


def serving_of(agent: Mapping[str, Json], aliases: Mapping[str, str]) -> Serving:
    """How ``agent`` is served, whose ``aliases`` stand for these versions; those in its metadata follow."""
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
