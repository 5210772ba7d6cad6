"""What is sent is held against the SDKs' own types: for each field that a manifest can have, and to clear it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from assistctl.model.capabilities import Level
from assistctl.platforms.registry import capabilities_of
from support.field_places import sent_for_each_field
from support.sdk_request import SdkRequest
from support.sdk_requests import sdk_requests
from support.sdk_shapes import misfits, misfits_in_body

REQUESTS = {
    f"{sdk_request.platform}: {sdk_request.title}": sdk_request
    for sdk_request in sdk_requests()
    if sdk_request.translation is not None
}
# What each platform's own requests may not hold null: a null there is no value, and is left out of the body.
CLEARED = ("description", "instructions", "reasoning_effort", "response_format", "temperature", "top_p")


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_sent_for_each_field_fits(name: str) -> None:
    request = REQUESTS[name]
    bodies = [*sent_for_each_field(request)]
    assert len(bodies) > (20 if request.create else 10)
    for path, body in bodies:
        assert misfits_in_body(body, request.create or request.update or {}) == [], path


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_sent_to_clear_each_field_fits(name: str) -> None:
    """A field that is declared no longer goes back to the platform's default, by what an update takes for that."""
    request = REQUESTS[name]
    for fields in cleared(request):
        assert request.translation is not None
        body = request.translation.to_wire(fields)
        assert misfits_in_body(body, request.update or request.create) == [], fields


def cleared(request: SdkRequest) -> list[Mapping[str, Any]]:
    """Requests that clear one field each, of those that the platform has."""
    capabilities = capabilities_of(request.platform)
    known = [
        name
        for name in CLEARED
        if name in capabilities.fields and capabilities.fields[name].level is not Level.UNSUPPORTED
    ]
    own = sorted(capabilities.platform_fields - {"tools"})
    base = {"name": "desk", "model": "m", "tools": []}
    return [{**base, name: None} for name in known] + [
        {**base, "platforms": {request.platform: {name: None}}} for name in own
    ]


def test_misfits_are_seen() -> None:
    kinds = REQUESTS["openai-agents: Agents"].create
    assert misfits("turbo", kinds["service_tier"]) != []
    assert misfits([{"type": "web_search", "colour": "red"}], kinds["tools"]) == ["[0].colour: unknown"]
    assert misfits([{"type": "mcp", "server_label": "x"}], kinds["tools"]) == ["[0].transport: required"]
    assert misfits_in_body({"model": "m", "temperature": 1}, kinds) == ["temperature: unknown"]
    assert misfits_in_body({"model": "m", "tools": [{"type": "tool_search"}]}, kinds) == []
