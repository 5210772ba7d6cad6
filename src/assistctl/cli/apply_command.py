"""The command that carries out a plan, as somebody would type it."""

from __future__ import annotations

import shlex
from pathlib import Path

from assistctl.cli.invocation import Invocation
from assistctl.cli.options import KEY
from assistctl.model.plan import Plan, PlanScope


def command_for_saved(file: Path, scope: PlanScope, invocation: Invocation | None = None) -> str:
    """The command that applies the plan saved to ``file``."""
    # A name that could be a key would be taken for one.
    shown = f"./{file}" if KEY.fullmatch(str(file)) else str(file)
    allowed = ["--allow-deletes"] if scope.destroy or scope.allow_deletes else []
    return shlex.join(["assistctl", "apply", *_global(invocation), *allowed, shown])


def command_for_plan(plan: Plan, scope: PlanScope, invocation: Invocation) -> str:
    """The command that plans the same again and applies it."""
    words = ["assistctl", "destroy" if scope.destroy else "apply", *_global(invocation)]
    words += ["--target", plan.target.name]
    if scope.adopt is not None and not scope.destroy:
        words.append("--adopt" if scope.adopt else "--no-adopt")
    if scope.allow_deletes and not scope.destroy:
        words.append("--allow-deletes")
    return shlex.join([*words, *scope.keys])


def _global(invocation: Invocation | None) -> list[str]:
    if invocation is None:
        return []
    folder = [] if invocation.directory == Path() else ["-C", str(invocation.directory)]
    variables = [word for name, value in invocation.variables.items() for word in ("--var", f"{name}={value}")]
    pinned = ["--config-from", invocation.config_from] if invocation.config_from else []
    return [*folder, *variables, *pinned]
