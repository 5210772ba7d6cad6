"""Things that manifests name by key, such as ``{assistant: KEY}``: each must be declared, and none name itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import did_you_mean
from assistctl.manifest.documents.declaration import Declaration
from assistctl.manifest.syntax.phrases import sentences
from assistctl.manifest.syntax.yaml_values import dotted
from assistctl.model.assistant import Desired
from assistctl.model.kind import RESOURCE_KINDS, Kind

if TYPE_CHECKING:
    from assistctl.model.resource import DesiredResource

_Naming: TypeAlias = "Desired | DesiredResource"
_Thing: TypeAlias = tuple[Kind, str]


def unknown_references(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """An error for each key that no document declares as one of its kind."""
    known: dict[Kind, set[str]] = {}
    for declaration in declarations:
        known.setdefault(declaration.kind, set()).add(declaration.key)
    kinds = {declaration.key: declaration.kind for declaration in declarations}
    for naming in _namings(declarations):
        for path, (kind, key) in _references(naming):
            if key not in known.get(kind, ()):
                yield _unknown(naming, path, (kind, key), known.get(kind, ()), kinds.get(key))


def naming_in_circles(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """An error for each thing that names itself, and for the first of some that name each other.

    Assistants may name each other on a platform that has nothing but their ids there: those can be given later.
    """
    things = {
        (declaration.kind, declaration.key): naming
        for declaration in declarations
        if (naming := declaration.assistant or declaration.resource)
    }
    told: set[_Thing] = set()
    for platform in _platforms_of(things.values()):
        named = {
            about: {other: path for path, other in _references(naming, platform)}
            for about, naming in things.items()
        }
        for about in named:
            circle = _way_back(about, named) if about not in told else []
            if circle and not _may_be(circle, platform):
                told.update(circle)
                yield _circle(things[about], named[about][circle[1]], circle)


def _platforms_of(namings: Iterable[_Naming]) -> list[str]:
    """The platforms that manifests have fields for; the empty name where they have none."""
    assistants = (naming for naming in namings if isinstance(naming, Desired))
    found = dict.fromkeys(name for assistant in assistants for name in assistant.platform_fields)
    return [*found] or [""]


def _may_be(circle: Sequence[_Thing], platform: str) -> bool:
    """Whether such a circle can be made on ``platform``: of several assistants, none of which pins a version."""
    from assistctl.platforms.registry import capabilities_of, known_platforms

    is_of_assistants = all(kind is Kind.ASSISTANT for kind, _ in circle)
    if not is_of_assistants or len(circle) == 2 or platform not in known_platforms():  # noqa: PLR2004 - and again
        return False
    entry = capabilities_of(platform).roster_entry
    return entry is None or not entry.revision


def resources_not_used(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """A word about each declared skill and memory store that nothing uses; an environment is used by its id."""
    used = {about for naming in _namings(declarations) for _, about in _references(naming)}
    for declaration in declarations:
        kind = declaration.kind
        if declaration.resource is not None and kind in _FIELDS and (kind, declaration.key) not in used:
            yield Diagnostic(
                Severity.INFO,
                f"nothing uses this {kind.noun}",
                f"{_USERS[kind]} does when it says `{_FIELDS[kind]}: [{declaration.key}]`.",
                key=declaration.key,
                position=declaration.position,
            )


def _namings(declarations: Sequence[Declaration]) -> list[_Naming]:
    return [
        naming
        for declaration in declarations
        if (naming := declaration.assistant or declaration.resource) is not None
    ]


_FIELDS = {Kind.SKILL: "skills", Kind.MEMORY_STORE: "memory_stores"}
_USERS = {Kind.SKILL: "An assistant, or on openai-agents an environment,", Kind.MEMORY_STORE: "An assistant"}


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


def _references(naming: _Naming, only: str | None = None) -> Iterator[tuple[str, _Thing]]:
    """The path of each reference and what it names: on whatever platform, or on that ``only``."""
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
        if only not in (None, platform):
            continue
        for path, named in references_in(dict(own)):
            yield dotted(("platforms", platform, *path)), (named.about.kind, named.about.key)


def _error(naming: _Naming, place: str, summary: str, detail: str) -> Diagnostic:
    """An error about the reference whose key stands at ``place``, or is what stands there."""
    position, path = naming.position_of(place), place.rpartition(".")[0]
    return Diagnostic(Severity.ERROR, summary, sentences(detail), key=naming.key, path=path, position=position)
