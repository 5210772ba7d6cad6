"""Answers of functions: those that a check gives, or that a program prints."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistctl.conversing.wording import quoted
from assistctl.model.checks import FunctionAnswer
from assistctl.secrets.escaping import cut

COMMAND_SECONDS = 60.0
"""How long a program may take for one answer."""
LARGEST_OUTPUT = 512 * 1024
"""Bytes of one answer (SubmitToolOutputsRunRequest takes as much for all outputs of a run)."""
_LARGEST_COMPLAINT = 16 * 1024
_ENDING_SECONDS = 5.0


class FunctionFailedError(Exception):
    """A function could not be answered, and why, in a sentence."""


class NoAnswerError(FunctionFailedError):
    """Nothing answers the function."""


async def nothing_in_the_check(name: str, arguments: str) -> str:
    """Raise ``NoAnswerError``: the check has no answer for a function that is called."""
    raise NoAnswerError(
        f"nothing answers the function {name}, called with {quoted(arguments)}: "
        f"add `tools: {{{name}: ANSWER}}` to the check"
    )


@dataclass(frozen=True, slots=True)
class FunctionAnswers:
    """The answers of functions by name; programs run in ``directory``, with ``environment``.

    ``otherwise`` answers functions that are not among them, by name and arguments, or raises
    ``FunctionFailedError``.
    """

    answers: Mapping[str, FunctionAnswer]
    directory: Path
    environment: Mapping[str, str]
    otherwise: Callable[[str, str], Awaitable[str]] = nothing_in_the_check

    async def to(self, name: str, arguments: str) -> str:
        """The answer of the function ``name`` to ``arguments``.

        Raises ``FunctionFailedError`` when there is none.
        """
        answer = self.answers.get(name)
        if answer is None:
            return await self.otherwise(name, arguments)
        if answer.command:
            return await run_command(answer.command, arguments, self.directory, self.environment)
        output = answer.output
        return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)


async def run_command(
    command: tuple[str, ...], arguments: str, directory: Path, environment: Mapping[str, str]
) -> str:
    """The output of a program given ``arguments`` on standard input, without white space around it.

    No shell is involved. Raises ``FunctionFailedError`` for one that cannot be run, fails, takes longer than
    ``COMMAND_SECONDS`` or prints more than ``LARGEST_OUTPUT``; what it started is ended with it.
    """
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=directory, env=environment, start_new_session=True
        )
    except (OSError, ValueError) as error:
        raise FunctionFailedError(f"{quoted(command[0])} cannot be run: {error}") from error
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            output, complaint, _ = await asyncio.gather(
                _read(process.stdout, LARGEST_OUTPUT, lambda: _kill(process)),
                _read(process.stderr, _LARGEST_COMPLAINT),
                _write(process.stdin, arguments),
            )
            code = await process.wait()
    except TimeoutError as error:
        raise FunctionFailedError(f"{quoted(command[0])} took longer than {COMMAND_SECONDS:g} s") from error
    finally:
        await _end(process)
    if len(output) > LARGEST_OUTPUT:
        raise FunctionFailedError(f"{quoted(command[0])} printed more than {LARGEST_OUTPUT:,} bytes")
    if code:
        said = f": {cut(complaint.decode(errors='replace'))}" if complaint.strip() else ""
        raise FunctionFailedError(f"{quoted(command[0])} ended with exit code {code}{said}")
    try:
        return output.decode().strip()
    except UnicodeDecodeError as error:
        raise FunctionFailedError(f"{quoted(command[0])} printed something other than UTF-8") from error


def _nothing_happens() -> None:
    """Drop output beyond the limit."""


async def _read(
    stream: asyncio.StreamReader | None, limit: int, too_much: Callable[[], None] = _nothing_happens
) -> bytes:
    """Read to the end and keep at most ``limit + 1`` bytes; ``too_much`` is called once there are more."""
    read = b""
    while stream is not None and (piece := await stream.read(65536)):
        read += piece[: limit + 1 - len(read)]
        if len(read) > limit:
            too_much()
    return read


async def _write(stream: asyncio.StreamWriter | None, text: str) -> None:
    if stream is None:
        return
    # A program need not read what it is given.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(text.encode())
        await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the program and what it started, and let go of its pipes."""
    _kill(process)
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ENDING_SECONDS):
            await asyncio.gather(_drain(process.stdout), _drain(process.stderr))
    await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()


async def _drain(stream: asyncio.StreamReader | None) -> None:
    while stream is not None and await stream.read(65536):
        pass
