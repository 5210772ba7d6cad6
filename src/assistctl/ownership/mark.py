"""Who an assistant belongs to, written where it cannot be separated from it: in its own metadata.

The mark is one metadata pair that a person can read in a dashboard::

    assistctl: project=acme target=prod key=order-desk prevent_destroy=true
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from assistctl.json_value import Json

MARK = "assistctl"
BASELINE = "assistctl_baseline"
# Every pair whose key starts so is ours; at most four of an object's 16 ever are.
OUR_PREFIX = "assistctl"
METADATA_PAIRS = 16
OUR_PAIRS = 4

# Anybody can edit metadata; what no manifest could be named is no key.
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Mark:
    """The owner of an assistant: a project's target and the key there; and whether it is protected."""

    project: str
    target: str
    key: str
    prevent_destroy: bool = False

    def __str__(self) -> str:
        text = f"project={self.project} target={self.target} key={self.key}"
        return f"{text} prevent_destroy=true" if self.prevent_destroy else text

    def owned_by(self, project: str, target: str) -> bool:
        """Whether that project's target owns what carries this mark."""
        return (self.project, self.target) == (project, target)


def words_in(text: str) -> dict[str, str]:
    """The values in a mark, and in what is written like one, by their names."""
    return dict(word.partition("=")[::2] for word in text.split())


def is_marked(metadata: Mapping[str, object]) -> bool:
    """Whether somebody's assistctl owns it, even if the mark cannot be read."""
    return MARK in metadata


def read_mark(metadata: Mapping[str, object]) -> Mark | None:
    """The mark in an object's metadata; ``None`` when there is none or it cannot be read."""
    text = metadata.get(MARK)
    return _mark_in(text) if isinstance(text, str) else None


# A plan asks several times whose a thing is.
@lru_cache(maxsize=32_768)
def _mark_in(text: str) -> Mark | None:
    pairs = words_in(text)
    if not (pairs.get("project") and pairs.get("target") and _KEY.fullmatch(pairs.get("key", ""))):
        return None
    return Mark(pairs["project"], pairs["target"], pairs["key"], pairs.get("prevent_destroy") == "true")


def users_pairs(metadata: Mapping[str, Json]) -> dict[str, Json]:
    """The pairs that are not ours."""
    return {key: value for key, value in metadata.items() if not key.startswith(OUR_PREFIX)}
