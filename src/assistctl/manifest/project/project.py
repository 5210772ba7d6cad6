"""A project and its targets, as ``assistctl.yaml`` declares them: what they are and what can be asked of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistctl.diagnostics import Diagnostic, Position
from assistctl.errors import ProjectError, did_you_mean
from assistctl.json_value import Json
from assistctl.manifest.files.readable_file import is_file
from assistctl.manifest.project.environment_file import NOT_FROM_ENV_FILE
from assistctl.manifest.syntax.node import Node
from assistctl.manifest.syntax.phrases import sentences
from assistctl.manifest.syntax.references import Scope, Unset, escape
from assistctl.secrets.redaction import keep_names

PROJECT_FILE = "assistctl.yaml"
TARGET_VARIABLE = "ASSISTCTL_TARGET"
DEFAULT_TARGET = "local"


@dataclass(frozen=True, slots=True)
class Safety:
    """When apply refuses: percentages of what the project owns on a target, from ``min_existing`` things on."""

    max_delete_percent: float = 30
    max_update_percent: float = 100
    min_existing: int = 10


@dataclass(frozen=True, slots=True)
class Judge:
    """The model that judges answers; ``base_url`` and ``api_key`` are raw, as those of a target."""

    model: str
    base_url: str | None = None
    api_key: str | None = None


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """How the project's checks are run.

    ``max_cost`` is in US dollars, for one run. ``prices`` are those of models by name: US dollars for a million
    tokens that are sent, and that are answered. ``transcripts``: reports have the transcript of every check.
    """

    parallel: int = 8
    judge: Judge | None = None
    max_cost: float | None = None
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    transcripts: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A named place to deploy to.

    All text is raw: ``${env:NAME}`` and ``${var:NAME}`` in it are resolved by ``Project.resolve`` and, for
    ``variables``, while manifests are loaded. A ``$${`` stands for a literal ``${``. ``overrides`` are the fields
    that manifests get on this target only, by key.
    """

    name: str
    platform: str
    base_url: str | None = None
    api_key: str | None = None
    organization: str | None = None
    project: str | None = None
    account: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Json] = field(default_factory=dict)
    overrides: Mapping[str, Node] = field(default_factory=dict)
    position: Position | None = None
    option_positions: Mapping[str, Position] = field(default_factory=dict)
    account_position: Position | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with manifests and, mostly, an ``assistctl.yaml``.

    ``directory`` and ``assistants`` are absolute and resolved. ``environment`` is the process's environment over
    the folder's ``.env``; ``unheeded`` are the names that ``.env`` alone gives where it may not say where a target
    is, or as whom to go there. ``file`` is the ``assistctl.yaml`` that was read; without one ``name`` is ``None``
    too. ``removed`` are the keys to let go without deleting what they own. ``journal`` is the raw address of a
    journal that several machines share.
    """

    directory: Path
    name: str | None
    assistants: Path
    default_target: str | None = None
    targets: Mapping[str, Target] = field(default_factory=dict)
    safety: Safety = Safety()
    environment: Mapping[str, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    file: Path | None = None
    removed: frozenset[str] = frozenset()
    default_target_position: Position | None = None
    journal: str | None = None
    unheeded: frozenset[str] = frozenset()
    checks: CheckSettings = CheckSettings()

    @property
    def settings(self) -> Mapping[str, str]:
        """The environment as far as targets, platforms and the journal take their settings from it."""
        return {name: value for name, value in self.environment.items() if name not in self.unheeded}

    def require(self) -> None:
        """Raise ``ProjectError`` unless the project has a name, which is the scope of ownership."""
        if self.name is not None:
            return
        if self.file is not None:
            raise ProjectError(
                f"{PROJECT_FILE} does not name the project",
                "Add a line `project: NAME` to it: plan and apply own assistants in that name.",
            )
        raise ProjectError(f"there is no {PROJECT_FILE} in {self.directory}", self.way_to_a_project())

    def target(self, name: str | None, overrides: Mapping[str, str], platforms: Collection[str]) -> Target:
        """The target to work on, with ``overrides`` (literal texts, from ``--var``) merged over its variables.

        The first that is given counts: ``name``, the environment's ``ASSISTCTL_TARGET``, ``default_target``,
        ``local``. The name of one of the ``platforms`` is a target with default settings, unless one is declared.

        Raises ``ProjectError`` for an unknown target, or a declared one whose platform is unknown.
        """
        wanted, origin = self._wanted_target(name)
        found = self.targets.get(wanted)
        if found is None:
            if wanted not in platforms:
                raise self._unknown_target(wanted, origin, sorted(platforms))
            found = Target(name=wanted, platform=wanted)
        elif found.platform not in platforms:
            raise _unknown_platform(found, sorted(platforms))
        keep_names((found.name, found.platform))
        literal = {variable: escape(text) for variable, text in overrides.items()}
        return replace(found, variables={**found.variables, **literal})

    def resolve(self, text: str, target: Target | None = None, *, what: str = "") -> str:
        """``text`` of a target with its references filled.

        ``what`` names the setting in errors (``api_key``). Raises ``ProjectError`` naming the variable that is not
        set and where it is used.
        """
        scope = Scope(self.settings, target.variables if target else {})
        filled = scope.fill(text)
        if filled.unset:
            raise self._unset(filled.unset[0], target, what)
        return filled.text

    def resolve_options(self, target: Target) -> dict[str, Json]:
        """The target's ``options`` with the references in all their texts filled, as ``resolve`` does."""

        def filled(value: Json, what: str) -> Json:
            if isinstance(value, str):
                return self.resolve(value, target, what=what)
            if isinstance(value, list):
                return [filled(item, f"{what}[{place}]") for place, item in enumerate(value)]
            if isinstance(value, dict):
                return {name: filled(item, f"{what}.{name}") for name, item in value.items()}
            return value

        return {name: filled(value, f"options.{name}") for name, value in target.options.items()}

    def _wanted_target(self, name: str | None) -> tuple[str, str]:
        if name:
            return name, ""
        from_environment = self.settings.get(TARGET_VARIABLE)
        if from_environment:
            return from_environment, f" (from {TARGET_VARIABLE})"
        if self.default_target:
            return self.default_target, f" (default_target at {self.default_target_position or PROJECT_FILE})"
        return DEFAULT_TARGET, ""

    def _unknown_target(self, wanted: str, origin: str, platforms: Iterable[str]) -> ProjectError:
        others = [name for name in platforms if name not in self.targets]
        near = did_you_mean(wanted, [*self.targets, *others])
        hint = sentences(
            near,
            f"The targets are: {', '.join(self.targets)}." if self.targets else "No target is declared.",
            "" if near else f"To add it, declare it under `targets:` in {PROJECT_FILE}.",
            f"A platform can be named too: {', '.join(others)}." if others else "",
        )
        return ProjectError(f"there is no target {wanted!r}{origin}", hint)

    def _unset(self, unset: Unset, target: Target | None, what: str) -> ProjectError:
        where = f"{target.position}: " if target and target.position else ""
        setting = " ".join(part for part in (f"target {target.name!r}" if target else "", what) if part)
        way = "Set it in the environment or in .env."
        if unset.kind == "var":
            way = "Add it to the target's `variables`, or give --var NAME=VALUE."
        elif unset.name in self.unheeded:
            way = f"Set it in the environment: {NOT_FROM_ENV_FILE}."
        return ProjectError(f"{where}{setting or 'the text'} refers to {unset.written}, which is not set", way)

    def way_to_a_project(self) -> str:
        """Where the nearest project is, or how to make one, as sentences."""
        parent = project_above(self.directory.parent)
        if parent is not None:
            return f"There is one in {parent}: use -C {parent}, or run `assistctl init` for a project here."
        return "Run `assistctl init` to write one."


def project_above(folder: Path) -> Path | None:
    """The nearest folder with an ``assistctl.yaml``: ``folder``, an absolute path, or one that it is in."""
    return next((place for place in (folder, *folder.parents) if is_file(place / PROJECT_FILE)), None)


def _unknown_platform(target: Target, platforms: Iterable[str]) -> ProjectError:
    where = f"{target.position}: " if target.position else ""
    known = f"The platforms are: {', '.join(platforms)}."
    if target.platform == target.name:
        return ProjectError(f"{where}the target {target.name!r} names no platform", f"Add `platform:`. {known}")
    return ProjectError(
        f"{where}the target {target.name!r} is on an unknown platform {target.platform!r}",
        sentences(did_you_mean(target.platform, platforms), known),
    )
