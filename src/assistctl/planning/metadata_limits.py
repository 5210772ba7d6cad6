"""Metadata that a platform would not keep: too many pairs, keys or values that are too long."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import MetadataLimits
from assistctl.ownership.mark import OUR_PAIRS


def check_metadata(desired: Desired, platform: str, limits: MetadataLimits) -> Iterator[Diagnostic]:
    """An error for what of the declared metadata is beyond a platform's limits."""
    metadata = desired.fields.get("metadata")
    if not isinstance(metadata, dict):
        return
    room = None if limits.open_pairs is None else limits.open_pairs - OUR_PAIRS
    if room is not None and len(metadata) > room:
        summary = f"metadata has {len(metadata)} pairs, and {platform} has room for {room}"
        yield _error(desired, "metadata", summary, _why(limits))
    for key, value in metadata.items():
        for text, most, part in ((key, limits.key_characters, "key"), (value, limits.value_characters, "value")):
            if most is not None and isinstance(text, str) and len(text) > most:
                path = f"metadata.{key}"
                summary = f"the {part} of {path} has {len(text)} characters, and {platform} keeps {most}"
                yield _error(desired, path, summary, "Shorten it.")


def _why(limits: MetadataLimits) -> str:
    own = f", and the platform's name for it {limits.reserved}" if limits.reserved else ""
    return f"Remove some: of {limits.pairs} pairs assistctl takes up to {OUR_PAIRS}{own}."


def _error(desired: Desired, path: str, summary: str, detail: str) -> Diagnostic:
    position = desired.position_of(path)
    return Diagnostic(Severity.ERROR, summary, detail, key=desired.key, path=path, position=position)
