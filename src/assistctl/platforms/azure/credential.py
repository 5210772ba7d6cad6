"""Credentials for Azure: a key, an Entra token, or whoever is signed in where the command runs.

https://learn.microsoft.com/azure/foundry/concepts/authentication-authorization-foundry
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from assistctl.platforms.connection import Connection, checked_key, is_on_this_machine, key_used

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AzureKeyCredential
    from azure.core.credentials_async import AsyncTokenCredential

Credential: TypeAlias = "AzureKeyCredential | AsyncTokenCredential"

SCOPE = "https://ai.azure.com/.default"
"""What tokens are for (``AIProjectClientConfiguration`` of azure-ai-projects 2.10.0)."""

KEY_HINT = (
    "Sign in with `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give the target an "
    "api_key: the resource's key, or an Entra token for https://ai.azure.com."
)

ADDRESS_VARIABLE = "FOUNDRY_PROJECT_ENDPOINT"
SECRET_VARIABLE = "AZURE_CLIENT_SECRET"  # noqa: S105  # the name of one

_SERVICE_PRINCIPAL = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", SECRET_VARIABLE)
_SECONDS_OF_A_TOKEN = 3600


def key_hint(connection: Connection) -> str:
    """The source of the key that was sent or, without one, the ways to be let in."""
    if not connection.api_key:
        return KEY_HINT
    return (
        f"{key_used(connection)} It is the resource's key, or an Entra token for https://ai.azure.com. Without an "
        "api_key, sign in with `az login`."
    )


def credential_of(connection: Connection, address: str) -> Credential:
    """The target's ``api_key`` if it has one; without, ``DefaultAzureCredential`` looks for who is signed in.

    Raises ``ProjectError`` for a key that cannot be used, and ``ImportError`` without the SDK.
    """
    from azure.core.credentials import AzureKeyCredential

    key = checked_key(connection, connection.api_key)
    if key:
        return GivenToken(key) if is_token(key) else AzureKeyCredential(key)
    if is_on_this_machine(address):
        # A server on this machine need not want one.
        return AzureKeyCredential("none")
    return _signed_in(connection.environment)


def is_token(key: str) -> bool:
    """Whether a key is a token of Entra: a JSON Web Token (RFC 7519), which no resource's key looks like."""
    head, *rest = key.split(".")
    if len(rest) != 2:  # noqa: PLR2004  # a payload and a signature
        return False
    return "alg" in _claims(head)


class GivenToken:
    """A token fetched by somebody else; the server says when it has expired."""

    def __init__(self, token: str) -> None:
        expires = _claims(token.split(".")[1]).get("exp")
        self._token = token
        self._expires = int(expires) if isinstance(expires, int) else int(time.time()) + _SECONDS_OF_A_TOKEN

    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """The token, whatever it is wanted for."""
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, self._expires)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Nothing is open."""


def _claims(part: str) -> Mapping[str, object]:
    """The claims in one part of a JSON Web Token; empty if it is none."""
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _signed_in(environment: Mapping[str, str]) -> AsyncTokenCredential:
    from azure.identity.aio import ClientSecretCredential, DefaultAzureCredential

    tenant, client, secret = (environment.get(name) for name in _SERVICE_PRINCIPAL)
    if tenant and client and secret:
        # The library looks for these as well, but not into .env.
        return ClientSecretCredential(tenant, client, secret)
    return DefaultAzureCredential()
