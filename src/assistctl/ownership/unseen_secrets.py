"""Secrets in what no answer shows: a baseline has their labels, for it is all that others can read of them.

Whoever reads the baseline of a readable field reads its value too, beside it. Of a write-only one there is the
digest alone, and a short secret could be found by trying. So the text with ``(secret NAME)`` in its place is what
is digested there, by the rule of ``digests``. A secret that changes its value is then not told from the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assistctl.json_value import Json
from assistctl.model.capabilities import Capabilities
from assistctl.ownership.field_paths import Path, parse
from assistctl.ownership.sensitive import Declared, by_identity
from assistctl.secrets.redaction import SECRET


@dataclass(frozen=True, slots=True)
class UnseenSecrets:
    """The text to digest in place of each secret that no answer shows, by its path from its unit."""

    labels: Mapping[Path, str]

    def labelled(self, part: Path, value: Json) -> Json:
        """The canonical ``value`` of a unit, or of a single tool, as a baseline records it."""
        for path, label in self.labels.items():
            if path[: len(part)] == part:
                value = _replaced(value, path[len(part) :], label)
        return value

    def recorded(self, units: Mapping[Path, Json]) -> dict[Path, Json]:
        """All the canonical ``units`` as a baseline records them."""
        return {unit: self.labelled(unit, value) for unit, value in units.items()}


def unseen_secrets(desired: Declared, capabilities: Capabilities) -> UnseenSecrets:
    """The declared secrets in write-only fields, and in what is write-only in the platform's own tools."""
    labels: dict[Path, str] = {}
    for text in sorted(desired.secret_paths):
        made = desired.templates.get(text)
        for path in _unseen_paths(desired, text, capabilities):
            labels[path] = made.shown if made is not None else SECRET
    return UnseenSecrets(labels)


def _unseen_paths(desired: Declared, text: str, capabilities: Capabilities) -> Iterator[Path]:
    for name in capabilities.write_only:
        # A part of a field that is never answered is a unit of its own, with a dot in its name.
        if text == name or text.startswith((f"{name}.", f"{name}[")):
            yield (name, *parse(text.removeprefix(name)))
    path = by_identity(desired, parse(text), capabilities.field_defaults.tool_names)
    if path[:1] == ("tools",) and capabilities.write_only_in_tools.intersection(map(str, path[2:3])):
        yield path


def _replaced(value: Json, path: Path, label: str) -> Json:
    """``value`` with ``label`` at ``path``, if anything is there."""
    if not path:
        return value if value is None else label
    step, *rest = path
    if isinstance(value, list) and str(step).isdecimal() and int(step) < len(value):
        place = int(step)
        return [*value[:place], _replaced(value[place], tuple(rest), label), *value[place + 1 :]]
    if isinstance(value, dict) and str(step) in value:
        return {**value, str(step): _replaced(value[str(step)], tuple(rest), label)}
    return value
