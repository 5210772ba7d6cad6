"""Schema violations of a document as diagnostics, with positions, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.manifest.syntax.yaml_values import Node, Path, dotted, unusable_text
from assistctl.manifest.validation.schema import ASSISTANT, violations
from assistctl.manifest.validation.violations import Finding, Subject, findings

if TYPE_CHECKING:
    from jsonschema import ValidationError

_MOST = 100
_NOWHERE = Position("")


def explain(errors: Iterable[ValidationError], subject: Subject) -> list[Diagnostic]:
    """One diagnostic for each thing that is wrong (the first hundred), in the order of their positions."""
    judged = (error for error in errors if subject.judges(tuple(error.absolute_path)))
    found = (_diagnostic(finding, subject) for error in judged for finding in findings(error, subject))
    return sorted(dict.fromkeys(islice(found, _MOST)), key=_place)


def faults(document: Mapping[str, Json]) -> Iterator[Diagnostic]:
    """The reasons why ``document`` cannot be an assistant's manifest; paths count, positions do not."""
    yield from explain(violations(ASSISTANT, document), Subject(_node({**document})))
    for path, text in _texts({**document}, ()):
        reason = unusable_text(text)
        if reason:
            yield Diagnostic(Severity.ERROR, f"{dotted(path)} {reason}", path=dotted(path))


def _diagnostic(finding: Finding, subject: Subject) -> Diagnostic:
    path, position = finding.path, _position_at(subject.root, finding.path)
    if finding.key is not None:
        position = _key_position_at(subject.root, path, finding.key)
        path = (*path, finding.key)
    return Diagnostic(
        Severity.ERROR,
        finding.summary,
        finding.detail,
        path=dotted((*subject.prefix, *path)),
        position=position,
    )


def _position_at(root: Node, path: Iterable[str | int]) -> Position:
    """The position of the value at ``path``, or of the nearest one around it."""
    node = root
    for step in path:
        child = node.child(step)
        if child is None:
            break
        node = child
    return node.position


def _key_position_at(root: Node, path: Path, key: str) -> Position:
    """The position of ``key`` in the mapping at ``path``."""
    node: Node | None = root
    for step in path:
        node = node.child(step) if node else None
    return node.key_position(key) if node else _position_at(root, path)


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    position = diagnostic.position or _NOWHERE
    return position.line, position.column


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
