"""Redirects are followed within the target's own place, and nowhere else.

HTTP clients take ``Authorization`` off a request that is redirected to another host, and leave on it every other
header that may hold a key, and its body: instructions, and the files of the project.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, TypeAlias

from assistctl.errors import PlatformError
from assistctl.platforms.http.outside_text import excerpt

if TYPE_CHECKING:
    import httpx2

_PORTS: Mapping[str, int] = {"http": 80, "https": 443}

Hook: TypeAlias = "Callable[[httpx2.Request], Coroutine[None, None, None]]"


def only_to(base_url: str) -> dict[str, list[Hook]]:
    """The event hooks of an HTTP client that refuses, before it is sent, what would go elsewhere.

    Elsewhere is another host or port, but for going from plain HTTP to HTTPS. The hook raises ``PlatformError``.
    """
    import httpx2

    home = httpx2.URL(base_url)

    async def refuse_elsewhere(request: httpx2.Request) -> None:
        if not _is_same_place(home, request.url):
            place = excerpt(f"{request.url.scheme}://{request.url.netloc.decode('ascii')}")
            raise PlatformError(
                f"{home.host} redirects to {place}, where neither the key nor the request is sent",
                "If that is where the platform is, make it the target's base_url.",
            )

    return {"request": [refuse_elsewhere]}


def _is_same_place(home: httpx2.URL, there: httpx2.URL) -> bool:
    if home.origin == there.origin:
        return True
    ports = home.port or _PORTS.get(home.scheme), there.port or _PORTS.get(there.scheme)
    return (home.host, home.scheme, there.scheme, *ports) == (there.host, "http", "https", 80, 443)
