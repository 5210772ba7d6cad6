"""``${var:NAME}`` and ``${env:NAME}`` in text.

``$${`` is a literal ``${``; anything else is left as it is, for prompts are full of braces. What was filled in
is not looked at again, so no value can smuggle in a reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.secrets.redaction import register
from assistctl.secrets.template import Named, Piece, Template

MAX_FILLED = 8 * 1024 * 1024
"""How long, in characters, a text may become when its references are filled."""

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_PLACES = re.compile(
    rf"\$\$\{{|\$\{{(?P<kind>var|env):(?P<name>{_NAME})\}}|(?P<doubtful>\$\{{\s*(?:var|env)\s*:[^{{}}\n]{{0,64}}\}}?)"
)


@dataclass(frozen=True, slots=True)
class Unset:
    """A reference to something that is not set. ``through`` is the variable whose value holds it, if one does."""

    kind: str
    name: str
    through: str | None = None

    @property
    def written(self) -> str:
        """The reference as it is written."""
        return f"${{{self.kind}:{self.name}}}"


@dataclass(slots=True)
class Filled:
    """A text with its references filled; one that is not set stays as it is written.

    ``secret`` says whether there was any reference to the environment; ``pieces`` are what the text is made of,
    those from the environment by name. ``doubtful`` are pieces that look like references and are none.
    """

    text: str
    secret: bool = False
    pieces: list[Piece] = field(default_factory=list)
    unset: list[Unset] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)

    @property
    def template(self) -> Template:
        """The text with its secrets by name."""
        return Template(tuple(piece for piece in self.pieces if piece))


class FilledTooLongError(Exception):
    """The text would become longer than is allowed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The values that references can have. ``variables`` are raw: they may hold ``${env:}`` references.

    Whatever is taken from the environment is a secret from then on.
    """

    environment: Mapping[str, str]
    variables: Mapping[str, str]

    def fill(self, text: str, limit: int = MAX_FILLED) -> Filled:
        """Fill the references in ``text``. Raises ``FilledTooLongError`` beyond ``limit`` characters."""
        if "${" not in text:
            return Filled(text)
        filled = Filled(text)
        room, end = limit, 0
        for place in _PLACES.finditer(text):
            filled.pieces.append(text[end : place.start()])
            pieces = self._pieces(place, filled)
            filled.pieces += pieces
            end = place.end()
            room -= len(Template(pieces).filled)
            if room < 0:
                raise FilledTooLongError
        filled.pieces.append(text[end:])
        filled.text = filled.template.filled
        return filled

    def _pieces(self, place: re.Match[str], filled: Filled) -> tuple[Piece, ...]:
        kind, name = place["kind"], place["name"]
        if kind == "env":
            return (self._environment_value(name, filled),)
        if kind == "var":
            return self._variable_value(name, filled)
        if place["doubtful"] is None:
            return ("${",)
        filled.doubtful.append(place[0])
        return (place[0],)

    def _environment_value(self, name: str, filled: Filled) -> Piece:
        filled.secret = True
        value = self.environment.get(name)
        if value is None:
            filled.unset.append(Unset("env", name))
            return f"${{env:{name}}}"
        register(name, value)
        return Named(name, value)

    def _variable_value(self, name: str, filled: Filled) -> tuple[Piece, ...]:
        raw = self.variables.get(name)
        if raw is None:
            filled.unset.append(Unset("var", name))
            return (f"${{var:{name}}}",)
        # Only the environment is in scope here: variables do not refer to each other.
        inner = Scope(self.environment, {}).fill(raw)
        filled.secret |= inner.secret
        filled.unset += (Unset(unset.kind, unset.name, through=name) for unset in inner.unset)
        return inner.template.pieces or (inner.text,)


def register_referenced(text: str, environment: Mapping[str, str]) -> None:
    """Mask the value of every ``${env:}`` in ``text``, whether or not it is used."""
    for place in _PLACES.finditer(text):
        if place["kind"] == "env":
            register(place["name"], environment.get(place["name"], ""))


def is_reference(text: str) -> bool:
    """Whether ``text`` is one reference and nothing else."""
    place = _PLACES.fullmatch(text)
    return place is not None and place["kind"] is not None


def escape(text: str) -> str:
    """``text`` written so that it is taken literally: what ``Scope.fill`` turns back into ``text``."""
    return text.replace("${", "$${")


def mentions(text: str) -> str | None:
    """The first reference in ``text`` as it is written, or ``None``."""
    for place in _PLACES.finditer(text):
        if place["kind"]:
            return place[0]
    return None
