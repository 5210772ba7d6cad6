"""A request of an SDK that makes or changes what manifests declare, and the places of its fields in a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from support.sdk_fields import Path

BELOW = ".*"
"""After a path: it stands for all that is below it as well."""


class How(StrEnum):
    """How a manifest has a field of a request."""

    NATIVE = "native"
    MAPPED = "mapped"
    PLATFORMS = "`platforms`"
    OURS = "assistctl's"
    REFUSED = "no"


@dataclass(frozen=True, slots=True)
class Place:
    """How a field is had, and its place in a manifest where that is another one; else why it is not."""

    how: How
    note: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """A platform's own: what it makes of a manifest's fields, and of an answer."""

    to_wire: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    from_wire: Callable[[dict[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SdkRequest:
    """A request of an SDK: the parameters that its create and its update take, each with its type.

    ``base`` are fields without which no body is understood, ``within`` is where in it an agent's fields are.
    ``explained`` are the places that ``translation`` does not find, by their paths (``definition[hosted].*`` with
    all that is below); where there is no ``translation``, they are the places of all.
    """

    platform: str
    title: str
    package: str
    create: Mapping[str, Any]
    update: Mapping[str, Any] | None = None
    translation: Translation | None = None
    explained: Mapping[str, Place] = field(default_factory=dict)
    base: Mapping[str, Any] = field(default_factory=dict)
    within: Path = ()
