"""The anthropic SDK's errors in words for people, and as types the engine can act on."""

from __future__ import annotations

import anthropic

from assistctl.errors import PlatformError
from assistctl.platforms.sdk_errors import answered, explained, outcome_unknown, unanswered

__all__ = ["outcome_unknown", "translated"]

_KEY_HINT = (
    "The key is the target's api_key in assistctl.yaml, else ANTHROPIC_API_KEY in the environment, else in .env."
)


def translated(error: Exception, base_url: str, *, repeatable: bool, reads: bool) -> PlatformError:
    """``error`` (of the SDK or its HTTP library) as a ``PlatformError``, as in ``openai_errors``."""
    if isinstance(error, anthropic.APIStatusError):
        return answered(error, explained(error, base_url, key_hint=_KEY_HINT), repeatable=repeatable, reads=reads)
    timed_out = isinstance(error, anthropic.APITimeoutError)
    return unanswered(error, base_url, timed_out=timed_out, reads=reads)
