"""URL paths of objects on a platform: their ids come from answers, and are not trusted with an address."""

from __future__ import annotations

from urllib.parse import quote

from assistctl.errors import PlatformError
from assistctl.platforms.http.outside_text import excerpt


def path_of(collection: str, *parts: str) -> str:
    """The path of ``parts`` (an id, and what is behind it) below ``collection``, such as ``/assistants``.

    Raises ``PlatformError`` for a part that has no place in an address: nothing, a step to another folder (that
    RFC 3986 section 5.2.4 takes away), or half a character.
    """
    return "/".join([collection, *(_quoted(part) for part in parts)])


def _quoted(part: str) -> str:
    if part in {"", ".", ".."}:
        raise PlatformError(f"the platform names something {part!r}, which fits in no address")
    try:
        return quote(part, safe="")
    except UnicodeEncodeError as error:
        raise PlatformError(f"the platform names something {excerpt(repr(part))}, which is not text") from error
