"""``assistctl validate``: check manifests offline."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistctl.checkout.untrusted_files import place_of
from assistctl.cli.editor_formats import EDITOR_FORMATS, print_messages
from assistctl.cli.options import format_option, subcommand
from assistctl.cli.terminal import Terminal
from assistctl.diagnostics import Diagnostic, Severity, by_place
from assistctl.errors import ExitCode, JournalError, ProjectError
from assistctl.manifest import Loaded, Project, Target, load_manifests, load_project
from assistctl.manifest.project.discovery import project_of
from assistctl.manifest.project.project import TARGET_VARIABLE
from assistctl.manifest.syntax.references import mentions
from assistctl.model import model_catalog
from assistctl.model.assistant import Desired
from assistctl.model.counting import counted
from assistctl.operations.target_connection import (
    is_at_vendor,
    unencrypted,
    unknown_options,
    unknown_platform_names,
)
from assistctl.operations.unready_checks import unready_checks
from assistctl.planning.lint import about_model, about_shutdown
from assistctl.platforms.registry import capabilities_of, known_platforms

if TYPE_CHECKING:
    from assistctl.model.capabilities import Capabilities

HELP = """Check manifests offline.

Checks the given files and folders, or else all of the project's manifests. Keys that they name may be declared in
any manifest of the project. Needs no network, no API key and no project. With --target, also reports what that
target's platform cannot express and which models were shut down. An unset variable is a warning here and an error
everywhere else."""
EXAMPLE = """\
Examples:
  assistctl validate
  assistctl validate assistants/order-desk.yaml
  assistctl validate --target prod --format json
  assistctl validate --format github       notes at the lines, in a GitHub Actions job
  assistctl validate --format sarif > assistants.sarif"""


@subcommand("validate", HELP, EXAMPLE)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@format_option("text", "json", *EDITOR_FORMATS)
def command(terminal: Terminal, paths: tuple[Path, ...], output_format: str) -> int:
    """Check, print, and say with the exit code whether there were errors."""
    invocation = terminal.invocation
    directory = invocation.directory
    if directory == Path():
        directory = project_of(paths) or directory
    project = load_project(directory, os.environ, config_from=invocation.config_from)
    if all(place_of(path) == project.directory for path in paths):
        paths = ()
    is_asked = invocation.target is not None or bool(project.settings.get(TARGET_VARIABLE))
    target = _target(project, invocation.target, invocation.variables)
    loaded = load_manifests(project, target, paths=paths or None, lenient_variables=True, check_files=True)
    addresses = _about_addresses(project, target if invocation.target else None)
    expressing = _about_platform(project, target, loaded, is_asked=is_asked)
    options = (
        *_about_journal(project),
        *_unknown_options(project),
        *_about_accounts(project, target if invocation.target else None),
    )
    strange = unknown_platform_names((*loaded.desired, *loaded.resources), known_platforms())
    unready = unready_checks(project, loaded.desired)
    diagnostics = by_place(
        (*project.diagnostics, *options, *addresses, *loaded.diagnostics, *strange, *expressing, *unready)
    )
    if output_format == "json":
        _print_json(terminal, diagnostics)
    elif output_format in EDITOR_FORMATS:
        print_messages(terminal, diagnostics, output_format, directory=project.directory, files=_files(loaded))
    else:
        _print_text(terminal, loaded, diagnostics)
    return ExitCode.ERROR if _errors(diagnostics) else ExitCode.OK


def _target(project: Project, name: str | None, variables: Mapping[str, str]) -> Target | None:
    """The target whose variables count. Without a project there is only ``--var``."""
    try:
        return project.target(name, variables, known_platforms())
    except ProjectError:
        if project.file is not None or name is not None:
            raise
        return None


def _about_addresses(project: Project, target: Target | None) -> list[Diagnostic]:
    """Warnings about the address of the target that was asked for, or of each declared target."""
    targets = [target] if target else project.targets.values()
    return [found for each in targets for found in unencrypted(project, each)]


def _about_journal(project: Project) -> Iterator[Diagnostic]:
    """An error in the address of the journal, where all of it is written out."""
    if project.journal is None or mentions(project.journal) is not None:
        return
    from assistctl.journal.storage.address import parse_address

    try:
        parse_address(project.journal)
    except JournalError as error:
        yield Diagnostic(
            Severity.ERROR, error.summary, error.hint, path="journal", position=project.journal_position
        )


def _about_accounts(project: Project, target: Target | None) -> Iterator[Diagnostic]:
    """Problems with the account of the target that was asked for, or of each declared target."""
    pinned = [each for each in ([target] if target else project.targets.values()) if each.account is not None]
    if not pinned:
        return
    from assistctl.operations.account import untold_account

    for each in pinned:
        with contextlib.suppress(ProjectError):
            yield from untold_account(project, each, capabilities_of(each.platform))


def _about_platform(
    project: Project, target: Target | None, loaded: Loaded, *, is_asked: bool
) -> Iterator[Diagnostic]:
    """Fields that the models refuse and, where a target was asked for, that its platform cannot express.

    A manifest may well be for other platforms than that of the default target.
    """
    if target is None:
        return
    capabilities, at_vendor = capabilities_of(target.platform), is_at_vendor(project, target)
    today = model_catalog.today()
    for assistant in loaded.desired:
        if is_asked:
            yield from _inexpressible(assistant, target.platform, capabilities)
            if not capabilities.embedded:
                yield from about_shutdown(assistant, today)
        yield from about_model(assistant, target.platform, capabilities, at_vendor=at_vendor)
    if is_asked and loaded.resources:
        from assistctl.planning.resource_check import check_resource

        for resource in loaded.resources:
            yield from check_resource(resource, target.platform, capabilities.resources.get(resource.kind))


def _inexpressible(assistant: Desired, platform: str, capabilities: Capabilities) -> Iterator[Diagnostic]:
    from assistctl.planning.capability_check import check_expressible, with_tools_named

    found = check_expressible(assistant, platform, capabilities)
    yield from with_tools_named(assistant, found, capabilities.field_defaults.tool_names)


def _unknown_options(project: Project) -> Iterator[Diagnostic]:
    """Errors in the options of all targets whose platforms are installed."""
    for target in project.targets.values():
        with contextlib.suppress(ProjectError):  # told as soon as that target is spoken to
            yield from unknown_options(target)


def _print_json(terminal: Terminal, diagnostics: Sequence[Diagnostic]) -> None:
    from assistctl.rendering.json import diagnostics_document, dumps

    terminal.write(dumps(diagnostics_document(diagnostics)))


def _print_text(terminal: Terminal, loaded: Loaded, diagnostics: Sequence[Diagnostic]) -> None:
    if diagnostics:
        from assistctl.rendering.text.plan_text import print_diagnostics

        print_diagnostics(terminal.results(), diagnostics)
    if not _errors(diagnostics):
        counts = Counter(resource.kind for resource in loaded.resources)
        found = [counted(len(loaded.desired), "assistant"), *(counted(counts[kind], kind.noun) for kind in counts)]
        terminal.write(f"{', '.join(found)}, no errors.\n")


def _files(loaded: Loaded) -> list[str]:
    """The files with documents that are right."""
    positions = [
        *(assistant.position for assistant in loaded.desired),
        *(store.position for store in loaded.stores),
        *(server.position for server in loaded.servers),
        *(resource.position for resource in loaded.resources),
    ]
    return sorted({position.file for position in positions})


def _errors(diagnostics: Sequence[Diagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
