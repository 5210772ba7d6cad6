"""``assistctl.yaml`` and ``.env`` -> the project."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistctl.checkout.pinned_file import file_at
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import ManifestError
from assistctl.manifest.files.readable_file import UnusableFileError, as_yaml_text, read_bytes, resolve_inside
from assistctl.manifest.project.environment_file import in_ci, read_environment_file, unheeded_settings
from assistctl.manifest.project.project import PROJECT_FILE, CheckSettings, Judge, Project, Safety, Target
from assistctl.manifest.syntax.node import Node, plain_value
from assistctl.manifest.syntax.references import Scope, register_referenced
from assistctl.manifest.syntax.yaml_values import Nodes, read_values, usual_bytes
from assistctl.manifest.validation.schema import PROJECT, is_valid, violations
from assistctl.secrets.redaction import keep_names, register

DEFAULT_FOLDER = "assistants"


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
    from_file, warnings = read_environment_file(directory, environ)
    for name, value in from_file.items():
        register(name, value)
    unheeded: frozenset[str] = frozenset()
    if config_from is not None or in_ci(environ):
        unheeded = frozenset(from_file.keys() - environ.keys())
        warnings = (*warnings, *unheeded_settings(unheeded))
    environment = {**from_file, **environ}
    root = _root(directory, config_from, environment)
    if root is None:
        folder = (directory / DEFAULT_FOLDER).resolve()
        return Project(directory, None, folder, environment=environment, unheeded=unheeded, diagnostics=warnings)
    declared = plain_value(root) if isinstance(root.value, dict) else {}
    project = _project(directory, root, declared, environment, warnings)
    return replace(project, unheeded=unheeded)


def _root(directory: Path, config_from: str | None, environment: Mapping[str, str]) -> Node | None:
    """What ``assistctl.yaml`` says, valid by the schema; ``None`` where there is none in the folder."""
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
    folder = (directory / declared.get("assistants", DEFAULT_FOLDER)).resolve()
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
    keep_names((declared.get("project", ""), *targets, PROJECT_FILE, declared.get("assistants", DEFAULT_FOLDER)))
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
