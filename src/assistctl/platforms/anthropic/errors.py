"""The anthropic SDK's errors in words for people, and as types the engine can act on."""

from __future__ import annotations

import anthropic

from assistctl.errors import PlatformError
from assistctl.platforms.http.sdk_errors import classify_no_response, classify_status, explained, outcome_unknown

__all__ = ["outcome_unknown", "translate_error"]

_KEY_HINT = (
    "The key is the target's api_key in assistctl.yaml, else ANTHROPIC_API_KEY in the environment, else in .env."
)


def translate_error(error: Exception, base_url: str, *, repeatable: bool, reads: bool) -> PlatformError:
    """``error`` (of the SDK or its HTTP library) as a ``PlatformError``, as in ``openai_errors``."""
    if isinstance(error, anthropic.APIStatusError):
        return classify_status(
            error, explained(error, base_url, key_hint=_KEY_HINT), repeatable=repeatable, reads=reads
        )
    timed_out = isinstance(error, anthropic.APITimeoutError)
    return classify_no_response(error, base_url, timed_out=timed_out, reads=reads)
