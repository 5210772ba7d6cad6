"""What is wrong with a manifest that is not written yet: the schema's rules on plain JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.manifest.syntax.node import Node, Path, dotted
from assistctl.manifest.syntax.scalars import unusable_text
from assistctl.manifest.validation.diagnostics import explain
from assistctl.manifest.validation.schema import ASSISTANT, violations
from assistctl.manifest.validation.violations import Subject

_NOWHERE = Position("")


def faults(document: Mapping[str, Json]) -> Iterator[Diagnostic]:
    """Why ``document`` cannot be an assistant's manifest; the positions say nothing, the paths do."""
    yield from explain(violations(ASSISTANT, document), Subject(_node({**document})))
    for path, text in _texts({**document}, ()):
        reason = unusable_text(text)
        if reason:
            yield Diagnostic(Severity.ERROR, f"{dotted(path)} {reason}", path=dotted(path))


def _node(value: Json) -> Node:
    if isinstance(value, dict):
        return Node({name: _node(part) for name, part in value.items()}, _NOWHERE)
    if isinstance(value, list):
        return Node([_node(part) for part in value], _NOWHERE)
    return Node(value, _NOWHERE, written=str(value))


def _texts(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    for step, part in value.items() if isinstance(value, dict) else ():
        yield path, step
        yield from _texts(part, (*path, step))
    for place, part in enumerate(value) if isinstance(value, list) else ():
        yield from _texts(part, (*path, place))
