"""Functions that somebody at the terminal answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from assistctl.cli.live_answer import LiveAnswer
from assistctl.cli.terminal import Terminal
from assistctl.cli.typed_text import typed_text
from assistctl.conversing.function_answers import NoAnswerError


def answered_on(terminal: Terminal, live: LiveAnswer) -> Callable[[str, str], Awaitable[str]]:
    """What asks at ``terminal`` for the answer of a function, whose call ``live`` has shown.

    It raises ``NoAnswerError`` at the end of what is typed; Ctrl-C cancels.
    """

    async def answer(name: str, arguments: str) -> str:
        live.break_line()
        if terminal.invocation.quiet:
            terminal.complain(f"called {name}({arguments})")
        try:
            typed = await typed_text().read(f"{name} answers: ")
        except KeyboardInterrupt:
            raise asyncio.CancelledError from None
        if typed is None:
            raise NoAnswerError(f"the function {name} was not answered")
        return typed

    return answer
