"""The metadata of an agent, whose values may be anything there and are texts here.

``metadata`` of ``UpdateAgentRequest`` (mistralai 3.7.0) says neither how much there may be, nor whether an update
merges it.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.capabilities import MetadataLimits
from assistctl.platforms.translation import Object, as_object, texts, without_nulls

MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512
"""How many pairs there may be, and the characters of a key and of a value."""

LIMITS = MetadataLimits(MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE)
"""The same as capabilities have it. Mistral says nothing of it: this is what every other platform keeps."""


def to_metadata(pairs: Mapping[str, str], before: Json = None) -> Object:
    """``pairs`` as they are sent on top of ``before``: a value that is no text and does not change stays as it is.

    Raises ``PlatformError`` for more than every platform keeps, which could be cut off without a word.
    """
    problem = _too_much(pairs)
    if problem:
        raise PlatformError(f"metadata {problem}", "Nothing was sent.")
    present = as_object(before)
    shown = texts(present)
    return {key: present[key] if shown.get(key) == text else text for key, text in pairs.items()}


def from_metadata(metadata: Json) -> Object:
    """The pairs of an answer, without null ones."""
    return without_nulls(as_object(metadata))


def left_over(pairs: Mapping[str, str], answered: Json) -> Object:
    """Null for each pair of an answer that should have gone; empty where an update replaced them all."""
    return dict.fromkeys(sorted(from_metadata(answered).keys() - pairs.keys()))


def _too_much(pairs: Mapping[str, str]) -> str:
    if len(pairs) > MOST_PAIRS:
        return f"has {len(pairs)} pairs; there is room for {MOST_PAIRS}"
    for key, value in pairs.items():
        if len(key) > LONGEST_KEY:
            return f"has a key of {len(key)} characters; there is room for {LONGEST_KEY}"
        if len(value) > LONGEST_VALUE:
            return f"has a value of {len(value)} characters; there is room for {LONGEST_VALUE}"
    return ""
