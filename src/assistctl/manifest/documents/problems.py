"""The problems of one document of a manifest: what its schema says, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from assistctl.diagnostics import Diagnostic, Position
from assistctl.manifest.contents import Contents
from assistctl.manifest.project.discovery import ManifestFile
from assistctl.manifest.syntax.yaml_values import dotted, put
from assistctl.manifest.validation.diagnostics import explain
from assistctl.manifest.validation.schema import violations
from assistctl.manifest.validation.violations import Subject
from assistctl.ownership.tool_paths import tools_by_name


def violations_of(contents: Contents, schema: str) -> list[Diagnostic]:
    """The violations of ``schema``; a text that can be read as the wanted type replaces the value."""
    errors = list(violations(schema, contents.value))
    wrong_type = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    other_readings = wrong_type & contents.readings.keys()
    if other_readings:
        for path in other_readings:
            put(contents.value, path, contents.readings[path])
        errors = list(violations(schema, contents.value))
    if not errors:
        return []
    subject = Subject(
        contents.nodes(),
        secret=frozenset(contents.secret),
        unjudged=frozenset(contents.unjudged),
        references=contents.references,
    )
    return explain(errors, subject)


def in_order(
    problems: Iterable[Diagnostic], key: str | None, contents: Contents, manifest: ManifestFile
) -> list[Diagnostic]:
    """The problems of the document with that ``key``, the manifest's own first, then those of files it names."""
    return sorted(
        (_by_name(replace(problem, key=key), contents) for problem in problems),
        key=lambda problem: _reading_order(problem, manifest.shown),
    )


def _reading_order(problem: Diagnostic, manifest: str) -> tuple[bool, str, int, int]:
    """The manifest, then the files it names."""
    position = problem.position or Position(manifest)
    return position.file != manifest, position.file, position.line, position.column


def _by_name(problem: Diagnostic, contents: Contents) -> Diagnostic:
    """The problem with tools as plans have them: ``tools[order_status]``, not ``tools[1]``."""
    tools = contents.value.get("tools") if isinstance(contents.value, dict) else None
    hidden = [dotted(path) for path in contents.secret]
    path, summary, detail = (
        tools_by_name(text, tools, hidden) for text in (problem.path, problem.summary, problem.detail)
    )
    return replace(problem, path=path, summary=summary, detail=detail)
