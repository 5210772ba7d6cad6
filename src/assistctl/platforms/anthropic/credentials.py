"""Credentials for Anthropic without an API key: a bearer token, a profile, or a workload's identity.

In the order in which the SDK itself looks (``AsyncAnthropic`` of anthropic 2.14.0): ANTHROPIC_AUTH_TOKEN, the
profile that ANTHROPIC_PROFILE names, workload identity federation, and the profile of whoever signed in on this
machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from assistctl.errors import PlatformError
from assistctl.platforms.anthropic.variables import AUTH_TOKEN, IDENTITY_TOKEN
from assistctl.platforms.connection import Connection, checked_key, is_on_this_machine

if TYPE_CHECKING:
    from anthropic.lib.credentials import WorkloadIdentityCredentials

_IDENTITY_TOKEN_FILE = "ANTHROPIC_IDENTITY_TOKEN_FILE"  # noqa: S105  # the name of one
_PROFILE = "ANTHROPIC_PROFILE"
_RULE, _ORGANIZATION = "ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID"

WAYS_WITHOUT_KEY = (
    f"Without a key: {AUTH_TOKEN}, a profile ({_PROFILE}), or workload identity federation ({_RULE}, "
    f"{_ORGANIZATION} and {IDENTITY_TOKEN} or {_IDENTITY_TOKEN_FILE})."
)
"""What else lets one in."""

_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500


def credentials_without_key(connection: Connection, base_url: str) -> Mapping[str, object]:
    """The settings of the SDK's client that stand for a key; empty when there is nothing of the kind."""
    environment = connection.environment
    token = checked_key(connection, environment.get(AUTH_TOKEN), "auth token")
    if token:
        return {"auth_token": token}
    if environment.get(_PROFILE):
        return {"profile": environment[_PROFILE]}
    identity = _workload_identity(environment)
    if identity is not None:
        return {"credentials": identity}
    if is_on_this_machine(base_url) or connection.http_client is not None:
        return {}
    from anthropic.lib.credentials import default_credentials

    found = default_credentials(base_url=base_url)
    return {} if found is None else {"credentials": found.provider}


def without_token(error: Exception) -> PlatformError | None:
    """The error of a token that could not be had, in words; ``None`` for any other error.

    What it was wanted for was not sent. An ``AskAgainError`` where the exchange may go through later.
    """
    import httpx2

    from assistctl.platforms.http.outside_text import excerpt
    from assistctl.platforms.http.wire import AskAgainError

    cause = next(filter(_is_of_credentials, (error, error.__cause__)), None)
    if cause is None:
        return None
    found = PlatformError(f"Anthropic gave no token: {excerpt(str(cause))}", WAYS_WITHOUT_KEY)
    status = getattr(cause, "status_code", None)
    is_throttled = status == _TOO_MANY_REQUESTS
    if is_throttled or (status or 0) >= _SERVER_ERROR or isinstance(cause.__cause__, httpx2.HTTPError):
        return AskAgainError(found, wait=None, throttled=is_throttled)
    return found


def _is_of_credentials(error: BaseException | None) -> bool:
    from anthropic import AnthropicError, APIError

    return isinstance(error, AnthropicError) and not isinstance(error, APIError)


def _workload_identity(environment: Mapping[str, str]) -> WorkloadIdentityCredentials | None:
    rule, organization = environment.get(_RULE), environment.get(_ORGANIZATION)
    token = _identity_token(environment)
    if not (rule and organization and token):
        return None
    from anthropic.lib.credentials import WorkloadIdentityCredentials

    return WorkloadIdentityCredentials(
        identity_token_provider=token,
        federation_rule_id=rule,
        organization_id=organization,
        service_account_id=environment.get("ANTHROPIC_SERVICE_ACCOUNT_ID"),
        workspace_id=environment.get("ANTHROPIC_WORKSPACE_ID") or None,
    )


def _identity_token(environment: Mapping[str, str]) -> Callable[[], str] | None:
    path, token = environment.get(_IDENTITY_TOKEN_FILE), environment.get(IDENTITY_TOKEN)
    if path:
        from anthropic.lib.credentials import IdentityTokenFile

        return IdentityTokenFile(path)
    return (lambda: token) if token else None
