"""How changes are made: the options that every command has which plans some and carries them out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from assistctl.applying.limits import ApplyLimits
from assistctl.cli.changing_options import lock_timeout_option, parallelism_option, wait_option, yes_option
from assistctl.cli.options import format_option

# What only deletes and lets go has nothing indexed.
_NOTHING_TO_WAIT_FOR = 0.0

Function = TypeVar("Function", bound=Callable[..., int])


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """The options of a command that makes changes: no confirmation, the output format, and the limits."""

    yes: bool
    output_format: str
    limits: ApplyLimits


def apply_options_decorator(*, waits: bool) -> Callable[[Function], Callable[..., int]]:
    """``--yes``, ``--parallelism``, ``--lock-timeout`` and ``--format``; with ``waits`` also ``--wait``.

    The command gets them as its argument ``apply_options``.
    """

    def decorate(function: Function) -> Callable[..., int]:
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

        shared = [yes_option(), parallelism_option(), lock_timeout_option(), *([wait_option()] if waits else [])]
        for option in reversed([*shared, format_option("text", "json", "markdown", "html")]):
            option(gathered)
        return gathered

    return decorate
