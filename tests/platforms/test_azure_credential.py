"""Who a target is to Azure."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential
from azure.identity.aio import ClientSecretCredential, DefaultAzureCredential

from assistctl.platforms.azure.credential import GivenToken, credential_of, is_token
from assistctl.platforms.base import Connection

ADDRESS = "https://acme.services.ai.azure.com/api/projects/acme"
PRINCIPAL = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "secret"}


def token(**claims: Any) -> str:
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join([*encoded, "signature"])


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (token(exp=1), True),
        (token(), True),
        ("9a" * 16, False),
        ("a.b.c", False),
        ("bnVsbA.bnVsbA.x", False),
        ("größer.b.c", False),
        ("", False),
    ],
)
def test_tokens_and_keys_are_told_apart(key: str, expected: bool) -> None:
    assert is_token(key) is expected


@pytest.mark.parametrize(
    ("address", "key", "environment", "kind"),
    [
        (ADDRESS, "9a" * 16, PRINCIPAL, AzureKeyCredential),
        (ADDRESS, token(), PRINCIPAL, GivenToken),
        (ADDRESS, None, PRINCIPAL, ClientSecretCredential),
        (ADDRESS, None, {**PRINCIPAL, "AZURE_CLIENT_SECRET": ""}, DefaultAzureCredential),
        ("http://127.0.0.1:8788", None, PRINCIPAL, AzureKeyCredential),
    ],
)
def test_the_targets_key_comes_first(
    tmp_path: Path, address: str, key: str | None, environment: dict[str, str], kind: type
) -> None:
    async def main() -> None:
        credential = credential_of(Connection("cloud", tmp_path, environment, api_key=key), address)
        assert type(credential) is kind
        if not isinstance(credential, AzureKeyCredential):
            await credential.close()

    asyncio.run(main())


@pytest.mark.parametrize(("claims", "lasts_until"), [({"exp": 4_000_000_000}, 4_000_000_000), ({}, None)])
def test_a_token_says_how_long_it_lasts(claims: dict[str, Any], lasts_until: int | None) -> None:
    async def main() -> None:
        given = token(**claims)
        async with GivenToken(given) as credential:
            found = await credential.get_token("scope")
        assert found.token == given
        if lasts_until is None:
            assert found.expires_on > time.time()
        else:
            assert found.expires_on == lasts_until

    asyncio.run(main())
