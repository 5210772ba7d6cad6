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
    assert frozenset(map(str, words)) - {str(Kind.MCP_SERVER)} in listed


@pytest.mark.parametrize("schema", ["plan", "results", "drift", "history"])
def test_whatever_is_said_of_things_may_be_said_of_every_kind(schema: str) -> None:
    listed = [*_enums(dict(whole_schema(schema)), "kind")]
    assert listed
    assert all({*map(str, RESOURCE_KINDS)} <= kinds for kinds in listed)


@pytest.mark.parametrize("name", sorted(ENUMERATED))
def test_no_word_is_masked(name: str) -> None:
    assert {*map(str, ENUMERATED[name][0])} <= WORDS


@pytest.mark.parametrize("rule", list(Blocked))
def test_every_rule_says_how_to_pass(rule: Blocked) -> None:
    change = Change(Kind.ASSISTANT, "desk", "asst_1", Action.DELETE, "not declared", blocked=rule)
    plan = Plan("acme", TargetName("local", "local"), (change,), (), (), Summary(delete=1), {}, "")
    (refusal,) = refusals(plan)
    assert (refusal.rule, refusal.things) == (str(rule), ("desk",))
    assert refusal.permit.endswith(".")
