"""A manifest made to fit: violations are taken out, or filled in where something is only missing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.migration.report import FieldOutcome, Outcome
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS
from assistctl.ownership.canonical import Token, dotted, parse


@dataclass(frozen=True, slots=True)
class Violation:
    """A problem at ``path`` (``tools[0].function.name``), and the advice about it."""

    path: str
    note: str


FindViolations: TypeAlias = Callable[[Mapping[str, Json]], Iterable[Violation]]

_KEY_STANDS_IN = "The key stands in for it."
_FILLED: Mapping[str, str] = {
    "description": "It must be there, so the function's name stands in: say what it does, and when to call it.",
    "parameters": "They must be there, so none are written as {type: object, properties: {}}.",
}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A document without violations, and what that took; ``names`` are the identities of its tools."""

    document: Mapping[str, Json]
    names: Names
    outcomes: tuple[FieldOutcome, ...]


def fitted(document: Mapping[str, Json], violations: FindViolations) -> Fitted:
    """``document`` without its ``violations``; one that cannot be removed stays, and is reported as lost."""
    draft = _Draft(document)
    while unsettled := next(
        (violation for violation in violations(draft.document) if violation not in draft.given_up), None
    ):
        draft.settle(unsettled)
    return Fitted(draft.finished(), draft.names, tuple(draft.outcomes))


class Names:
    """The tools of a document by their identity, which stays the same while others are taken out."""

    def __init__(self, tools: Json) -> None:
        listed = tools if isinstance(tools, list) else []
        self._tools = list(zip(ASSISTANTS_API_TOOLS.identities(listed), map(_kind, listed), strict=True))

    def identity(self, place: int) -> str:
        """The identity of the tool at ``place``."""
        return self._tools[place][0]

    def shown(self, path: str) -> str:
        """``path`` with the tool's identity for its place: ``tools[order_status].function.strict``."""
        tokens = parse(path)
        place = self._place(tokens)
        return path if place is None else dotted(("tools", self.identity(place), *tokens[2:]))

    def about(self, path: str) -> str:
        """``path`` without what only this assistant has: ``tools.function.strict``, ``metadata``."""
        tokens = parse(path)
        place = self._place(tokens)
        if place is None:
            return "metadata" if tokens[:1] == ("metadata",) else path
        kind = self._tools[place][1]
        rest = tokens[3:] if tokens[2:3] == (kind,) else tokens[2:]
        return dotted(("tools." + kind, *rest))

    def forget(self, place: int) -> None:
        """The tool at ``place`` was taken out."""
        del self._tools[place]

    def _place(self, tokens: Sequence[Token]) -> int | None:
        if len(tokens) < 2 or tokens[0] != "tools":  # noqa: PLR2004  # the field and the tool
            return None
        place = str(tokens[1])
        return int(place) if place.isdecimal() and int(place) < len(self._tools) else None


