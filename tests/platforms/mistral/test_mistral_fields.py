"""Each field that the SDK's requests have is one of a manifest's, one under ``platforms``, or known not to be."""

from __future__ import annotations

from typing import Any

import pytest
from mistralai.client.models import (
    CompletionArgs,
    CreateAgentRequest,
    UpdateAgentRequest,
)

from assistctl.json_value import Json
from assistctl.platforms.mistral.agents_fields import CAPABILITIES, findings, from_wire, to_platform, to_wire
from assistctl.platforms.mistral.counterparts import NAME
from assistctl.platforms.mistral.metadata import from_metadata, left_over, to_metadata

MANIFESTS = {name.partition(".")[0] for name in CAPABILITIES.fields} | {"completion_args"}
# Whether an agent is in its workspace's chat, and a word about each version.
NOT_MANAGED = {"deployment_chat", "version_message"}


@pytest.mark.parametrize("kind", [CreateAgentRequest, UpdateAgentRequest, CompletionArgs])
def test_every_field_of_a_request_is_known(kind: Any) -> None:
    assert set(kind.model_fields) <= MANIFESTS | CAPABILITIES.platform_fields | NOT_MANAGED


def test_what_is_null_in_an_answer_is_null() -> None:
    fields = from_wire({"name": "x", "description": None, "completion_args": {"temperature": None, "stop": None}})
    assert (fields["description"], fields["temperature"]) == (None, None)
    assert fields["platforms"] == {NAME: {"stop": None}}
    assert "top_p" not in fields
    assert from_wire({})["platforms"] == {NAME: {}}


def test_arguments_are_sent_as_a_whole() -> None:
    there = {"temperature": 0.2, "max_tokens": 5, "top_p": None}
    assert "completion_args" not in to_wire({"name": "x"}, dict(there))
    sent = to_wire({"temperature": None, "platforms": {NAME: {"tool_choice": None, "stop": "END"}}}, dict(there))
    arguments = {"temperature": None, "max_tokens": 5, "tool_choice": "auto", "stop": "END"}
    assert sent["completion_args"] == arguments


def test_a_function_without_a_description_has_none() -> None:
    bare: Json = {"type": "function", "function": {"name": "f", "description": "", "parameters": None}}
    assert to_platform({"tools": [bare]})["tools"] == [{"type": "function", "function": {"name": "f"}}]
    wire: Any = to_wire({"tools": [bare]})
    assert wire["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}


def test_metadata_of_others_stays_as_it_is() -> None:
    before: dict[str, Json] = {"count": 3, "seen": {"by": ["them"]}, "gone": "x", "none": None}
    pairs = {"count": "3", "seen": "{'by': ['them']}", "ours": "y"}
    assert to_metadata(pairs, before) == {"count": 3, "seen": {"by": ["them"]}, "ours": "y"}
    assert from_metadata({"a": None, "b": "1"}) == {"b": "1"}
    assert left_over(pairs, {**before, "ours": "y"}) == {"gone": None}


@pytest.mark.parametrize(
    ("own", "path"), [({"aliases": ["a b"]}, "aliases[0]"), ({"aliases": ["x" * 513]}, "aliases")]
)
def test_names_of_aliases_fit_into_the_metadata(own: dict[str, Any], path: str) -> None:
    assert f"platforms.{NAME}.{path}" in [finding.path for finding in findings({"name": "x"}, own)]
