"""Assistants that manifests name by key, ``{assistant: KEY}``: each must be declared, and none name itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from assistctl.errors import did_you_mean
from assistctl.manifest.documents.document import Declaration
from assistctl.manifest.syntax.node import dotted
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.assistant import Desired
from assistctl.model.diagnostics import Diagnostic, Severity
from assistctl.model.kind import Kind


def unknown_assistants(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """An error for each key that no document declares as an assistant's."""
    known = {one.key for one in declarations if one.kind is Kind.ASSISTANT}
    for declaration in declarations:
        if declaration.assistant is None:
            continue
        for path, key in _references(declaration.assistant):
            if key not in known:
                summary = f"no document declares an assistant with the key {key!r}"
                advice = did_you_mean(key, known) or f"Write a manifest with `key: {key}`."
                yield _error(declaration.assistant, path, summary, advice)


def naming_in_circles(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """An error for each assistant that names itself, and for the first of some that name each other."""
    assistants = {one.key: one.assistant for one in declarations if one.assistant}
    named = {key: {each: path for path, each in _references(one)} for key, one in assistants.items()}
    told: set[str] = set()
    for key in named:
        circle = _way_back(key, named) if key not in told else []
        told.update(circle)
        if circle:
            yield _circle(assistants[key], named[key][circle[1]], circle)


def _circle(desired: Desired, path: str, circle: Sequence[str]) -> Diagnostic:
    if len(circle) == 2:  # noqa: PLR2004 - the key, and the key again
        advice = (
            "Where the platform lets an agent use itself, it has a word of its own for it, such as {type: self}."
        )
        return _error(desired, path, f"{desired.key} names itself", advice)
    summary = f"these name each other, so none can be first: {' -> '.join(circle)}"
    return _error(desired, path, summary, "Take one of the references out.")


def _way_back(key: str, named: Mapping[str, Collection[str]]) -> list[str]:
    """The keys on the way from ``key`` to itself, both ends included; none where there is no such way."""
    ways = [[key]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for following in named.get(way[-1], ()):
            if following == key:
                return [*way, key]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def _references(desired: Desired) -> Iterator[tuple[str, str]]:
    """The path and the key of each reference, on whatever platform."""
    if not desired.platform_fields:
        return
    from assistctl.ownership.assistant_references import references_in

    for platform, own in desired.platform_fields.items():
        for path, key in references_in(dict(own)):
            yield dotted(("platforms", platform, *path)), key


def _error(desired: Desired, path: str, summary: str, detail: str) -> Diagnostic:
    position = desired.position_of(f"{path}.assistant")
    return Diagnostic(Severity.ERROR, summary, sentences(detail), key=desired.key, path=path, position=position)
