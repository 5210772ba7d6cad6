"""The contents of a document, with the references in every text filled and the facts about each place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import did_you_mean
from assistctl.json_value import Json
from assistctl.manifest.project.project import PROJECT_FILE, Project, Target
from assistctl.manifest.syntax.phrases import sentences
from assistctl.manifest.syntax.references import MAX_FILLED, Filled, FilledTooLongError, Scope, Unset, is_reference
from assistctl.manifest.syntax.yaml_values import (
    Node,
    NumberRefusedError,
    Path,
    Positions,
    Text,
    dotted,
    put,
    read_plain,
    unusable_text,
)
from assistctl.secrets.template import Template

_NOT_FILLED: tuple[Path, ...] = (("kind",), ("key",))


@dataclass(frozen=True, slots=True)
class _Said:
    """The message about a reference that is not set."""

    severity: Severity
    summary: str
    detail: str


@dataclass
class Variables:
    """The variables of one target. ``lenient``: what is not set is a warning, since nothing is deployed."""

    project: Project
    target: Target | None
    lenient: bool

    @cached_property
    def scope(self) -> Scope:
        """The values that references are filled from."""
        return Scope(self.project.environment, self.target.variables if self.target else {})

    def about(self, unset: Unset) -> _Said | None:
        """The message, or ``None``: without a target, a variable that all targets have is no surprise."""
        severity = Severity.WARNING if self.lenient else Severity.ERROR
        if unset.kind == "env":
            through = (
                f"the variable {unset.through!r} needs {unset.written}, which" if unset.through else unset.written
            )
            return _Said(severity, f"{through} is not set", f"Set {unset.name} in the environment or in .env.")
        if self.target:
            return _Said(severity, *self._not_in_target(unset.name, self.target))
        lacking = [name for name, target in self.project.targets.items() if unset.name not in target.variables]
        having = [name for name in self.project.targets if name not in lacking]
        if having and not lacking and self.lenient:
            return None
        return _Said(severity, *self._not_everywhere(unset.name, having, lacking))

    def _not_in_target(self, name: str, target: Target) -> tuple[str, str]:
        having = [other.name for other in self.project.targets.values() if name in other.variables]
        return f"the target {target.name!r} has no variable {name!r}", sentences(
            did_you_mean(name, target.variables),
            f"It is set for {', '.join(having)}." if having else "",
            f"Add it to the target's `variables` in {PROJECT_FILE}, or give --var {name}=VALUE.",
        )

    def _not_everywhere(self, name: str, having: list[str], lacking: list[str]) -> tuple[str, str]:
        known = {variable for target in self.project.targets.values() for variable in target.variables}
        way = f"Add it to a target's `variables` in {PROJECT_FILE}, or give --var {name}=VALUE."
        if not having:
            return f"no target has a variable {name!r}", sentences(did_you_mean(name, sorted(known)), way)
        return (
            f"the variable {name!r} is not set for {', '.join(lacking)}",
            f"It is set for {', '.join(having)}. {way}",
        )


@dataclass(slots=True)
class Contents:
    """A document's ``value`` and, by path, what is known of its parts.

    ``position`` is where it starts, ``key_position`` where its ``key`` stands, if it declares any, and ``nodes``
    what its other ``positions`` are read from.
    ``secret``: texts with an ``${env:}`` value, and what they are made of. ``unjudged``: values that are not
    known, or were reported already. ``references``: texts as written, where something was filled in.
    ``readings``: the other way to read a lone reference whose text means a number or a boolean.
    """

    nodes: Callable[[], Node]
    positions: Positions
    position: Position
    key_position: Position
    value: Json = None
    secret: dict[Path, Template] = field(default_factory=dict)
    unjudged: set[Path] = field(default_factory=set)
    references: dict[Path, str] = field(default_factory=dict)
    readings: dict[Path, Json] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def report(
        self,
        path: Path,
        summary: str,
        detail: str = "",
        *,
        severity: Severity = Severity.ERROR,
        is_mended_once: bool = False,
    ) -> None:
        """Add a problem with the value at ``path``."""
        text = dotted(path)
        self.problems.append(
            Diagnostic(
                severity,
                summary,
                detail,
                path=text,
                position=self.positions.get(text),
                is_mended_once=is_mended_once,
            )
        )


def fill(root: Node, variables: Variables) -> Contents:
    """The value of ``root``. References are filled in every text but ``kind``, ``key`` and the names of fields.

    Values of variables are text. A lone reference (``temperature: ${var:temperature}``) to a text that means a
    number or a boolean counts as one where the schema wants one, and as text where it wants text. Where it does
    not say, as inside ``parameters``, it counts as what YAML would make of it: text if it is quoted.
    """
    key_position = (root.child("key") or root).position
    contents = Contents(lambda: root, Positions(lambda: root), root.position, key_position)
    contents.value = _Filling(contents, variables).value(root, ())
    return contents


def fill_texts(contents: Contents, texts: tuple[Text, ...], variables: Variables) -> None:
    """Fill the references in ``texts``, which are all that ``contents`` has, as ``fill`` does."""
    filling = _Filling(contents, variables)
    for path, text, plain in texts:
        put(contents.value, path, filling.text(text, path, plain=plain))


class _Filling:
    def __init__(self, contents: Contents, variables: Variables) -> None:
        self.contents = contents
        self._variables = variables
        self._room = MAX_FILLED

    def value(self, node: Node, path: Path) -> Json:
        if node.broken:
            self.contents.unjudged.add(path)
        value = node.value
        if isinstance(value, str):
            return self.text(value, path, plain=node.plain)
        if isinstance(value, dict):
            return {self._key(key, path): self.value(child, (*path, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [self.value(child, (*path, place)) for place, child in enumerate(value)]
        return value

    def _key(self, key: str, path: Path) -> str:
        reason = unusable_text(key)
        if reason:
            self.contents.report(path, f"a key {reason}")
        return key

    def text(self, text: str, path: Path, *, plain: bool) -> Json:
        """The value of ``text`` at ``path``; ``plain`` says that it has no quotes."""
        if "${" not in text or path in _NOT_FILLED:
            return self._usable(text, path)
        try:
            filled = self._variables.scope.fill(text, self._room)
        except FilledTooLongError:
            self._refuse(path, f"{dotted(path)} is too long when its references are filled")
            return text
        self._room -= max(0, len(filled.text) - len(text))
        self._note(filled, text, path)
        if filled.unset:
            return text
        if is_reference(text):
            return self._lone(filled.text, path, plain=plain)
        return self._usable(filled.text, path)

    def _note(self, filled: Filled, written: str, path: Path) -> None:
        contents = self.contents
        contents.references[path] = written
        if filled.secret:
            contents.secret[path] = filled.template
        for unset in filled.unset:
            contents.unjudged.add(path)
            said = self._variables.about(unset)
            if said:
                contents.report(path, said.summary, said.detail, severity=said.severity, is_mended_once=True)
        for piece in filled.doubtful:
            contents.report(
                path,
                f"{piece} is not a reference and is left as it is",
                "References are ${var:NAME} and ${env:NAME}, without spaces. For the text itself write "
                f"${piece}.",
                severity=Severity.WARNING,
            )

    def _lone(self, text: str, path: Path, *, plain: bool) -> Json:
        try:
            meant = read_plain(text)
        except NumberRefusedError:
            meant = text
        if not isinstance(meant, bool | int | float):
            return self._usable(text, path)
        self.contents.readings[path] = text if plain else meant
        return meant if plain else text

    def _usable(self, text: str, path: Path) -> str:
        reason = unusable_text(text)
        if reason:
            self._refuse(path, f"{dotted(path)} {reason}")
        return text

    def _refuse(self, path: Path, summary: str) -> None:
        self.contents.unjudged.add(path)
        self.contents.report(path, summary)
