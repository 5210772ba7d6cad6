"""What a check wants of an answer and cannot be judged by: patterns and schemas that are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistctl.manifest.contents import Contents
from assistctl.manifest.syntax.node import Path
from assistctl.model.checks import Assertion


def refuse_unusable(contents: Contents, path: Path, assertion: Assertion) -> None:
    """Report the value of ``assertion``, which stands at ``path``, where nothing can be compared with it."""
    rule = _RULES.get(assertion.type)
    if rule is not None:
        rule(contents, path, assertion)


def _pattern(contents: Contents, path: Path, assertion: Assertion) -> None:
    import regex

    if not isinstance(assertion.value, str):
        return
    try:
        regex.compile(assertion.value)
    except regex.error as error:
        contents.report(path, f"this is no regular expression: {error}", "It is that of the Python package regex.")


def _schema(contents: Contents, path: Path, assertion: Assertion) -> None:
    from assistctl.model.answer_schema import UnusableSchemaError, answer_schema

    if assertion.value is False:
        contents.report(path, f"{assertion.name} cannot be false", "Write `not-is-json: true` for no JSON.")
        return
    try:
        answer_schema(assertion.value)
    except UnusableSchemaError as error:
        contents.report(path, f"this is no JSON Schema: {error}", "Write `true` for any JSON.")


def _texts(contents: Contents, path: Path, assertion: Assertion) -> None:
    if assertion.value == []:
        contents.report(path, f"{assertion.name} needs at least one text")


_RULES: Mapping[str, Callable[[Contents, Path, Assertion], None]] = {
    "regex": _pattern,
    "is-json": _schema,
    "contains-any": _texts,
    "contains-all": _texts,
}
