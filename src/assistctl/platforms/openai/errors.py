"""What OpenAI alone answers, in words for people."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

import openai

from assistctl.errors import NotFoundError, PlatformError
from assistctl.platforms.http.sdk_errors import explained
from assistctl.secrets.addresses import shown_address

_OPENAI_HOST = "api.openai.com"
_ASSISTANTS = "/assistants"
_SWITCHED_OFF = "2026-08-26"
_WAYS_ON = (
    "Move to openai-agents, azure-foundry or anthropic-agents with `assistctl migrate`, or point base_url at "
    "a server that speaks it: `assistctl serve`, one of your own, or Azure Foundry's classic Agent Service "
    "until 2027-03-31."
)


def explained_here(error: openai.APIStatusError, base_url: str, key_hint: str) -> PlatformError:
    """What the server said, and of a 404 what it means: where an API is no more, and where it never was."""
    found = explained(error, base_url, key_hint=key_hint)
    if error.status_code != HTTPStatus.NOT_FOUND:
        return found
    path = error.request.url.path
    if urlsplit(base_url).hostname == _OPENAI_HOST and _ASSISTANTS in path:
        # Files and vector stores are still there.
        summary = f"OpenAI switched its Assistants endpoint off on {_SWITCHED_OFF}: {_OPENAI_HOST} answers 404"
        return NotFoundError(summary, _WAYS_ON, status=HTTPStatus.NOT_FOUND)
    if error.request.method == "GET" and path.endswith(_ASSISTANTS):
        # A list may be empty, and is never missing: a gateway in front of OpenAI, or no such API at all.
        hint = f"OpenAI switched its own off on {_SWITCHED_OFF}. {_WAYS_ON} Else the base_url is wrong."
        summary = f"there is no Assistants API at {shown_address(base_url)}: {found.summary}"
        return NotFoundError(summary, hint, status=HTTPStatus.NOT_FOUND)
    return found
