"""``assistctl apply``: plan again, and make it so."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import click

from assistctl.cli.apply_report import apply_and_report
from assistctl.cli.changing_options import (
    ApplyOptions,
    adopt_option,
    allow_deletes_option,
    apply_options_decorator,
    check_option,
)
from assistctl.cli.options import KEY, keys_argument, run_until_interrupted, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ProjectError
from assistctl.model.assistant import Desired
from assistctl.model.check_gate import GateMode
from assistctl.model.plan import PlanScope
from assistctl.operations.apply_request import apply_request
from assistctl.operations.meant_key import keys_of_name, meant_key
from assistctl.operations.saved_plan import SavedPlan, load_plan

HELP = """Create, update and delete what the plan says.

Plans again, asks for confirmation on a terminal, makes the changes, and checks each one against what the platform
returns. Given a saved plan (FILE), it does exactly what that plan says, or nothing if anything has changed since.
A plan that deletes more than the safety rules allow, or that was saved with --destroy, needs --allow-deletes.

--check runs the checks of each changed assistant before and after the change. If one passed before and does not
pass now, its assistant is put back as it was, with its files (exit 4); --check=warn only reports it. Earlier
results are taken from the journal if it has them for that very state. If nothing can answer the checks, nothing is
changed (exit 1). A newly created assistant stays even if its checks do not pass (exit 4)."""
EXAMPLE = """\
Examples:
  assistctl apply
  assistctl apply order-desk translator --target staging
  assistctl apply --yes                    in a pipeline, where nobody can answer
  assistctl apply --yes --check            put back what answers worse than before
  assistctl apply change.plan --yes        a plan saved with plan --out"""


@subcommand("apply", HELP, EXAMPLE)
@keys_argument("[KEY... | FILE]")
@apply_options_decorator(waits=True)
@adopt_option()
@allow_deletes_option()
@check_option()
def command(
    terminal: Terminal,
    *,
    keys: tuple[str, ...],
    adopt: bool | None,
    allow_deletes: bool,
    check: str | None,
    apply_options: ApplyOptions,
) -> int:
    """Carry out the plan for these keys, or the saved one."""
    saved = _saved_plan(terminal, keys)
    deployment = terminal.deployment(saved.shown.target.name if saved else None)
    request = apply_request(
        deployment,
        saved or PlanScope(keys),
        apply_options.limits,
        adopt=adopt,
        allow_deletes=allow_deletes,
        check=GateMode(check) if check else None,
    )
    return run_until_interrupted(apply_and_report(terminal, deployment, request, apply_options))


def _saved_plan(terminal: Terminal, arguments: tuple[str, ...]) -> SavedPlan | None:
    """The saved plan that is named: an argument that cannot be a key is one."""
    files = [argument for argument in arguments if not KEY.fullmatch(argument)]
    if not files:
        return None
    _refuse_name(terminal, files[0])
    if len(arguments) > 1:
        raise click.UsageError(f"{files[0]!r} is not a key, and a saved plan is applied by itself.")
    return load_plan(Path(files[0]))


def _refuse_name(terminal: Terminal, word: str) -> None:
    """Raise ``ProjectError``, with the key, for the name of an assistant where no file is called so."""
    if os.path.lexists(word):
        return
    declared: Sequence[Desired] = ()
    with contextlib.suppress(AssistctlError):
        declared = terminal.other_deployment(terminal.invocation.target).keys_only().desired
    if keys_of_name(word, declared):
        raise ProjectError(f"{word!r} is a name, and this takes keys", meant_key(word, declared))
