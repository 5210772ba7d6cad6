"""Server-sent events, read."""

from __future__ import annotations


def events_of(text: str) -> list[tuple[str, str]]:
    """The names and data of the events in a whole stream."""
    events = []
    for block in text.strip("\n").split("\n\n"):
        name, data = block.split("\n")
        events.append((name.removeprefix("event: "), data.removeprefix("data: ")))
    return events
