"""The SDKs without the thread that each client of theirs starts to learn which system this is.

It takes one of the ten milliseconds of a plan, and the answer is the same for all of a process.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

_CLIENTS = ("openai._base_client", "anthropic._base_client")

Given = ParamSpec("Given")
Found = TypeVar("Found")


def learn_in_place(set_to: Callable[[object, str, object], None]) -> None:
    """Have the SDKs that are imported ask where they are. ``set_to`` is ``setattr``, or what can undo it."""
    for name in _CLIENTS:
        client = sys.modules.get(name)
        if hasattr(client, "asyncify"):
            set_to(client, "asyncify", _in_place)


def _in_place(function: Callable[Given, Found]) -> Callable[Given, Awaitable[Found]]:
    async def called(*args: Given.args, **named: Given.kwargs) -> Found:
        return function(*args, **named)

    return called
