"""The options of the commands that change something, or plan to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import click

from assistctl.applying.limits import ApplyLimits
from assistctl.cli.options import BareOrValueOption, Function, format_option, seconds

# What only deletes and lets go has nothing indexed.
_NOTHING_TO_WAIT_FOR = 0.0


def adopt_option() -> Callable[[Function], Function]:
    """``--adopt/--no-adopt``, undecided by default."""
    return click.option(
        "--adopt/--no-adopt",
        default=None,
        help="Take over unowned assistants that have a declared name, or leave them and create new ones.",
    )


def allow_deletes_option() -> Callable[[Function], Function]:
    """``--allow-deletes``."""
    return click.option(
        "--allow-deletes",
        is_flag=True,
        help="Allow deleting everything, more than safety.max_delete_percent, or what a saved plan destroys.",
    )


def check_option() -> Callable[[Function], Function]:
    """``--check``, which puts back, and ``--check=warn``."""
    return click.option(
        "--check",
        cls=BareOrValueOption,
        type=click.Choice(["put-back", "warn"]),
        is_flag=False,
        flag_value="put-back",
        metavar="[=warn]",
        help="Run the checks of what changes before and after, and put back what got worse; warn: only report it.",
    )


def yes_option() -> Callable[[Function], Function]:
    """``--yes``."""
    return click.option("--yes", is_flag=True, help="Do not ask for confirmation. Needed without a terminal.")


def lock_timeout_option() -> Callable[[Function], Function]:
    """``--lock-timeout``, in seconds."""
    return click.option(
        "--lock-timeout",
        default="60s",
        show_default=True,
        metavar="TIME",
        callback=seconds,
        help="How long to wait for another apply to end (with a shared journal).",
    )


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """The options of a command that makes changes: no confirmation, the output format, and the limits."""

    yes: bool
    output_format: str
    limits: ApplyLimits


def apply_options_decorator(*, waits: bool) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """``--yes``, ``--parallelism``, ``--lock-timeout`` and ``--format``; with ``waits`` also ``--wait``.

    The command gets them as its argument ``apply_options``.
    """

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(function)
        def gathered(
            terminal: object,
            *,
            yes: bool,
            parallelism: int,
            lock_timeout: float,
            output_format: str,
            wait: float = _NOTHING_TO_WAIT_FOR,
            **own: object,
        ) -> int:
            apply_options = ApplyOptions(yes, output_format, ApplyLimits(parallelism, wait, lock_timeout))
            return function(terminal, apply_options=apply_options, **own)

        shared = [yes_option(), _parallelism_option(), lock_timeout_option(), *([_wait_option()] if waits else [])]
        for option in reversed([*shared, format_option("text", "json", "markdown", "html")]):
            option(gathered)
        return gathered

    return decorate


def _parallelism_option() -> Callable[[Function], Function]:
    """``--parallelism``."""
    return click.option(
        "--parallelism",
        type=click.IntRange(1, 64),
        default=8,
        show_default=True,
        metavar="N",
        help="How many changes to make at a time.",
    )


def _wait_option() -> Callable[[Function], Function]:
    """``--wait``, in seconds."""
    return click.option(
        "--wait",
        default="10m",
        show_default=True,
        metavar="TIME",
        callback=seconds,
        help="How long to wait for files to be indexed: 90, 90s, 10m, 1h.",
    )
