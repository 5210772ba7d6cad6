"""The options that every command takes, and those that most do; and how a command runs with them."""

from __future__ import annotations

import contextlib
import copy
import functools
import os
import re
import signal
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from assistctl.cli.completing import complete_keys, complete_keys_or_files, complete_targets
from assistctl.cli.signals import Presses
from assistctl.cli.terminal import Invocation, Terminal, keep_messages_off_stdout
from assistctl.errors import ExitCode, ProjectError

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""The form of an assistant's key; an argument of another form is the path of a saved plan."""

CONFIG_FROM = "ASSISTCTL_CONFIG_FROM"

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600}

ENDING_SECONDS = 5.0
"""How long a command may take to end once it was told twice, in seconds."""

T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., Any])


def _variables(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not _VARIABLE.fullmatch(name):
            raise click.BadParameter(f"{text!r} is not NAME=VALUE.")
        variables[name] = value
    return variables


def seconds(_: click.Context, __: click.Parameter, text: str) -> float:
    """The callback of an option that is a duration: ``90``, ``90s``, ``10m`` or ``1h``, in seconds."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise click.BadParameter(f"{text!r} is not a duration: write 90, 90s, 10m or 1h.")
    return float(found[1]) * _SECONDS[found[2] or "s"]


def _commit(_: click.Context, __: click.Parameter, ref: str | None) -> str | None:
    # A variable that was meant to say it must not leave it unsaid.
    if ref is None and os.environ.get(CONFIG_FROM) == "":
        raise click.BadParameter(f"{CONFIG_FROM} is set and empty.")
    return ref


GLOBAL_OPTIONS = (
    click.Option(
        ["-C", "--directory"],
        type=click.Path(path_type=Path),
        default=Path(),
        metavar="DIR",
        help="The project's folder.  [default: this one]",
    ),
    click.Option(
        ["-t", "--target"],
        metavar="NAME",
        shell_complete=complete_targets,
        help="The target to use.  [default: ASSISTCTL_TARGET, else default_target, else local]",
    ),
    click.Option(
        ["--var", "variables"],
        multiple=True,
        metavar="NAME=VALUE",
        callback=_variables,
        help="Set ${var:NAME}. Can be repeated.",
    ),
    click.Option(
        ["--color"],
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        metavar="auto|always|never",
        help="Whether to colour the output.",
    ),
    click.Option(
        ["--timeout"],
        default="10m",
        show_default=True,
        metavar="TIME",
        callback=seconds,
        help="How long to wait for an answer, or while the platform is rate limiting: 90, 90s, 10m, 1h.",
    ),
    click.Option(
        ["--config-from"],
        metavar="REF",
        envvar=CONFIG_FROM,
        callback=_commit,
        help="Read assistctl.yaml from this git commit instead of the folder.  [default: ASSISTCTL_CONFIG_FROM]",
    ),
    click.Option(["-v", "--verbose"], is_flag=True, help="Show more details."),
    click.Option(["-q", "--quiet"], is_flag=True, help="Show only results and errors."),
)

_VALUE_OPTIONS = frozenset(name for option in GLOBAL_OPTIONS if not option.is_flag for name in option.opts) | {
    "--format"
}


_NO_PLATFORM = frozenset({"timeout"})
_NO_TARGET = _NO_PLATFORM | {"target", "variables", "config_from"}
_UNUSED: Mapping[str, frozenset[str]] = {
    "init": _NO_TARGET - {"target"},
    "schema": _NO_TARGET | {"directory", "verbose"},
    "show": _NO_TARGET | {"directory"},
    "validate": _NO_PLATFORM,
    "history": _NO_PLATFORM | {"variables"},
    "unlock": _NO_PLATFORM | {"variables"},
    "serve": _NO_TARGET,
}
"""The options that mean nothing to a command, by their parameters: its help does not show them."""

_REFUSED = frozenset({"timeout", "config_from"})
"""Those of them that are refused where they mean nothing: they promise something."""


def takes_value(word: str) -> bool:
    """Whether the next word on the command line is the value of this option."""
    return word in _VALUE_OPTIONS


def subcommand(name: str, help_text: str, example: str) -> Callable[[Callable[..., int]], click.Command]:
    """A command that takes the global options and is called with a ``Terminal`` first.

    ``example`` is shown verbatim under the help. The function returns the exit code.
    """

    def decorate(function: Callable[..., int]) -> click.Command:
        @functools.wraps(function)
        def invoke(
            *,
            directory: Path,
            target: str | None,
            variables: Mapping[str, str],
            color: str,
            verbose: bool,
            quiet: bool,
            timeout: float,
            config_from: str | None,
            **own: object,
        ) -> int:
            _refuse_unused(click.get_current_context())
            invocation = Invocation(directory, target, variables, color, verbose, quiet, timeout, config_from)
            return _call(invocation, function, own)

        made = click.command(name, cls=_Command, help=help_text, epilog=f"\b\n{example}")(invoke)
        made.context_settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
        unused = _UNUSED.get(name, ())
        made.params += [_hidden(option) if option.name in unused else option for option in GLOBAL_OPTIONS]
        return made

    return decorate


def _call(invocation: Invocation, function: Callable[..., int], own: Mapping[str, object]) -> int:
    """Call a command's ``function`` with a terminal; tell of its failure; the exit code."""
    terminal = Terminal(invocation)
    if own.get("output_format", "text") != "text":
        keep_messages_off_stdout()
    try:
        _refuse_manifests(own.get("keys"))
        return int(function(terminal, **own))
    except (click.ClickException, click.Abort):
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # nobody should meet a traceback
        from assistctl.cli.reporting import report_failure

        return report_failure(terminal, error, function, own)


def run_until_interrupted(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` and return its result. Raises ``KeyboardInterrupt`` where Ctrl-C has ended it.

    The first Ctrl-C cancels ``main``, the second all that is left; what has not ended ``ENDING_SECONDS`` later
    ends with the process. ``asyncio.run`` has the second one raise ``KeyboardInterrupt`` wherever the event loop
    is just then: a step of a task that is lost by that is waited for without end.
    """
    import asyncio

    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(main)
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        return asyncio.run(main)
    with asyncio.Runner() as runner:
        interruption = _Interruption(runner.get_loop())
        signal.signal(signal.SIGINT, interruption)
        try:
            return runner.run(interruption.watched(main))
        except asyncio.CancelledError:
            if not interruption.times:
                raise
            raise KeyboardInterrupt from None
        finally:
            # While the loop is closed another Ctrl-C is no reason to lose a step of that, either.
            runner.close()
            interruption.is_over()
            signal.signal(signal.SIGINT, before)


@dataclass(slots=True, eq=False)
class _Interruption:
    """A handler of SIGINT for what runs in ``loop``. ``times`` is how often it was called."""

    loop: asyncio.AbstractEventLoop
    times: int = 0
    _presses: Presses | None = None
    _task: asyncio.Task[Any] | None = None
    _forced: threading.Timer | None = None

    async def watched(self, main: Coroutine[Any, Any, T]) -> T:
        import asyncio

        self._task = asyncio.current_task()
        if self.times:
            main.close()
            raise asyncio.CancelledError
        return await main

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self._presses = self._presses or Presses()
        if not self._presses.is_another(number):
            return
        self.times += 1
        if self.times > 1 and self._forced is None:
            self._forced = threading.Timer(ENDING_SECONDS, os._exit, (ExitCode.INTERRUPTED,))
            self._forced.daemon = True
            self._forced.start()
        with contextlib.suppress(RuntimeError):  # closed
            self.loop.call_soon_threadsafe(self._cancel)

    def is_over(self) -> None:
        """Nothing is left that could take too long."""
        if self._forced is not None:
            self._forced.cancel()

    def _cancel(self) -> None:
        import asyncio

        for task in asyncio.all_tasks(self.loop) if self.times > 1 else {self._task} - {None}:
            if task is not None:
                task.cancel()


def _refuse_manifests(keys: object) -> None:
    """Raise ``ProjectError`` for a manifest's path where keys are wanted."""
    for word in keys if isinstance(keys, tuple) else ():
        if isinstance(word, str) and word.lower().endswith((".yaml", ".yml", ".md")):
            raise ProjectError(f"{word!r} is a file, and this takes keys", f"did you mean {Path(word).stem!r}?")


def _hidden(option: click.Option) -> click.Option:
    hidden = copy.copy(option)
    hidden.hidden = True
    return hidden


def _refuse_unused(context: click.Context) -> None:
    """Raise ``UsageError`` for an option on the command line that promises what the command cannot keep."""
    command = context.command
    for parameter in command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name in _REFUSED & _UNUSED.get(command.name or "", frozenset()):
            raise click.UsageError(f"{parameter.opts[-1]} does not apply to {command.name!r}.", context)


def keys_argument(metavar: str = "[KEY]...", *, required: bool = False) -> Callable[[Function], Function]:
    """Any number of keys."""
    complete = complete_keys_or_files if "FILE" in metavar else complete_keys
    return click.argument("keys", nargs=-1, required=required, metavar=metavar, shell_complete=complete)


def format_option(*formats: str) -> Callable[[Function], Function]:
    """``--format``, the first being the default."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        metavar="|".join(formats),
        help="The output format.",
    )


class BareOrValueOption(click.Option):
    """An option with an optional value, given behind ``=``: the next word is never taken for it."""


class _Command(click.Command):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give options that stand bare their value."""
        bare = {
            name: str(option.flag_value)
            for option in self.params
            if isinstance(option, BareOrValueOption)
            for name in option.opts
        }
        end = args.index("--") if "--" in args else len(args)
        given = [f"{word}={bare[word]}" if word in bare else word for word in args[:end]]
        return super().parse_args(ctx, [*given, *args[end:]])
