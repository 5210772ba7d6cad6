"""What Anthropic's error codes mean for a request.

Its codes are those of ``ERROR_CLASSES`` in anthropic 2.14.0, and what each says its docstring there.
"""

from __future__ import annotations

from assistctl.platforms.http.error_meanings import ErrorMeaning, ErrorTable

ERRORS: ErrorTable = {
    "contract_spend_limit_reached": ErrorMeaning.SPENT,
    "enforced_spend_limit_reached": ErrorMeaning.SPENT,
    "ramp_limit_exceeded": ErrorMeaning.AS_STATUS,
    # What these need could not be read, so nothing was done.
    "authorization_check_unavailable": ErrorMeaning.THROTTLED,
    "cmek_context_unavailable": ErrorMeaning.THROTTLED,
    "change_outcome_unknown": ErrorMeaning.HALF_DONE,
    "cmek_key_unreachable": ErrorMeaning.AS_STATUS,
    "registration_pending": ErrorMeaning.AS_STATUS,
    "workspace_created_incomplete": ErrorMeaning.AS_STATUS,
    "compaction_unavailable": ErrorMeaning.AS_STATUS,
}


def code_in(body: object) -> str:
    """``error.details.error_code`` of the body of a refusal; empty if there is none."""
    for name in ("error", "details", "error_code"):
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, str) else ""
