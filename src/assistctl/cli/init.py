"""``assistctl init``: a new project and its pipeline."""

from __future__ import annotations

import os
import re

import click

from assistctl.cli.completing import complete_targets
from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode

HELP = """Scaffold a project and its CI pipeline.

Writes assistctl.yaml, a first assistant with its prompt where there is none yet, the JSON Schemas for editors
and, at the root of the repository, a pipeline for GitHub or GitLab: plans on pull requests, applies on the default
branch, drift every night. -t names the target to deploy to, and -C a folder, which is created if need be. Nothing
that exists is overwritten."""
EXAMPLE = """\
Examples:
  assistctl init
  assistctl init --project support-desk -C services/support
  assistctl init --ci gitlab -t prod
  assistctl init -t prod --staging staging --checks --journal s3://acme-deployments/assistants"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _target_name(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    if name is not None and not _TARGET.fullmatch(name):
        raise click.BadParameter(f"{name!r} is not a target's name: use letters, digits, '.', '_' and '-'.")
    return name


@subcommand("init", HELP, EXAMPLE)
@click.option("--project", metavar="NAME", help="The project's name.  [default: the folder's]")
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab"]),
    default="github",
    show_default=True,
    metavar="github|gitlab",
    help="Which CI system to write the pipeline for.",
)
@click.option(
    "--staging",
    metavar="NAME",
    callback=_target_name,
    shell_complete=complete_targets,
    help="A target to deploy to first.",
)
@click.option("--checks", is_flag=True, help="Run the manifests' checks on staging, or else after the apply.")
@click.option(
    "--branch", metavar="NAME", help="The branch that is deployed, on GitHub.  [default: the repository's]"
)
@click.option(
    "--requirement",
    metavar="SPEC",
    help="The requirement that the pipeline installs with pip.  [default: this very version]",
)
@click.option("--journal", metavar="ADDRESS", help="The journal that everybody shares: s3://, az://, gs://.")
@format_option("text", "json")
def command(
    terminal: Terminal,
    *,
    project: str | None,
    ci: str,
    staging: str | None,
    checks: bool,
    branch: str | None,
    requirement: str | None,
    journal: str | None,
    output_format: str,
) -> int:
    """Write what is missing, and say what was and what is left to do."""
    from assistctl.scaffold import Wishes, project_name, scaffold

    directory = terminal.invocation.directory
    if directory.exists() and not directory.is_dir():
        raise AssistctlError(f"{directory} is a file, not a folder")
    name = project or project_name(directory)
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"{name!r} is not a project name: use letters, digits, '.', '_' and '-', at most 64."
        )
    target = terminal.invocation.target
    if target is not None and not _TARGET.fullmatch(target):
        raise click.UsageError(f"{target!r} is not a target's name: use letters, digits, '.', '_' and '-'.")
    wishes = Wishes(name, ci, target, staging, checks, branch, requirement, journal, named=project is not None)
    done = scaffold(directory, wishes, os.environ)
    if output_format == "json":
        terminal.write_json({"created": [*done.created], "kept": [*done.kept], "notes": [*done.notes]})
        return ExitCode.OK
    terminal.write("".join(f"created  {path}\n" for path in done.created))
    terminal.write("".join(f"kept     {path}\n" for path in done.kept))
    terminal.write("".join(f"\n{note}\n" for note in done.notes))
    terminal.say("\nNext: assistctl plan, then assistctl apply.")
    return ExitCode.OK
