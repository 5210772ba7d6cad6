"""The HTTP client (httpx2) that vendors' SDKs speak through: its proxy, its certificates, its bounds.

An SDK's client takes all that from the environment while it is made, and raises whatever it thinks of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import httpx2

from assistctl import certificates
from assistctl.errors import ProjectError
from assistctl.platforms.base import Connection
from assistctl.platforms.http.answer_budget import AnswerBudget
from assistctl.platforms.http.answer_stream import hooks
from assistctl.platforms.http.proxies import proxy_to

if TYPE_CHECKING:
    import ssl


def http_client(
    connection: Connection, make: Callable[..., httpx2.AsyncClient], base_url: str, budget: AnswerBudget
) -> httpx2.AsyncClient:
    """The client the connection was given, or one that ``make``, an SDK's own class, makes for ``base_url``.

    Raises ``ProjectError`` for a proxy, or certificates, of the environment that cannot be used.
    """
    if connection.http_client is not None:
        return cast("httpx2.AsyncClient", connection.http_client)
    proxy = proxy_to(base_url)
    return make(
        event_hooks=hooks(base_url, budget),
        proxy=proxy.url if proxy else None,
        verify=_certificates() if certificates.are_certain(base_url) else certificates.on_use(_certificates),
        # What there is to read in the environment was read: the client would set up every proxy it names.
        trust_env=False,
    )


def _certificates() -> ssl.SSLContext:
    """Whom to trust: the authorities of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``, else the system's."""
    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        name = next((name for name in certificates.VARIABLES if os.environ.get(name)), "the system")
        place = os.environ.get(name, "")
        raise ProjectError(
            f"the certificates of {name} cannot be read: {place}: {(error.strerror or str(error)).lower()}",
            "SSL_CERT_FILE is the path of a file of certificates in PEM, SSL_CERT_DIR that of a folder of them.",
        ) from error
