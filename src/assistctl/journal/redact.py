"""Keeps fields with secrets out of the journal, their digests too: what is short could be found by trying."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from assistctl.journal.records import BeforeImage, Operation
from assistctl.json_value import Json
from assistctl.model.change import Request
from assistctl.ownership.canonical import canonical_units, digest, dotted
from assistctl.ownership.mark import BASELINE, hidden, users_pairs
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
    units = _units(request.fields, request.metadata)
    paths = {_unit(path) for path in secret_paths}
    secret = paths | {unit for unit, value in units.items() if _is_secret(unit, value, paths)}
    if secret:
        # It has digests of what was sent.
        secret.add(f"metadata.{BASELINE}")
    return {unit: _NO_DIGEST if unit in secret else short_digest(unit, value) for unit, value in units.items()}


def changed_digests(operation: Operation) -> Mapping[str, str]:
    """The digests of a request, without metadata pairs that hold a secret and stay as they are.

    A request has all pairs; of one without a digest, no reader could tell that it is the old one.
    """
    request, before = operation.request, operation.before
    if request is None:
        return {}
    pairs = before.metadata if before is not None else {}
    same = {f"metadata.{name}" for name, value in request.metadata.items() if pairs.get(name) == value}
    found = digests(request, operation.secret_paths)
    return {unit: text for unit, text in found.items() if text != _NO_DIGEST or unit not in same}


def new_values(operation: Operation, sent: Mapping[str, str]) -> dict[str, Json]:
    """The values that a request changes, for whoever reads the journal; ``sent`` are their digests.

    Left out is what holds a secret, and what no answer need show, which stands in no image of before either.
    """
    request, before = operation.request, operation.before
    if request is None:
        return {}
    old = _units(before.fields, users_pairs(before.metadata)) if before is not None else {}
    return {
        unit: value
        for unit, value in _units(request.fields, users_pairs(request.metadata)).items()
        if sent.get(unit) and value != old.get(unit) and not _is_unanswered(operation, unit, value)
    }


def _is_unanswered(operation: Operation, unit: str, value: Json) -> bool:
    if unit in operation.unanswered:
        return True
    tools = value if unit == "tools" and isinstance(value, list) else []
    return any(isinstance(tool, dict) and operation.unanswered_in_tools & tool.keys() for tool in tools)


def _units(fields: Mapping[str, Json], metadata: Mapping[str, Json]) -> dict[str, Json]:
    return {**fields, **{f"metadata.{key}": value for key, value in metadata.items()}}


def short_digest(unit: str, value: Json) -> str:
    """The digest under which a journal names the value of a field or pair that was sent."""
    return digest(value, salt=unit, length=_DIGEST_CHARACTERS)


def _is_secret(unit: str, value: Json, secret: Collection[str]) -> bool:
    return unit in secret or holds_secret([unit, value])


def _unit(path: str) -> str:
    if path.startswith("metadata."):
        return path
    return path.split(".", 1)[0].split("[", 1)[0]
