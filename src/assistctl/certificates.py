"""Certificates that are read once a connection needs them: reading them takes longer than most of a command."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

# In the order in which httpx2 looks for them.
VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def are_certain(base_url: str) -> bool:
    """Whether certificates will be needed, or somebody named some, who is told at once if they cannot be read."""
    return urlsplit(base_url).scheme == "https" or any(os.environ.get(name) for name in VARIABLES)


def on_use(read: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """What has ``read`` read them once a server of plain HTTP redirects to HTTPS."""

    class OnUse(ssl.SSLContext):
        protocols: Sequence[str] = ()

        def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
            self.protocols = [*alpn_protocols]

        def wrap_bio(self, *streams: Any, **settings: Any) -> ssl.SSLObject:  # noqa: ANN401  # as in ``ssl``
            context = read()
            context.set_alpn_protocols(self.protocols)
            return context.wrap_bio(*streams, **settings)

    return OnUse(ssl.PROTOCOL_TLS_CLIENT)
