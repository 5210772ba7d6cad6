"""A project and its targets: what ``assistctl.yaml`` and ``.env`` say, and what can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assistctl.checkout.pinned_file import file_at
from assistctl.checkout.untrusted_files import (
    ENVIRONMENT_FILE,
    UnusableFileError,
    is_file,
    may_be_file,
    read_bytes,
    resolve_inside,
)
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import ManifestError, ProjectError, did_you_mean
from assistctl.json_value import Json
from assistctl.manifest.syntax.phrases import sentences
from assistctl.manifest.syntax.references import Scope, Unset, escape, register_referenced
from assistctl.manifest.syntax.yaml_values import Node, Nodes, as_yaml_text, plain_value, read_values, usual_bytes
from assistctl.manifest.validation.schema import PROJECT, is_valid, violations
from assistctl.secrets.redaction import keep_names, register

PROJECT_FILE = "assistctl.yaml"
TARGET_VARIABLE = "ASSISTCTL_TARGET"
DEFAULT_TARGET = "local"

_DEFAULT_FOLDER = "assistants"
_NOT_CI = {"", "0", "false"}


@dataclass(frozen=True, slots=True)
class Safety:
    """The limits at which apply refuses: percentages of what is owned on a target, from ``min_existing`` on."""

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
    """The settings that the project's checks are run with.

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
    journal_position: Position | None = None
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

    def way_to_a_project(self) -> str:
        """The place of the nearest project, or how to make one, in sentences."""
        parent = project_above(self.directory.parent)
        if parent is not None:
            return f"There is one in {parent}: use -C {parent}, or run `assistctl init` for a project here."
        return "Run `assistctl init` to write one."

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
        setting = " ".join(part for part in (f"target {target.name!r}" if target else "", what) if part)
        way = "Set it in the environment or in .env."
        if unset.kind == "var":
            way = "Add it to the target's `variables`, or give --var NAME=VALUE."
        elif unset.name in self.unheeded:
            from assistctl.manifest.project.environment_file import NOT_FROM_ENV_FILE

            way = f"Set it in the environment: {NOT_FROM_ENV_FILE}."
        return ProjectError(
            f"{setting or 'the text'} refers to {unset.written}, which is not set",
            way,
            position=target.position if target else None,
        )


def load_project(
    directory: Path,
    environ: Mapping[str, str],
    *,
    config_from: str | None = None,
) -> Project:
    """The project in ``directory``: its ``assistctl.yaml`` and its ``.env``, over which ``environ`` wins.

    With ``config_from``, the ``assistctl.yaml`` is that of the git commit it names, and the one in the folder is
    not looked at. Then, and where CI is set, ``.env`` fills manifests and says nothing about targets.

    A folder without an ``assistctl.yaml`` is a project without a name. Nothing above ``directory`` is looked at.
    Every value of ``.env`` is known to the masking before anything is said of the rest. Raises ``ManifestError``
    with all that is wrong in either file, each with its position, and ``ProjectError`` for a commit that is not
    there or has no such file.
    """
    directory = directory.resolve()
    from_file, warnings = _of_environment_file(directory, environ)
    unheeded: frozenset[str] = frozenset()
    if from_file and (config_from is not None or in_ci(environ)):
        from assistctl.manifest.project.environment_file import unheeded_settings

        unheeded = frozenset(from_file.keys() - environ.keys())
        warnings = (*warnings, *unheeded_settings(unheeded))
    environment = {**from_file, **environ}
    root = _root(directory, config_from, environment)
    if root is None:
        folder = (directory / _DEFAULT_FOLDER).resolve()
        return Project(directory, None, folder, environment=environment, unheeded=unheeded, diagnostics=warnings)
    declared = plain_value(root) if isinstance(root.value, dict) else {}
    project = _project(directory, root, declared, environment, warnings)
    return replace(project, unheeded=unheeded)


