"""The words that documents enumerate: each is in the schema, never masked, and explained where it has to be."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import pytest

from assistctl.diagnostics import Severity
from assistctl.json_value import Json
from assistctl.manifest.validation.schema import whole_schema
from assistctl.model.change import Action, Blocked, Change, Origin, Status, Summary
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.plan import Plan, TargetName
from assistctl.rendering.phrases import refusals
from assistctl.secrets.plain_words import WORDS

ENUMERATED: dict[str, tuple[type[StrEnum], str]] = {
    "kind": (Kind, "plan"),
    "action": (Action, "plan"),
    "origin": (Origin, "plan"),
    "blocked": (Blocked, "plan"),
    "severity": (Severity, "plan"),
    "status": (Status, "results"),
}


ADD_WORDS = "add them to secrets/plain_words.py, so that no secret masks them"


def _field_names(schema: Json) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _field_names(part)
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        yield from _field_names([*schema.values()])


def _enums(schema: Json, name: str) -> Iterator[frozenset[Json]]:
    """What the schema lists for each property of this name."""
    if isinstance(schema, list):
        for part in schema:
            yield from _enums(part, name)
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    about = properties.get(name) if isinstance(properties, dict) else None
    if isinstance(about, dict) and isinstance(about.get("enum"), list):
        yield frozenset(value for value in about["enum"] if isinstance(value, str))  # type: ignore[union-attr]  # a list, as was looked at
    for part in schema.values():
        yield from _enums(part, name)


@pytest.mark.parametrize("name", sorted(ENUMERATED))
def test_the_schema_lists_every_word(name: str) -> None:
    words, schema = ENUMERATED[name]
    listed = set(_enums(dict(whole_schema(schema)), name))
    assert listed
    # An MCP server is declared, and is no thing on a platform that a change could be about.
    expected = frozenset(map(str, words)) - {str(Kind.MCP_SERVER)}
    assert expected in listed, f"list the words of {words.__name__} in schemas/{schema}.schema.json"


@pytest.mark.parametrize("schema", ["plan", "results", "drift", "history"])
def test_whatever_is_said_of_things_may_be_said_of_every_kind(schema: str) -> None:
    listed = [*_enums(dict(whole_schema(schema)), "kind")]
    assert listed
    assert all({*map(str, RESOURCE_KINDS)} <= kinds for kinds in listed)


@pytest.mark.parametrize("name", sorted(ENUMERATED))
def test_no_word_is_masked(name: str) -> None:
    assert {*map(str, ENUMERATED[name][0])} - WORDS == set(), ADD_WORDS


@pytest.mark.parametrize("schema", ["plan", "results", "drift", "history", "diagnostics", "checks", "answer"])
def test_no_field_of_a_document_is_masked(schema: str) -> None:
    assert {*_field_names(dict(whole_schema(schema)))} - WORDS == set(), ADD_WORDS


@pytest.mark.parametrize("rule", list(Blocked))
def test_every_rule_says_how_to_pass(rule: Blocked) -> None:
    change = Change(Kind.ASSISTANT, "desk", "asst_1", Action.DELETE, "not declared", blocked=rule)
    plan = Plan("acme", TargetName("local", "local"), (change,), (), (), Summary(delete=1), {}, "")
    found = [(refusal.rule, refusal.things) for refusal in refusals(plan)]
    assert found == [(str(rule), ("desk",))], "give the rule a sentence in rendering/phrases.py"
    assert all(refusal.permit.endswith(".") for refusal in refusals(plan))