class _Draft:
    """A document on the way to one that fits."""

    def __init__(self, document: Mapping[str, Json]) -> None:
        self.document: dict[str, Json] = copy.deepcopy({**document})
        self.names = Names(document.get("tools"))
        self.outcomes: list[FieldOutcome] = []
        self.given_up: set[Violation] = set()
        self._filled: set[str] = set()

    def settle(self, violation: Violation) -> None:
        """Remove a violation; every step leaves fewer."""
        tokens = _tokens(violation.path)
        if tokens[:1] == ["tools"] and len(tokens) > 1:
            self._settle_tool(violation, tokens)
        elif tokens == ["name"] and "name" in self.document:
            self._drop_name(violation)
        elif tokens and tokens[0] in self.document and tokens[0] != "model":
            self._take_out(tokens, violation)
        else:
            self.given_up.add(violation)
            self._lose(violation, self.document.get(str(tokens[0])) if tokens else None)

    def finished(self) -> dict[str, Json]:
        """The document without the containers that were emptied."""
        platforms = self.document.get("platforms")
        if isinstance(platforms, dict):
            self.document["platforms"] = {name: own for name, own in platforms.items() if own}
        emptied = ("tools", "metadata", "platforms")
        return {name: value for name, value in self.document.items() if value or name not in emptied}

    def _settle_tool(self, violation: Violation, tokens: list[Token]) -> None:
        tool = tokens[:2]
        function = _at(self.document, [*tool, "function"])
        part = str(tokens[-1])
        missing = tokens[2:] == ["function", part] and isinstance(function, dict) and function.get(part) is None
        where = self.names.shown(violation.path)
        if missing and isinstance(function, dict) and part in _FILLED and where not in self._filled:
            self._filled.add(where)
            empty: Json = {"type": "object", "properties": {}}
            function[part] = function.get("name") if part == "description" else empty
            about = self.names.about(violation.path)
            self.outcomes.append(FieldOutcome(where, about, Outcome.MAPPED, _FILLED[part]))
        elif len(tokens) > len(tool) and _at(self.document, tokens) is not None:
            self._take_out(tokens, violation)
        else:
            path = f"tools[{tool[1]}]"
            self._take_out(tool, Violation(path, violation.note.replace(violation.path, where)))

    def _drop_name(self, violation: Violation) -> None:
        name = self.document.pop("name")
        outcome = Outcome.LOST if name else Outcome.MAPPED
        self.outcomes.append(
            FieldOutcome("name", "name", outcome, f"{violation.note} {_KEY_STANDS_IN}", name or None)
        )

    def _take_out(self, tokens: list[Token], violation: Violation) -> None:
        """Remove what is at ``tokens``, or the nearest thing around it that is there."""
        while len(tokens) > 1 and not _is_there(self.document, tokens):
            tokens = tokens[:-1]
        self._lose(violation, _at(self.document, tokens))
        container, step = _at(self.document, tokens[:-1]), tokens[-1]
        if isinstance(container, list) and isinstance(step, int):
            del container[step]
            if len(tokens) == 2 and tokens[0] == "tools":  # noqa: PLR2004  # the field and the tool
                self.names.forget(step)
        elif isinstance(container, dict):
            del container[str(step)]

    def _lose(self, violation: Violation, value: Json) -> None:
        shown, about = self.names.shown(violation.path), self.names.about(violation.path)
        lost = FieldOutcome(shown, about, Outcome.LOST, violation.note.replace(violation.path, shown), value)
        inner = [
            field_outcome
            for field_outcome in self.outcomes
            if field_outcome.path.startswith((f"{shown}.", f"{shown}["))
        ]
        cause = next((field_outcome for field_outcome in inner if field_outcome.outcome is Outcome.LOST), None)
        # What is around it went because of it.
        self.outcomes = [field_outcome for field_outcome in self.outcomes if field_outcome not in inner]
        self.outcomes.append(replace(lost, note=cause.note) if cause else lost)


def value_at(value: Json, path: str) -> Json:
    """The value at ``path`` in a manifest; null if there is none."""
    return _at(value, _tokens(path))


def _kind(tool: Json) -> str:
    return str(tool.get("type")) if isinstance(tool, dict) else "?"


def _tokens(path: str) -> list[Token]:
    """The steps of a path, with the places in lists as numbers."""
    tokens = list(parse(path))
    if tokens[:1] == ["tools"] and len(tokens) > 1 and str(tokens[1]).isdecimal():
        tokens[1] = int(tokens[1])
    return tokens


def _is_there(value: Json, tokens: Iterable[Token]) -> bool:
    for token in tokens:
        if isinstance(value, dict) and token in value:
            value = value[str(token)]
        elif isinstance(value, list) and isinstance(token, int) and token < len(value):
            value = value[token]
        else:
            return False
    return True


def _at(value: Json, tokens: Sequence[Token]) -> Json:
    for token in tokens:
        if isinstance(value, dict):
            value = value.get(str(token))
        elif isinstance(value, list) and isinstance(token, int) and token < len(value):
            value = value[token]
        else:
            return None
    return value
