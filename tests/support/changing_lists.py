"""A platform whose list answers leave something out, or come in another order, now and then."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from support.server import Asked, RecordingServer

Reorder = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def as_it_is(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The order of the server."""
    return items


@dataclass
class ChangingLists:
    """Leaves the assistants of ``ids`` out of the list answers whose numbers, from 0, are in ``silent``.

    ``shown`` are the numbers of the answers that had one of them.
    """

    ids: Collection[str]
    silent: Collection[int]
    reorder: Reorder = as_it_is
    path: str = "/v1/assistants"
    shown: list[int] = field(default_factory=list)
    answers: int = 0

    def on(self, server: RecordingServer) -> None:
        """Answer so from now on."""
        server.tell = self._told

    def _told(self, asked: Asked, status: int, body: Any) -> Any:
        if (asked.method, asked.path, status) != ("GET", self.path, 200):
            return body
        number, self.answers = self.answers, self.answers + 1
        items = self.reorder(body["data"])
        kept = [item for item in items if number not in self.silent or item["id"] not in self.ids]
        if any(item["id"] in self.ids for item in kept):
            self.shown.append(number)
        ends = {"first_id": kept[0]["id"] if kept else None, "last_id": kept[-1]["id"] if kept else None}
        return {**body, "data": kept, **ends}
