"""Every field that an SDK takes has its place, or a reason why it has none; the page says which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistctl.platforms.registry import known_platforms
from support.field_places import rows_of, stale_explanations
from support.field_table import PAGE, page, unknown_fields
from support.sdk_fields import fields_taken, text_of
from support.sdk_request import BELOW, How, Place, SdkRequest
from support.sdk_requests import sdk_requests

REQUESTS = {f"{request.platform}: {request.title}": request for request in sdk_requests()}
WAY_ON = (
    "Give each of them its place: native or under `platforms`, in the platform's *_fields.py (CAPABILITIES, "
    "to_wire, from_wire, and tests/support/platform_field_schemas.py), or a reason in "
    "tests/support/sdk_requests.py. Then write the page: PYTHONPATH=tests python -m support.field_table"
)


@pytest.fixture(params=REQUESTS)
def request_(request: pytest.FixtureRequest) -> SdkRequest:
    return REQUESTS[request.param]


def test_no_field_of_an_sdk_is_unknown(request_: SdkRequest) -> None:
    unknown = unknown_fields(request_)
    assert not unknown, f"{request_.package} takes {', '.join(unknown)} for {request_.title}. {WAY_ON}"


def test_no_explanation_is_out_of_date(request_: SdkRequest) -> None:
    """None is of a field that there is not, and none says no to a field that a manifest has by now."""
    assert stale_explanations(request_) == []


def test_the_page_is_what_the_sdks_and_the_code_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "PYTHONPATH=tests python -m support.field_table writes it"


def test_every_platform_with_an_sdk_is_there() -> None:
    """The embedded platform is reached through the same requests as the Assistants API elsewhere."""
    assert {request.platform for request in REQUESTS.values()} == {*known_platforms()} - {"local"}


def agents() -> SdkRequest:
    return REQUESTS["openai-agents: Agents"]


def with_more(kinds: dict[str, Any]) -> SdkRequest:
    return replace(agents(), create={**agents().create, **kinds}, update={**(agents().update or {}), **kinds})


def test_a_field_that_an_sdk_adds_is_told() -> None:
    assert unknown_fields(agents()) == []
    assert unknown_fields(with_more({"colour": str, "shape": dict[str, str]})) == ["colour", "shape"]


def test_a_field_is_told_that_our_code_would_drop() -> None:
    """A platform that forgets a field on the way there, or on the way back, does not have it."""
    request = agents()
    assert request.translation is not None
    there, back = request.translation.to_wire, request.translation.from_wire

    def forgetful(body: Any) -> Any:
        return {name: value for name, value in body.items() if name != "service_tier"}

    never_sent = replace(request.translation, to_wire=lambda fields: forgetful(there(fields)))
    never_read = replace(request.translation, from_wire=lambda body: back(forgetful(body)))
    for translation in (never_sent, never_read):
        assert unknown_fields(replace(request, translation=translation)) == ["service_tier"]


def test_an_explanation_that_became_wrong_is_told() -> None:
    no = Place(How.REFUSED, "It is not there.")
    request = replace(agents(), explained={**agents().explained, "service_tier": no, f"colour{BELOW}": no})
    assert stale_explanations(request) == ["service_tier", f"colour{BELOW}"]


def test_places_are_found_by_our_own_code() -> None:
    places = {text_of(row.path): row.place for row in rows_of(agents())}
    assert places["model"] == Place(How.NATIVE)
    assert places["reasoning.effort"] == Place(How.MAPPED, "`reasoning_effort`")
    assert places["tools[function].description"] == Place(How.MAPPED, "`tools[function].function.description`")
    assert places["text.verbosity"] == Place(How.PLATFORMS, "`platforms.openai-agents.verbosity`")
    assert places["tools[web_search].mode"] == Place(How.PLATFORMS)


def test_a_body_has_the_field_and_the_other_has_not() -> None:
    for field in fields_taken(agents().create, agents().base):
        assert field.body != field.without, text_of(field.path)
