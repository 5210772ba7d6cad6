"""``{file: PATH}``: instructions and functions that stand in files of their own.

They are taken verbatim: no variable is filled in them, and the last newline stays.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace

from assistctl.checkout.untrusted_files import (
    UnusableFileError,
    line_and_column,
    read_text,
    refuse_private_key,
    resolve_readable,
)
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.project.discovery import ManifestFile
from assistctl.manifest.syntax.json_parser import compose_json
from assistctl.manifest.syntax.references import mentions
from assistctl.manifest.syntax.yaml_values import Node, Path, dotted, plain_value
from assistctl.manifest.validation.diagnostics import explain
from assistctl.manifest.validation.schema import ASSISTANT, violations
from assistctl.manifest.validation.violations import Subject


def include_files(contents: Contents, manifest: ManifestFile) -> None:
    """Replace each ``{file:}`` in ``contents`` by what the file holds; adds to its positions and problems."""
    value = contents.value
    if not isinstance(value, dict):
        return
    instructions = value.get("instructions")
    if isinstance(instructions, dict):
        value["instructions"] = _instructions(contents, manifest, instructions)
    tools = value.get("tools")
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(tool, dict) and isinstance(function, dict) and "file" in function:
            tool["function"] = _function(contents, manifest, ("tools", place, "function"), function)


@dataclass(frozen=True, slots=True)
class _Included:
    """A file that was read: its text, and its name as messages have it."""

    text: str
    shown: str


def _instructions(contents: Contents, manifest: ManifestFile, declared: dict[str, Json]) -> Json:
    path: Path = ("instructions",)
    included = _read(contents, manifest, path, declared)
    if included is None:
        return declared
    nul = included.text.find("\0")
    if nul >= 0:
        where = Position(included.shown, *line_and_column(included.text, nul))
        contents.problems.append(
            Diagnostic(
                Severity.ERROR,
                "this is not text: it contains a NUL character",
                path="instructions",
                position=where,
            )
        )
    subject = Subject(Node(included.text, contents.positions["instructions"]), prefix=path)
    for problem in explain(violations(ASSISTANT, included.text, ("properties", "instructions")), subject):
        detail = " ".join(part for part in (problem.detail, f"The text is that of {included.shown}.") if part)
        contents.problems.append(replace(problem, detail=detail))
    return included.text


def _function(contents: Contents, manifest: ManifestFile, path: Path, declared: dict[str, Json]) -> Json:
    included = _read(contents, manifest, path, declared)
    if included is None:
        return declared
    root, problems = compose_json(included.text.removeprefix("\ufeff"), included.shown)
    contents.problems += (replace(problem, path=dotted(path)) for problem in problems)
    if root is None:
        return declared
    value = plain_value(root)
    contents.problems += explain(
        violations(ASSISTANT, value, ("$defs", "functionDefinition")), Subject(root, prefix=path)
    )
    contents.positions.add(root, path)
    return value


def _read(contents: Contents, manifest: ManifestFile, path: Path, declared: dict[str, Json]) -> _Included | None:
    """The file that ``declared`` names; ``None`` when it names none, or it cannot be read (which is reported)."""
    name = declared.get("file")
    field = (*path, "file")
    if set(declared) != {"file"} or not isinstance(name, str) or not name or field in contents.unjudged:
        return None
    is_secret = field in contents.secret
    shown = contents.references[field] if is_secret else _shown(manifest, name)
    try:
        text = read_text(resolve_readable(manifest.path.parent / name, manifest.root))
        refuse_private_key(text.encode())
    except UnusableFileError as error:
        position = Position(shown, *error.place) if error.place else contents.positions[dotted(field)]
        summary = error.summary if error.place else f"{shown}: {error.summary}"
        contents.problems.append(
            Diagnostic(Severity.ERROR, summary, error.detail, path=dotted(field), position=position)
        )
        return None
    _warn_of_references(contents, path, text, shown)
    return _Included(text, shown)


def _shown(manifest: ManifestFile, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(manifest.shown), name))


def _warn_of_references(contents: Contents, path: Path, text: str, shown: str) -> None:
    mention = mentions(text)
    if mention:
        contents.problems.append(
            Diagnostic(
                Severity.WARNING,
                f"{mention} in this file is not filled: files are taken verbatim",
                "Put the text into the manifest to have references filled.",
                path=dotted(path),
                position=Position(shown, *line_and_column(text, text.index(mention))),
            )
        )
