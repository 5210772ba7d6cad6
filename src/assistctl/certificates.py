"""Certificates that are read once a connection needs them: reading them takes longer than most of a command."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# In the order in which httpx2 looks for them.
VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def are_certain(base_url: str) -> bool:
    """Whether to read certificates at once: they will be needed, or those that are named cannot be read.

    Somebody who names a file that is none of certificates is told so, also where nothing is encrypted.
    """
    return urlsplit(base_url).scheme == "https" or _are_named_in_vain()


def on_use(read: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """A context that has ``read`` read the certificates once a plain HTTP server redirects to HTTPS."""
    context = _OnUse(ssl.PROTOCOL_TLS_CLIENT)
    context.read = read
    return context


class _OnUse(ssl.SSLContext):
    read: Callable[[], ssl.SSLContext]
    protocols: Sequence[str] = ()

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        self.protocols = [*alpn_protocols]

    def wrap_bio(self, *streams: Any, **settings: Any) -> ssl.SSLObject:  # noqa: ANN401  # as in ``ssl``
        context = self.read()
        context.set_alpn_protocols(self.protocols)
        return context.wrap_bio(*streams, **settings)


def _are_named_in_vain() -> bool:
    """Whether ``SSL_CERT_FILE`` names a file without certificates. OpenSSL takes any folder for one of them."""
    path = os.environ.get(VARIABLES[0])
    if not path:
        return False
    try:
        return b"-----BEGIN " not in Path(path).read_bytes()
    except OSError:
        return True