def settings_in(directory: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """``environ``, and what the ``.env`` in ``directory`` adds to it; nothing where CI is set.

    Its values are known to the masking from then on. Raises ``ManifestError`` as ``read_environment_file`` does.
    """
    from_file, _ = _of_environment_file(directory.resolve(), environ)
    return {**({} if in_ci(environ) else from_file), **environ}


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether the process's environment says that this is a CI job."""
    return environ.get("CI", "").lower() not in _NOT_CI


def project_above(folder: Path) -> Path | None:
    """The nearest folder with an ``assistctl.yaml``: ``folder``, an absolute path, or one that it is in."""
    return next((place for place in (folder, *folder.parents) if is_file(place / PROJECT_FILE)), None)


def _of_environment_file(
    directory: Path, environ: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """The variables of ``.env`` in ``directory``, registered as secrets, and warnings; none without the file."""
    if not may_be_file(directory / ENVIRONMENT_FILE):
        return {}, ()
    from assistctl.manifest.project.environment_file import read_environment_file

    from_file, warnings = read_environment_file(directory, in_ci=in_ci(environ))
    for name, value in from_file.items():
        register(name, value)
    return from_file, warnings


def _root(directory: Path, config_from: str | None, environment: Mapping[str, str]) -> Node | None:
    """The root of ``assistctl.yaml``, valid by the schema; ``None`` where the folder has none."""
    file = directory / PROJECT_FILE
    if config_from is not None:
        # As git writes it, so that nobody looks for the line in the file of the working tree.
        return _read(
            f"{config_from}:{PROJECT_FILE}", lambda: file_at(directory, config_from, PROJECT_FILE), environment
        )
    if not os.path.lexists(file):
        return None
    return _read(PROJECT_FILE, lambda: read_bytes(resolve_inside(file, directory)), environment)


def _read(name: str, content: Callable[[], bytes], environment: Mapping[str, str]) -> Node:
    """The one document in what messages call ``name``, valid by the schema. An empty file is an empty mapping."""
    try:
        data = content()
        text = as_yaml_text(data)
    except UnusableFileError as error:
        raise ManifestError([error.diagnostic(name)]) from error
    if "${" in text:
        # Those of other targets too: they are secrets to whoever reads what this one shows.
        register_referenced(text, environment)
    root = _usual(data, name) or _composed(text, name)
    if not is_valid(PROJECT, plain_value(root)):
        raise ManifestError(_violations(root))
    return root


def _usual(data: bytes, name: str) -> Node | None:
    """The node of the one document in ``data``, where that is of the usual kind."""
    usual = usual_bytes(data)
    documents = read_values(usual)
    return Nodes(usual, name).root(0) if documents and len(documents) == 1 else None


def _composed(text: str, name: str) -> Node:
    """The node of the one document in any ``text``. Raises ``ManifestError``."""
    from assistctl.manifest.syntax.yaml_parser import compose

    documents, problems = compose(text, name)
    problems += (problem for document in documents for problem in document.problems)
    if len(documents) > 1:
        problems.append(_wrong("there are several documents in this file", documents[1].position, "Keep one."))
    if problems:
        raise ManifestError(problems)
    root = documents[0].root if documents else None
    return Node({}, Position(name)) if root is None else root


def _violations(root: Node) -> list[Diagnostic]:
    from assistctl.manifest.validation.diagnostics import explain
    from assistctl.manifest.validation.violations import Subject

    return explain(violations(PROJECT, plain_value(root)), Subject(root, name=PROJECT_FILE))


def _project(
    directory: Path,
    root: Node,
    declared: Any,  # noqa: ANN401 - JSON that fits the schema
    environment: dict[str, str],
    warnings: tuple[Diagnostic, ...],
) -> Project:
    nodes = _pairs(root.child("targets"))
    targets = {name: _target(name, node) for name, node in nodes.items()}
    problems = [problem for name, node in nodes.items() for problem in _nested_variables(name, node)]
    folder = (directory / declared.get("assistants", _DEFAULT_FOLDER)).resolve()
    if not folder.is_relative_to(directory):
        where = _position(root, "assistants")
        problems.append(
            _wrong(
                "assistants is outside the project",
                where,
                f"Name a folder inside {PROJECT_FILE}'s own.",
                "assistants",
            )
        )
    if problems:
        raise ManifestError(problems)
    keep_names((declared.get("project", ""), *targets, PROJECT_FILE, declared.get("assistants", _DEFAULT_FOLDER)))
    return Project(
        directory=directory,
        name=declared.get("project"),
        assistants=folder,
        default_target=declared.get("default_target"),
        targets=targets,
        safety=Safety(**declared.get("safety", {})),
        environment=environment,
        diagnostics=(*warnings, *_written_secrets(nodes, _pairs(root.child("checks")))),
        file=directory / PROJECT_FILE,
        default_target_position=_position(root, "default_target"),
        removed=frozenset(declared.get("removed", ())),
        journal=declared.get("journal"),
        journal_position=_position(root, "journal"),
        checks=_check_settings(declared.get("checks", {})),
    )


def _written_secrets(targets: dict[str, Node], checks: dict[str, Node]) -> list[Diagnostic]:
    if not targets and not checks:
        return []
    from assistctl.manifest.validation.written_secrets import written_secrets

    return [*written_secrets(targets), *written_secrets(checks, "checks")]


def _check_settings(declared: Any) -> CheckSettings:  # noqa: ANN401 - JSON that fits the schema
    judge, prices = declared.get("judge"), declared.get("prices", {})
    return CheckSettings(
        **{
            **declared,
            "judge": Judge(**judge) if judge else None,
            "prices": {model: (price["input"], price["output"]) for model, price in prices.items()},
        }
    )


def _target(name: str, node: Node) -> Target:
    declared: Any = plain_value(node)
    declared.setdefault("platform", name)
    variables = {variable: child.written for variable, child in _pairs(node.child("variables")).items()}
    options = node.child("options")
    positions = {name: options.key_position(name) for name in options.keys} if options else {}
    account = node.child("account")
    own = {
        "name": name,
        "variables": variables,
        "position": node.position,
        "option_positions": positions,
        "account_position": account.position if account else None,
    }
    return Target(**{**declared, **own, "overrides": _pairs(node.child("overrides"))})


def _nested_variables(name: str, target: Node) -> list[Diagnostic]:
    return [
        _wrong(
            "a variable cannot refer to other variables",
            node.position,
            "Only ${env:NAME} is filled in its value. For the text itself write $${var:NAME}.",
            f"targets.{name}.variables.{variable}",
        )
        for variable, node in _pairs(target.child("variables")).items()
        if any(unset.kind == "var" for unset in Scope({}, {}).fill(node.written).unset)
    ]


def _pairs(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _position(root: Node, key: str) -> Position:
    child = root.child(key)
    return child.position if child else root.position


def _wrong(summary: str, position: Position, detail: str, path: str = "") -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, detail, path=path, position=position)


def _unknown_platform(target: Target, platforms: Iterable[str]) -> ProjectError:
    known = f"The platforms are: {', '.join(platforms)}."
    if target.platform == target.name:
        return ProjectError(
            f"the target {target.name!r} names no platform",
            f"Add `platform:`. {known}",
            position=target.position,
        )
    return ProjectError(
        f"the target {target.name!r} is on an unknown platform {target.platform!r}",
        sentences(did_you_mean(target.platform, platforms), known),
        position=target.position,
    )
