"""Keeps fields with secrets out of the journal, their digests too: what is short could be found by trying."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from assistctl.journal.records import BeforeImage
from assistctl.json_value import Json
from assistctl.model.change import Request
from assistctl.ownership.canonical import canonical_units, digest, dotted
from assistctl.ownership.mark import BASELINE, hidden
from assistctl.secrets.redaction import holds_secret

# Enough to tell two values apart.
_DIGEST_CHARACTERS = 8
_NO_DIGEST = ""


def without_secrets(image: BeforeImage, secret_paths: Iterable[str]) -> BeforeImage:
    """``image`` without the fields and metadata pairs that hold a secret, whole: half a text restores nothing.

    Tools are one field here: a platform may reorder them, so the place of a secret among them is not known.
    """
    units = {_unit(path) for path in secret_paths}
    withheld = dict(image.withheld)

    def kept(unit: str, value: Json) -> bool:
        if not _is_secret(unit, value, units):
            return True
        withheld[unit] = _NO_DIGEST
        return False

    fields = {name: value for name, value in image.fields.items() if kept(name, value)}
    metadata = {key: value for key, value in image.metadata.items() if kept(f"metadata.{key}", value)}
    if BASELINE in metadata:
        observed_units = canonical_units(image.fields, image.metadata)
        metadata[BASELINE] = hidden(
            metadata[BASELINE], observed_units, lambda unit: _unit(dotted(unit)) in withheld
        )
    return BeforeImage(image.id, fields, metadata, withheld)


def digests(request: Request | None, secret_paths: Iterable[str]) -> Mapping[str, str]:
    """A short digest of each field and metadata pair of a request; an empty one of what holds a secret."""
    if request is None:
        return {}
    units: dict[str, Json] = dict(request.fields)
    units.update({f"metadata.{key}": value for key, value in request.metadata.items()})
    paths = {_unit(path) for path in secret_paths}
    secret = paths | {unit for unit, value in units.items() if _is_secret(unit, value, paths)}
    if secret:
        # It has digests of what was sent.
        secret.add(f"metadata.{BASELINE}")
    return {unit: _NO_DIGEST if unit in secret else short_digest(unit, value) for unit, value in units.items()}


def short_digest(unit: str, value: Json) -> str:
    """The digest under which a journal names the value of a field or pair that was sent."""
    return digest(value, salt=unit, length=_DIGEST_CHARACTERS)


def _is_secret(unit: str, value: Json, secret: Collection[str]) -> bool:
    return unit in secret or holds_secret([unit, value])


def _unit(path: str) -> str:
    if path.startswith("metadata."):
        return path
    return path.split(".", 1)[0].split("[", 1)[0]
