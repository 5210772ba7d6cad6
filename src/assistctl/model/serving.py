"""The versions of an assistant that answer its users, where these need not be the newest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NEWEST = "@latest"
"""The version in ``Serving.traffic`` that stands for whichever is the newest one."""

WHOLE = 100
"""All of the traffic, in percent."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The serving of an assistant with versions.

    ``traffic`` is the share of each version in percent, by its name or ``NEWEST``. One that is ``disabled``
    answers nobody; ``disabled_by`` is what decides that, where it is not the assistant itself. ``way_on`` is how
    to change it in a manifest.

    ``aliases`` are the names by which applications may choose a version, with the one that each stands for;
    ``None`` where there is no such thing, and then it is ``traffic`` that counts. Those ``following`` are moved to
    the version that an apply makes.
    """

    traffic: Mapping[str, int] = field(default_factory=lambda: {NEWEST: WHOLE})
    disabled: bool = False
    disabled_by: str = ""
    way_on: str = ""
    aliases: Mapping[str, str] | None = None
    following: frozenset[str] = frozenset()

    def share_of(self, version: str | None) -> int:
        """The percentage that ``version``, the newest one, gets."""
        return self.traffic.get(NEWEST, 0) + self.traffic.get(version or "", 0)

    def share_after(self, version: str | None) -> int:
        """The percentage that the version after ``version`` gets once it is there."""
        coming = [name for name in self.traffic if name.isdecimal() and _number(name) > _number(version)]
        return self.traffic.get(NEWEST, 0) + sum(self.traffic[name] for name in coming)

    def aliases_text(self) -> str:
        """``demo: 3, live: 2``; empty without any."""
        return ", ".join(f"{name}: {version}" for name, version in sorted((self.aliases or {}).items()))

    def resolved(self, version: str | None) -> dict[str, int]:
        """The share of each version by its name, where ``version`` is the newest one."""
        found: dict[str, int] = {}
        for name, share in self.traffic.items():
            named = version if name == NEWEST and version is not None else name
            found[named] = found.get(named, 0) + share
        return found

    def __str__(self) -> str:
        shares = (
            f"{share} % to {'the newest version' if name == NEWEST else f'version {name}'}"
            for name, share in self.traffic.items()
        )
        return ", ".join(shares) or "nothing to any version"


def _number(version: str | None) -> int:
    return int(version) if version is not None and version.isdecimal() else 0
