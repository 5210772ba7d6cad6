"""Schema violations in words for those who write manifests: one rule per JSON Schema keyword."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assistctl.errors import did_you_mean
from assistctl.manifest.syntax.phrases import SHOWN_LENGTH, either, sentences, shown
from assistctl.manifest.syntax.yaml_values import Node, NumberRefusedError, Path, dotted, read_plain
from assistctl.manifest.validation.usual_mistakes import (
    about_missing,
    about_text,
    about_type,
    about_unknown,
    is_elsewhere,
)
from assistctl.model.counting import counted

if TYPE_CHECKING:
    from jsonschema import ValidationError

_NOT_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})
_KINDS = {
    "string": ("text",),
    "number": ("a number",),
    "integer": ("a whole number",),
    "boolean": ("true", "false"),
    "object": ("a mapping",),
    "array": ("a list",),
    "null": ("null",),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The checked document: nodes that tell positions, and values that must not be shown or judged.

    ``prefix`` is where ``root`` belongs in the manifest, when it is the content of another file. The value at a
    ``secret`` path is never shown. A violation at or below a path in ``unjudged`` is not reported, nor one that
    comes of a ``type`` there.
    """

    root: Node
    prefix: Path = ()
    name: str = "the manifest"
    secret: frozenset[Path] = frozenset()
    unjudged: frozenset[Path] = frozenset()
    references: dict[Path, str] = field(default_factory=dict)

    def judges(self, path: Path) -> bool:
        """Whether violations at ``path`` count."""
        return not any(path[:end] in self.unjudged for end in range(len(path) + 1)) and not any(
            (*path[:end], "type") in self.unjudged for end in range(len(path) + 1)
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say: about a key of the mapping at ``path`` where there is a ``key``, else about its value."""

    path: Path
    summary: str
    detail: str = ""
    key: str | None = None


def findings(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    """The findings about one violation."""
    if "propertyNames" in error.schema_path:
        yield _bad_name(error, subject)
        return
    rule = RULES.get(str(error.validator), _not_allowed)
    yield from rule(error, subject)


def _unknown_fields(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    known = list(_schema(error).get("properties", {}))
    place = f" in {_name(path, subject)}" if path or subject.prefix else ""
    allowed, said = f"Allowed here: {', '.join(known)}.", set[str]()
    for field_name in _instance(error):
        if field_name in known:
            continue
        mistake = about_unknown(field_name, (*subject.prefix, *path), _instance(error))
        near = mistake or did_you_mean(field_name, known)
        # Once is enough, of advice as of what is allowed.
        detail = sentences("" if near in said else near, "" if mistake else allowed)
        yield Finding(path, f"unknown field {shown(field_name)}{place}", detail, key=field_name)
        allowed, said = allowed if mistake else "", {*said, mistake}


def _missing_fields(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    instance = _instance(error)
    for field_name in _value(error):
        if field_name not in instance:
            about = _schema(error).get("properties", {}).get(field_name)
            detail = about.get("description", "") if isinstance(about, dict) else ""
            yield Finding(
                path,
                f"{_name(path, subject)} needs `{field_name}`",
                about_missing(field_name, path, instance)
                or sentences(f"Add `{field_name}:`.", detail, _near_miss(field_name, instance)),
            )


def _near_miss(field_name: str, instance: dict[str, object]) -> str:
    near = did_you_mean(field_name, instance)
    return f"Is {near.removeprefix('did you mean ').removesuffix('?')} meant to be it?" if near else ""


def _wrong_type(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    wanted = _wanted_types(error)
    allowed = either(word for kind in wanted for word in _KINDS[kind])
    value = _instance(error)
    if value is None:
        summary = f"{_name(path, subject)} has no value, but must be {allowed}"
    else:
        summary = f"{_name(path, subject)} must be {allowed}, not {_described(value, path, subject)}"
    yield Finding(path, summary, sentences(_way_to_type(value, wanted, path, subject), _origin(path, subject)))


def _described(value: object, path: Path, subject: Subject) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if path in subject.secret:
        return "the secret value it has"
    if isinstance(value, bool):
        return str(value).lower()
    return f"the text {shown(value)}" if isinstance(value, str) else f"the number {shown(value)}"


def _way_to_type(value: object, wanted: list[str], path: Path, subject: Subject) -> str:
    if value is None:
        ways = {"array": "Write [] for none, or remove the field.", "object": "Write {} or remove the field."}
        return next((ways[kind] for kind in wanted if kind in ways), "Give it one, or remove the field.")
    if path in subject.secret or path in subject.references:
        return ""
    if isinstance(value, str):
        return about_text(value, (*subject.prefix, *path)) or _way_from_text(value, wanted)
    if "string" in wanted and not isinstance(value, dict | list):
        return f'Quote it: "{_written(subject.root, path)[:SHOWN_LENGTH]}".'
    return ""


def _way_from_text(text: str, wanted: list[str]) -> str:
    if "boolean" in wanted and text.lower() in _NOT_BOOLEANS:
        return "Only true and false are booleans."
    return "Write it without quotes." if _means(text, wanted) else ""


def _means(text: str, wanted: list[str]) -> bool:
    try:
        value = read_plain(text)
    except NumberRefusedError:
        return False
    if isinstance(value, bool):
        return "boolean" in wanted
    return isinstance(value, int | float) and ("number" in wanted or "integer" in wanted)


def _not_one_of(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    value, choices = _instance(error), _value(error)
    if not isinstance(value, str) and "type" in _schema(error):
        return  # the wrong type is reported as such
    words = [choice for choice in choices if isinstance(choice, str)]
    is_word = isinstance(value, str) and path not in subject.secret and not is_elsewhere(value)
    near = did_you_mean(value, words) if is_word else ""
    yield Finding(
        path,
        f"{_name(path, subject)} cannot be {_quoted(value, path, subject)}",
        sentences(
            near,
            _message(error) or f"Allowed: {', '.join(words)}.",
            about_type(str(value), path) if not near and path not in subject.secret else "",
            _origin(path, subject),
        ),
    )


def _out_of_range(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    schema = _schema(error)
    low, high = schema.get("minimum"), schema.get("maximum")
    allowed = (
        f"at least {low:g}"
        if high is None
        else f"at most {high:g}"
        if low is None
        else f"from {low:g} to {high:g}"
    )
    value = _quoted(_instance(error), path, subject)
    yield Finding(path, f"{_name(path, subject)} must be {allowed}, not {value}", _origin(path, subject))


def _wrong_size(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    size, bound = len(_instance(error)), _value(error)
    keyword = str(error.validator)
    unit = {"Length": "character", "Items": "item", "Properties": "pair"}[keyword[3:]]
    limit = "at least" if keyword.startswith("min") else "at most"
    verb = "is" if unit == "character" else "has"
    suffix = " long" if unit == "character" else ""
    if size == 0:
        summary = f"{_name(path, subject)} must not be empty"
    else:
        summary = f"{_name(path, subject)} {verb} {counted(size, unit)}{suffix}; {limit} {bound:,} are allowed"
    yield Finding(path, summary, sentences(_message(error), _origin(path, subject)))


def _wrong_form(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    yield Finding(
        path,
        f"{_name(path, subject)} cannot be {_quoted(_instance(error), path, subject)}",
        sentences(_schema(error).get("patternErrorMessage", ""), _origin(path, subject)),
    )


def _bad_name(error: ValidationError, subject: Subject) -> Finding:
    path, name = tuple(error.absolute_path), str(_instance(error))
    rule = {
        "maxLength": f"A name has at most {error.validator_value} characters.",
        "minLength": "A name is needed.",
    }
    return Finding(
        path,
        f"{_name(path, subject)} cannot have the name {shown(name)}",
        rule.get(str(error.validator)) or _schema(error).get("patternErrorMessage", ""),
        key=name,
    )


def _not_allowed(error: ValidationError, subject: Subject) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    yield Finding(path, f"{_name(path, subject)} is not allowed ({error.validator})")


RULES: dict[str, Callable[[ValidationError, Subject], Iterator[Finding]]] = {
    "additionalProperties": _unknown_fields,
    "required": _missing_fields,
    "type": _wrong_type,
    "enum": _not_one_of,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "minLength": _wrong_size,
    "maxLength": _wrong_size,
    "minItems": _wrong_size,
    "maxItems": _wrong_size,
    "minProperties": _wrong_size,
    "maxProperties": _wrong_size,
    "pattern": _wrong_form,
}


def _name(path: Path, subject: Subject) -> str:
    return dotted((*subject.prefix, *path)) or subject.name


def _quoted(value: object, path: Path, subject: Subject) -> str:
    return "the secret value it has" if path in subject.secret else shown(value)


def _origin(path: Path, subject: Subject) -> str:
    written = subject.references.get(path)
    return f"It is written as {shown(written)}." if written else ""


def _written(root: Node, path: Path) -> str:
    node: Node | None = root
    for step in path:
        node = node.child(step) if node else None
    return node.written if node else ""


def _wanted_types(error: ValidationError) -> list[str]:
    value = _value(error)
    return [value] if isinstance(value, str) else list(value)


def _message(error: ValidationError) -> str:
    return str(_schema(error).get("errorMessage", ""))


def _schema(error: ValidationError) -> dict[str, Any]:
    return error.schema if isinstance(error.schema, dict) else {}


def _value(error: ValidationError) -> Any:  # noqa: ANN401 - whatever the keyword takes
    return error.validator_value


def _instance(error: ValidationError) -> Any:  # noqa: ANN401 - whatever JSON has at that place
    return error.instance
