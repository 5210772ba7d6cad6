"""A conversation at the terminal, message by message; and functions that somebody there answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from assistctl.cli.asking import Asking, LiveAnswer
from assistctl.cli.terminal import Terminal
from assistctl.cli.typed_text import ctrl_c_cancels, typed_text
from assistctl.conversing.function_answers import NoAnswerError
from assistctl.errors import ExitCode
from assistctl.model.answer_report import AnswerReport
from assistctl.model.conversation import MessageFile
from assistctl.operations.ask import Talk, open_talk


async def converse(asking: Asking, live: LiveAnswer) -> int:
    """Talk until the user ends it; the exit code. Files go with the first message."""
    terminal = asking.terminal
    async with open_talk(terminal.deployment(), asking.key, asking.settings) as talk:
        files = [talk.attached(path, tool) for path, tool in asking.attachments]
        typed = typed_text()
        terminal.say(f"Talking with {asking.key}. {typed.help} Ctrl-C stops an answer.")
        while (text := await _next_message(typed.read("> "))) is not None:
            if text.strip():
                await _answered(asking, talk, live, text, files)
                files = []
    asking.tell_how_to_go_on(talk.thread_id)
    return ExitCode.OK


def answered_on(terminal: Terminal, live: LiveAnswer) -> Callable[[str, str], Awaitable[str]]:
    """A function that asks at ``terminal`` for the answer of a function, whose call ``live`` has shown.

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


async def _next_message(reading: Awaitable[str | None]) -> str | None:
    """The next message typed; ``None`` at the end, which Ctrl-C is as well as Ctrl-D."""
    try:
        return await reading
    except KeyboardInterrupt:
        return None


async def _answered(asking: Asking, talk: Talk, live: LiveAnswer, text: str, files: list[MessageFile]) -> None:
    answering = asyncio.create_task(talk.ask(text, files))
    report: AnswerReport | None = None
    with ctrl_c_cancels(answering):
        try:
            report = await answering
        except asyncio.CancelledError:
            if not answering.cancelled():
                raise
    live.end(report)
    if report is None:
        asking.terminal.complain("The run was cancelled.")
    else:
        asking.tell(report)
