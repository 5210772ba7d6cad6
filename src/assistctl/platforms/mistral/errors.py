"""The meaning of Mistral's error codes for a request.

mistralai 3.7.0 has no list of them. The codes are those of refusals that were reported (raycast/extensions issue
31107, cline/cline issue 9085; BerriAI/litellm pull request 25078 for the capacity of a service tier, which comes
as a 429 or a 503); one that is not here means what its status says.
"""

from __future__ import annotations

from assistctl.platforms.http.error_meanings import ErrorMeaning, ErrorTable

ERRORS: ErrorTable = {
    # So many requests or tokens a second, a minute or a month; the message does not say which.
    "rate_limited": ErrorMeaning.AS_STATUS,
    # The model's servers are full, and took nothing.
    "service_tier_capacity_exceeded": ErrorMeaning.THROTTLED,
}


def code_in(body: object) -> str:
    """The ``type`` in the body of a refusal, which tells more than its numbers; empty if there is none."""
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    kind = body.get("type") if isinstance(body, dict) else None
    return kind if isinstance(kind, str) else ""
