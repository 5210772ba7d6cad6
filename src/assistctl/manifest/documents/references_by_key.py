"""Things that manifests name by key, such as ``{assistant: KEY}``: each must be declared, and none name itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from assistctl.errors import did_you_mean
from assistctl.manifest.documents.document import Declaration
from assistctl.manifest.syntax.node import dotted
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.assistant import Desired
from assistctl.model.diagnostics import Diagnostic, Severity
from assistctl.model.kind import RESOURCE_KINDS, Kind

if TYPE_CHECKING:
    from assistctl.model.resource import DesiredResource

_Naming: TypeAlias = "Desired | DesiredResource"
_Thing: TypeAlias = tuple[Kind, str]


def unknown_references(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """An error for each key that no document declares as one of its kind."""
    known: dict[Kind, set[str]] = {}
    for one in declarations:
        known.setdefault(one.kind, set()).add(one.key)
    kinds = {one.key: one.kind for one in declarations}
    for naming in _namings(declarations):
        for path, (kind, key) in _references(naming):
            if key not in known.get(kind, ()):
                yield _unknown(naming, path, (kind, key), known.get(kind, ()), kinds.get(key))


def naming_in_circles(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """An error for each thing that names itself, and for the first of some that name each other."""
    things = {(one.kind, one.key): naming for one in declarations if (naming := one.assistant or one.resource)}
    named = {about: {each: path for path, each in _references(one)} for about, one in things.items()}
    told: set[_Thing] = set()
    for about in named:
        circle = _way_back(about, named) if about not in told else []
        told.update(circle)
        if circle:
            yield _circle(things[about], named[about][circle[1]], circle)


def resources_not_used(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """A warning for each declared skill and memory store that nothing uses; an environment is used by its id."""
    used = {about for naming in _namings(declarations) for _, about in _references(naming)}
    for one in declarations:
        if one.resource is not None and one.kind in _FIELDS and (one.kind, one.key) not in used:
            yield Diagnostic(
                Severity.INFO,
                f"no assistant uses this {one.kind.noun}",
                f"An assistant does when it says `{_FIELDS[one.kind]}: [{one.key}]`.",
                key=one.key,
                position=one.position,
            )


def _namings(declarations: Sequence[Declaration]) -> list[_Naming]:
    return [naming for one in declarations if (naming := one.assistant or one.resource) is not None]


_FIELDS = {Kind.SKILL: "skills", Kind.MEMORY_STORE: "memory_stores"}


def _unknown(
    naming: _Naming, path: str, about: _Thing, known: Collection[str], declared_as: Kind | None
) -> Diagnostic:
    kind, key = about
    if declared_as is not None:
        advice = f"There is {declared_as.article} with this key."
    else:
        word = f"`kind: {kind}` and " if kind in RESOURCE_KINDS else ""
        advice = did_you_mean(key, known) or f"Write a manifest with {word}`key: {key}`."
    return _error(naming, f"{path}.{kind}", f"no document declares {kind.article} with the key {key!r}", advice)


def _circle(naming: _Naming, path: str, circle: Sequence[_Thing]) -> Diagnostic:
    path = f"{path}.{circle[1][0]}"
    if len(circle) == 2:  # noqa: PLR2004 - the key, and the key again
        advice = (
            "Where the platform lets an agent use itself, it has a word of its own for it, such as {type: self}."
        )
        return _error(naming, path, f"{naming.key} names itself", advice)
    summary = f"these name each other, so none can be first: {' -> '.join(key for _, key in circle)}"
    return _error(naming, path, summary, "Take one of the references out.")


def _way_back(about: _Thing, named: Mapping[_Thing, Collection[_Thing]]) -> list[_Thing]:
    """The things on the way from one to itself, both ends included; none where there is no such way."""
    ways = [[about]]
    seen: set[_Thing] = set()
    while ways:
        way = ways.pop()
        for following in named.get(way[-1], ()):
            if following == about:
                return [*way, about]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def _references(naming: _Naming) -> Iterator[tuple[str, _Thing]]:
    """The path of each reference, on whatever platform, and what it names."""
    if isinstance(naming, Desired):
        yield from ((use.path, (use.kind, use.key)) for use in naming.uses)
        if not naming.platform_fields:
            return
    from assistctl.ownership.references_by_key import references_in

    if not isinstance(naming, Desired):
        fields = {name: value for name, value in naming.fields.items() if name != "metadata"}
        for path, named in references_in(fields):
            yield dotted(path), (named.about.kind, named.about.key)
    for platform, own in naming.platform_fields.items():
        for path, named in references_in(dict(own)):
            yield dotted(("platforms", platform, *path)), (named.about.kind, named.about.key)


def _error(naming: _Naming, place: str, summary: str, detail: str) -> Diagnostic:
    """An error about the reference whose key stands at ``place``, or is what stands there."""
    position, path = naming.position_of(place), place.rpartition(".")[0]
    return Diagnostic(Severity.ERROR, summary, sentences(detail), key=naming.key, path=path, position=position)
