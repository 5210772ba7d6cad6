"""``assistctl init``: a new project."""

from __future__ import annotations

import re

import click

from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.errors import AssistctlError, ExitCode

HELP = """Set up a project and its CI pipeline.

Writes assistctl.yaml, a first assistant with its prompt, the JSON Schemas for editors, and a GitHub or GitLab
pipeline that plans on pull requests and applies on the main branch. Creates the folder given with -C if needed.
Overwrites nothing."""
EXAMPLE = """\
Examples:
  assistctl init
  assistctl init --project support-desk
  assistctl init --ci gitlab
  assistctl init -C path/to/repo"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


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
@format_option("text", "json")
def command(terminal: Terminal, *, project: str | None, ci: str, output_format: str) -> int:
    """Write what is missing, and say what was."""
    from assistctl.scaffold import project_name, scaffold

    directory = terminal.invocation.directory
    if directory.exists() and not directory.is_dir():
        raise AssistctlError(f"{directory} is a file, not a folder")
    name = project or project_name(directory)
    if not _NAME.fullmatch(name):
        raise click.UsageError(f"{name!r} is no project name: letters, digits, '.', '_' and '-', at most 64.")
    done = scaffold(directory, name, ci)
    if output_format == "json":
        from assistctl.rendering.json import FORMAT_VERSION, dumps

        created, kept = list(done.created), list(done.kept)
        terminal.write(dumps({"format_version": FORMAT_VERSION, "created": [*created], "kept": [*kept]}))
        return ExitCode.OK
    terminal.write("".join(f"created  {path}\n" for path in done.created))
    terminal.write("".join(f"kept     {path}\n" for path in done.kept))
    terminal.say("Next: assistctl plan, then assistctl apply.")
    return ExitCode.OK
