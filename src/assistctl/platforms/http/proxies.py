"""The proxy on the way to a platform, as the process's environment names it: one reading of it for every SDK.

Some SDKs set up every proxy the environment names and fail for one that is not on the way; some know fewer of the
variables than others.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from assistctl.errors import ProjectError
from assistctl.secrets.addresses import shown_address

_SOCKS = frozenset({"socks5", "socks5h"})
_PORTS = {"http": 80, "https": 443}
_WITHOUT = "NO_PROXY names the hosts to reach without one."


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address, and the variable (or the system's settings) that names it."""

    url: str
    named_by: str

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS and not HTTP."""
        return urlsplit(self.url).scheme in _SOCKS

    def __str__(self) -> str:
        return f"the proxy {shown_address(self.url)} ({self.named_by})"


def proxy_to(url: str, *, over_socks: bool = True) -> Proxy | None:
    """The proxy for requests to ``url``; ``None`` if none is set, or ``NO_PROXY`` covers the host.

    Raises ``ProjectError`` for an address that is no proxy's, and for SOCKS where the SDK knows none (then not
    ``over_socks``) or the package for it is missing.
    """
    scheme, proxies = urlsplit(url).scheme, getproxies()
    name = next((name for name in (scheme, "all") if proxies.get(name, "").strip()), None)
    if name is None or _goes_without(url, proxies.get("no", "")):
        return None
    address = proxies[name].strip()
    proxy = Proxy(address if "://" in address else f"http://{address}", _named_by(name))
    if not _is_usable(proxy.url):
        raise ProjectError(
            f"{proxy.named_by} is not a proxy's address: {proxy.url.rpartition('@')[2]!r}",
            f"It looks like http://proxy.example.com:3128. {_WITHOUT}",
        )
    if proxy.is_socks and not over_socks:
        raise ProjectError(
            f"{proxy.named_by} names a SOCKS proxy, which this platform's SDK does not speak to",
            f"Name one that speaks HTTP. {_WITHOUT}",
        )
    if proxy.is_socks and find_spec("socksio") is None:
        raise ProjectError(
            f"{proxy.named_by} names a SOCKS proxy, which needs the package socksio; it is not installed",
            f"pip install 'assistctl[socks]'. {_WITHOUT}",
        )
    return proxy


def _goes_without(url: str, no_proxy: str) -> bool:
    host = urlsplit(url).hostname or ""
    return bool(proxy_bypass(host)) or any(_covers(entry.strip().lower(), url) for entry in no_proxy.split(","))


def _covers(entry: str, url: str) -> bool:
    """Whether an entry of ``NO_PROXY`` covers ``url``: a host, a domain or a network, on a port or all."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    scheme, _, name = entry.rpartition("://")
    if entry == "*":
        return True
    if not name or scheme not in {"", "all", parts.scheme}:
        return False
    try:
        return ip_address(host) in ip_network(name.strip("[]"), strict=False)
    except ValueError:
        pass  # one of the two is a name, or has a port
    name, _, port = name.removeprefix("*").lstrip(".").partition(":")
    if port and port != str(parts.port or _PORTS.get(parts.scheme)):
        return False
    return host == name or host.endswith(f".{name}")


def _named_by(scheme: str) -> str:
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper())
    return next((name for name in names if os.environ.get(name)), "a setting of the system")


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https", *_SOCKS} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
