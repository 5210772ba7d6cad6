"""Documents that commands print, held against their schemas: nothing is in them that these do not name."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from assistctl.manifest.validation.schema import whole_schema
from support.projects import Outcome


def assert_valid(name: str, document: Any) -> None:
    """Hold a document against a schema, strictly."""
    problems = [f"{error.instance_path}: {error.message[:300]}" for error in _strict(name).iter_errors(document)]
    assert problems == []


def printed(name: str, outcome: Outcome, *codes: int) -> Any:
    """What a command printed, held against a schema."""
    assert outcome.code in codes, outcome.err
    assert_valid(name, outcome.json)
    return outcome.json


@cache
def _strict(name: str) -> Draft202012Validator:
    """A schema that lets nothing through that it does not name, as the published one does for later versions."""
    return Draft202012Validator(_closed(whole_schema(name)))


def _closed(schema: Any) -> Any:
    """``schema`` with no more than the named properties in each object."""
    if isinstance(schema, list):
        return [_closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {name: _closed(inner) for name, inner in schema.items()}
    is_object = inside.get("type") == "object" and "properties" in inside
    return {**inside, "additionalProperties": False} if is_object else inside
