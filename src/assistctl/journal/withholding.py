"""Keeps secrets out of the journal: what holds one is left out, and a short digest of it stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from assistctl.journal.words import BeforeImage, CiRun, GitState, Heading, Who
from assistctl.model import Json, Request
from assistctl.planning.canonical import digest

Shown: TypeAlias = Callable[[Json], Json]
"""Replaces known secrets in a text or in JSON, and returns everything else as it is."""

# Enough to tell two values apart, and no more of a digest of what may be a secret than that takes.
_DIGEST_CHARACTERS = 8


def without_secrets(image: BeforeImage, secret_paths: Iterable[str], shown: Shown) -> BeforeImage:
    """``image`` without the fields and metadata pairs that hold a secret, whole: half a text restores nothing.

    Tools are one field here: a platform may reorder them, so the place of a secret among them is not known.
    """
    units = {_unit(path) for path in secret_paths}
    withheld = dict(image.withheld)

    def kept(unit: str, value: Json) -> bool:
        if unit not in units and shown(value) == value and shown(unit) == unit:
            return True
        withheld[shown_text(unit, shown)] = _short(unit, value)
        return False

    fields = {name: value for name, value in image.fields.items() if kept(name, value)}
    metadata = {key: value for key, value in image.metadata.items() if kept(f"metadata.{key}", value)}
    return BeforeImage(image.id, fields, metadata, withheld)


def digests(request: Request | None, shown: Shown) -> Mapping[str, str]:
    """A short digest of each field and metadata pair of a request."""
    if request is None:
        return {}
    units: dict[str, Json] = dict(request.fields)
    units.update({f"metadata.{key}": value for key, value in request.metadata.items()})
    return {shown_text(unit, shown): _short(unit, value) for unit, value in units.items()}


def shown_heading(heading: Heading, shown: Shown) -> Heading:
    """``heading`` without secrets in its free text: a branch or the URL of a run may contain one."""
    return replace(heading, who=shown_who(heading.who, shown), command=shown_text(heading.command, shown))


def shown_who(who: Who, shown: Shown) -> Who:
    """``who`` without secrets in its free text."""
    git, ci = who.git, who.ci
    return Who(
        user=shown_text(who.user, shown),
        host=shown_text(who.host, shown),
        git=git and GitState(git.commit, _maybe(git.branch, shown), git.dirty),
        ci=ci and CiRun(ci.system, _maybe(ci.url, shown), _maybe(ci.actor, shown), _maybe(ci.branch, shown)),
    )


def shown_text(text: str, shown: Shown) -> str:
    """``text`` without secrets."""
    return str(shown(text))


def _maybe(text: str | None, shown: Shown) -> str | None:
    return None if text is None else shown_text(text, shown)


def _unit(path: str) -> str:
    if path.startswith("metadata."):
        return path
    return path.split(".", 1)[0].split("[", 1)[0]


def _short(unit: str, value: Json) -> str:
    return digest(value, salt=unit, length=_DIGEST_CHARACTERS)
