"""References in other tools' notations (``${var.model}``, ``{{ model }}``), where braces cannot be meant as text.

Prompts are full of braces, so there they are left alone; a model or a name has none.
"""

from __future__ import annotations

import re

from assistctl.diagnostics import Severity
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.syntax.phrases import sentences, shown
from assistctl.manifest.syntax.yaml_values import Path, dotted

_MODEL: Path = ("model",)
_NAMES: tuple[Path, ...] = (("name",), ("vector_store", "name"))
# What template engines and other tools fill: Terraform, shells, .NET configuration; Jinja, Helm, Handlebars.
_IN_DOLLARS = re.compile(r"\$\{[^{}]*\}?")
_IN_BRACES = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_OURS = re.compile(r"\$\{\s*(?:var|env)\b")
_NAMED = re.compile(r"(?:(?P<kind>var|env)s?\W+)?(?:\w+:)?(?P<name>[A-Za-z_][\w-]*)\W*", re.IGNORECASE)
_LITERALLY = "$${"


def refuse_placeholders(contents: Contents) -> None:
    """Report the first reference that nothing fills in each model or name."""
    for path in (_MODEL, *_NAMES):
        text = _text_at(contents, path)
        found = _IN_DOLLARS.search(text) or _IN_BRACES.search(text) if text else None
        if text and found and (path == _MODEL or _is_written(contents, path, found[0])):
            _report(contents, path, found[0], _severity(path, text, found[0]))


def _severity(path: Path, text: str, piece: str) -> Severity:
    """The severity of an unfilled ``piece``, by how surely it is meant to be filled.

    A name may have it for a part. What exists may even be named ``{{ x }}``: there is no other way to write that.
    """
    is_ours = _OURS.match(piece) is not None
    is_all = piece.startswith("${") and piece == text.strip()
    return Severity.ERROR if path == _MODEL or is_ours or is_all else Severity.WARNING


def _is_written(contents: Contents, path: Path, piece: str) -> bool:
    """Whether a piece stands in the manifest itself: a name from a variable is taken as it comes."""
    return piece in contents.references.get(path, piece)


def _text_at(contents: Contents, path: Path) -> str | None:
    """The text at ``path``, unless it is not known, or was written so that it is taken literally."""
    value: Json = contents.value
    for step in path:
        value = value.get(str(step)) if isinstance(value, dict) else None
    if not isinstance(value, str) or path in contents.unjudged:
        return None
    return None if _LITERALLY in contents.references.get(path, "") else value


def _report(contents: Contents, path: Path, piece: str, severity: Severity) -> None:
    field, written = dotted(path), contents.references.get(path)
    # Said already, as a doubt: here it is none.
    contents.problems = [
        problem for problem in contents.problems if problem.path != field or problem.severity is Severity.ERROR
    ]
    what = "the secret value it has" if path in contents.secret else shown(piece)
    is_as_written = written is None or piece in written
    literally = f"For the text itself write ${piece}." if is_as_written and piece.startswith("${") else ""
    contents.report(
        path,
        f"nothing fills {what} in {field}",
        sentences(
            _meant(piece) if path not in contents.secret else "",
            "References are ${var:NAME} and ${env:NAME}.",
            "" if is_as_written else f"It is written as {shown(written)}.",
            literally,
        ),
        severity=severity,
    )


def _meant(piece: str) -> str:
    named = _NAMED.fullmatch(piece.strip("${} \t\n"))
    if not named:
        return ""
    return f"did you mean ${{{(named['kind'] or 'var').lower()}:{named['name']}}}?"
