"""The JSON Schema of a check, for what a model answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistctl.json_value import Json

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

PATTERN_SECONDS = 1.0
"""How long a regular expression may search one answer."""


class UnusableSchemaError(ValueError):
    """The declared value is no JSON Schema."""


def answer_schema(declared: Json) -> Validator | None:
    """The schema that an answer is held against; ``None`` for any JSON (``True``, nothing, or an empty text).

    A text is the JSON of the schema. The schema's own ``$schema`` says which draft it is, else 2020-12. Nothing
    outside of it is looked up. Raises ``UnusableSchemaError`` for what is no schema; the validator raises
    ``TimeoutError`` for a ``pattern`` that takes longer than ``PATTERN_SECONDS``.
    """
    from jsonschema import Draft202012Validator, FormatChecker, SchemaError
    from jsonschema.validators import extend, validator_for
    from referencing import Registry

    schema: Any = declared
    if isinstance(declared, str) and declared:
        try:
            schema = json.loads(declared)
        except ValueError as error:
            raise UnusableSchemaError(f"the text is not JSON ({error})") from error
    if schema is None or schema is True or schema == "":
        return None
    if not isinstance(schema, bool | dict):
        raise UnusableSchemaError("it is neither a mapping nor true")
    kind: Any = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise UnusableSchemaError(error.message) from error
    bounded: Any = extend(kind, {"pattern": _pattern})  # type: ignore[no-untyped-call]  # jsonschema has no type for it
    made: Validator = bounded(schema, format_checker=FormatChecker(), registry=Registry())
    return made


def _pattern(_: Validator, pattern: str, text: Any, __: Any) -> Iterator[ValidationError]:  # noqa: ANN401 - JSON
    """``pattern`` of JSON Schema, which may not search for ever in what a model wrote."""
    import regex
    from jsonschema import ValidationError as Violation

    if isinstance(text, str) and not regex.search(pattern, text, timeout=PATTERN_SECONDS):
        yield Violation(f"{text!r} does not match {pattern!r}")
