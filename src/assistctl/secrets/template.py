"""A text with secrets in it: how it is shown, and what of another text can be shown beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.secrets.redaction import SECRET, label_of


@dataclass(frozen=True, slots=True)
class Named:
    """A secret in a text: the variable it came from, and its value."""

    name: str
    value: str = field(repr=False)

    @property
    def label(self) -> str:
        """Text that stands in its place."""
        return label_of(self.name)


Piece: TypeAlias = str | Named


@dataclass(frozen=True, slots=True)
class Template:
    """The pieces of a text, in order: what the manifest says, and secrets that were filled in."""

    pieces: tuple[Piece, ...]

    @property
    def filled(self) -> str:
        """The whole text, secrets and all."""
        return "".join(piece.value if isinstance(piece, Named) else piece for piece in self.pieces)

    @property
    def shown(self) -> str:
        """The text with ``(secret NAME)`` in place of each secret."""
        return "".join(piece.label if isinstance(piece, Named) else piece for piece in self.pieces)

    def shown_beside(self, text: str) -> str | None:
        """``text`` with what stands where the secrets stand masked, by the fixed text around.

        What is not the secret's present value is ``(secret)``, without its name. ``None`` when the fixed text is
        another one, so that nobody can tell where a secret ends.
        """
        fixed, secrets = self._parted()
        if not secrets:
            return text if text == fixed[0] else None
        if len(text) < len(fixed[0]) + len(fixed[-1]) or not text.startswith(fixed[0]):
            return None
        stretches, place = [], len(fixed[0])
        last = len(text) - len(fixed[-1])
        for piece in fixed[1:-1]:
            found = text.find(piece, place, last)
            if found < 0:
                return None
            stretches.append(text[place:found])
            place = found + len(piece)
        if text[last:] != fixed[-1]:
            return None
        stretches.append(text[place:last])
        labels = (_label(stretch, named) for stretch, named in zip(stretches, secrets, strict=True))
        return "".join(_alternating(fixed, labels))

    def _parted(self) -> tuple[list[str], list[list[Named]]]:
        """The fixed texts, and between them the secrets that stand side by side."""
        fixed, secrets = [""], list[list[Named]]()
        for piece in self.pieces:
            if isinstance(piece, str):
                fixed[-1] += piece
            elif secrets and len(fixed) > 1 and not fixed[-1]:
                secrets[-1].append(piece)
            else:
                secrets.append([piece])
                fixed.append("")
        return fixed, secrets


def with_labels(value: Json, labels: Mapping[str, str]) -> Json:
    """``value`` with each text (or number) in it that is one of ``labels`` replaced."""
    if isinstance(value, list):
        return [with_labels(item, labels) for item in value]
    if isinstance(value, dict):
        return {name: with_labels(item, labels) for name, item in value.items()}
    return labels.get(value if isinstance(value, str) else json.dumps(value), value)


def _label(stretch: str, side_by_side: Iterable[Named]) -> str:
    secrets = tuple(side_by_side)
    is_present = stretch == "".join(named.value for named in secrets)
    return "".join(named.label for named in secrets) if is_present else SECRET


def _alternating(fixed: list[str], labels: Iterable[str]) -> Iterable[str]:
    yield fixed[0]
    for label, text in zip(labels, fixed[1:], strict=True):
        yield label
        yield text
