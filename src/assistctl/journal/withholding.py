"""Keeps fields with secrets out of the journal: they are left out, and a short digest stands in for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assistctl.journal.words import BeforeImage
from assistctl.model import Json, Request
from assistctl.planning.canonical import digest
from assistctl.secrets.redaction import holds_secret

# Enough to tell two values apart, and no more of a digest of what may be a secret than that takes.
_DIGEST_CHARACTERS = 8


def without_secrets(image: BeforeImage, secret_paths: Iterable[str]) -> BeforeImage:
    """``image`` without the fields and metadata pairs that hold a secret, whole: half a text restores nothing.

    Tools are one field here: a platform may reorder them, so the place of a secret among them is not known.
    """
    units = {_unit(path) for path in secret_paths}
    withheld = dict(image.withheld)

    def kept(unit: str, value: Json) -> bool:
        if unit not in units and not holds_secret([unit, value]):
            return True
        withheld[unit] = _short(unit, value)
        return False

    fields = {name: value for name, value in image.fields.items() if kept(name, value)}
    metadata = {key: value for key, value in image.metadata.items() if kept(f"metadata.{key}", value)}
    return BeforeImage(image.id, fields, metadata, withheld)


def digests(request: Request | None) -> Mapping[str, str]:
    """A short digest of each field and metadata pair of a request."""
    if request is None:
        return {}
    units: dict[str, Json] = dict(request.fields)
    units.update({f"metadata.{key}": value for key, value in request.metadata.items()})
    return {unit: _short(unit, value) for unit, value in units.items()}


def _unit(path: str) -> str:
    if path.startswith("metadata."):
        return path
    return path.split(".", 1)[0].split("[", 1)[0]


def _short(unit: str, value: Json) -> str:
    return digest(value, salt=unit, length=_DIGEST_CHARACTERS)
