"""How much of a list is read: a server that makes up new objects for every page has no last one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from assistctl.errors import PlatformError
from assistctl.model.json_value import Json
from assistctl.platforms.base import Connection, nobody_listens
from assistctl.platforms.http.answer_budget import answer_budget
from assistctl.platforms.http.connection_options import positive_number

MAX_PAGES = 10_000
MAX_OBJECTS = 100_000
_MAX_CHARACTERS = 1024 * 1024 * 1024
# A list may take so many times as long as one answer.
_ANSWERS_LONG = 6
# Often enough to see that it goes on; a list of this many pages is rare.
_PAGES_BETWEEN_WORDS = 25


@dataclass(slots=True)
class Listing:
    """One list while it is read: ``what`` it is of, its bounds, and who is told how far it is.

    ``seconds`` is how long all of it may take.
    """

    what: str = "the list"
    objects: int = MAX_OBJECTS
    pages: int = MAX_PAGES
    characters: int = _MAX_CHARACTERS
    seconds: float = 3600.0
    told: Callable[[str], None] = nobody_listens
    _began: float = field(default_factory=time.monotonic)
    _pages: int = 0
    _characters: int = 0

    def took(self, page: Iterable[Json], objects: int, size: int | None = None) -> None:
        """Count a page, with which there are so many ``objects``. Raises ``PlatformError`` beyond a bound.

        Of one whose ``size`` in bytes is known the characters need not be counted: they are no more.
        """
        self._pages += 1
        self._characters += sum(map(_characters_in, page)) if size is None else size
        if objects > self.objects:
            raise self._endless(f"{self.objects:,} objects", "options.max_listed of the target allows more.")
        if self._pages >= self.pages:
            raise self._endless(f"{self.pages:,} pages")
        if self._characters > self.characters:
            raise self._endless(f"{self.characters:,} characters")
        if time.monotonic() - self._began > self.seconds:
            raise self._endless(f"{self.seconds:,.0f} seconds", "--timeout allows more.")
        if self._pages % _PAGES_BETWEEN_WORDS == 0:
            self.told(f"listing {self.what}: {objects:,} so far")

    def _endless(self, bound: str, way: str = "") -> PlatformError:
        hint = f"Is the base_url right? {way}".strip()
        return PlatformError(f"the platform's list of {self.what} does not end after {bound}", hint)


def listing_of(connection: Connection, path: str) -> Listing:
    """The bounds that a target sets to a list at ``path``: ``options.max_listed``, and six times ``--timeout``."""
    objects = int(positive_number(connection, "max_listed", MAX_OBJECTS, "objects"))
    seconds = _ANSWERS_LONG * answer_budget(connection).seconds
    return Listing(path.strip("/"), objects, seconds=seconds, told=connection.told)


def _characters_in(value: Json) -> int:
    count, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            count += len(one)
        elif isinstance(one, dict):
            count += sum(map(len, one))
            left += one.values()
        elif isinstance(one, list):
            count += len(one)
            left += one
    return count
