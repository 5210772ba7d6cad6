"""Addresses without what may be secret in one: the user, the password and the query.

Whether what is shown is a well-formed address or not: it is the mistyped one that a message is about.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+|/*")
_NO_PORT = re.compile(r":(?![0-9]{0,5}(?:/|$))[^/]*")
_HIDDEN = "…"


def shown_address(text: str) -> str:
    """``text`` without parts that may be secret: all before the last ``@``, an invalid port, the query."""
    scheme = _scheme(text)
    rest = text.removeprefix(scheme)
    user, at, place = rest.rpartition("@")
    place = re.split(r"[?#]", place, maxsplit=1)[0]
    host, slash, path = place.partition("/")
    if not host.startswith("["):
        host = _NO_PORT.sub(f":{_HIDDEN}", host)
    return f"{scheme}{_HIDDEN if user else ''}{at}{host}{slash}{path}"


def without_credentials(url: str, *, keep_query: bool = False) -> str:
    """The destination of ``url``, to compare or record: without user, password and (as a rule) query.

    What cannot be taken apart comes back as it is.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = parts.query if keep_query else ""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query).geturl()


def secrets_in_address(text: str) -> set[str]:
    """The password in an address, or the user where there is only that, as it stands there and as it is meant."""
    user = text.removeprefix(_scheme(text)).rpartition("@")[0]
    name, _, password = user.partition(":")
    secret = password or name
    return {secret, unquote(secret)} - {""}


def _scheme(text: str) -> str:
    found = _SCHEME.match(text)
    return found[0] if found else ""
