"""Tells of a command's failure, in the format that results were asked for in as well."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from assistctl.cli.terminal import Terminal
from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import AssistctlError, ExitCode, ManifestError

# The commands that only look, and those that say when they begin to change something.
_CHANGES_NOTHING = frozenset(
    {
        "ask",
        "check",
        "completion",
        "drift",
        "help",
        "history",
        "list",
        "models",
        "output",
        "plan",
        "schema",
        "show",
        "validate",
    }
)
_TELLS_OF_CHANGES = frozenset({"apply", "destroy", "forget", "gc", "rollback"})
# ``output`` and ``check`` have formats of the same names that hold something else.
_EDITED = frozenset({"validate", "plan"})


def report_failure(
    terminal: Terminal, error: BaseException, function: Callable[..., int], own: Mapping[str, object]
) -> int:
    """Tell of the ``error`` that ended a command's ``function``, given its ``own`` options; the exit code."""
    diagnostics, code = _told(terminal, error, function)
    output_format = own.get("output_format", getattr(own.get("apply_options"), "output_format", "text"))
    _tell(terminal, diagnostics, str(output_format), command=function.__module__.rpartition(".")[2])
    return code


def _told(
    terminal: Terminal, error: BaseException, function: Callable[..., int]
) -> tuple[Sequence[Diagnostic], ExitCode]:
    """The messages about an error, and the exit code for it."""
    match error:
        case ManifestError():
            return error.diagnostics, error.exit_code
        case AssistctlError():
            told = Diagnostic(Severity.ERROR, error.summary, error.hint, position=error.position)
            return (told,), error.exit_code
        case KeyboardInterrupt():
            left = _left_by_interruption(terminal, function)
            return (Diagnostic(Severity.ERROR, "interrupted", left),), ExitCode.INTERRUPTED
        case OSError():
            return (_refused_by_the_system(terminal, error),), ExitCode.ERROR
        case _:
            return (_defect(terminal, error),), ExitCode.ERROR


def _tell(terminal: Terminal, diagnostics: Sequence[Diagnostic], output_format: str, *, command: str) -> None:
    """Say what went wrong, to people and, where another format was asked for, to what reads that as well."""
    from assistctl.rendering.text.plan_text import print_diagnostics

    print_diagnostics(terminal.messages(), diagnostics)
    if output_format != "text":
        _print_failure(terminal, diagnostics, output_format, command=command)


def _print_failure(
    terminal: Terminal, diagnostics: Sequence[Diagnostic], output_format: str, *, command: str
) -> None:
    """Print why there are no results. Text, and what has no words for it, stays on stderr."""
    if output_format == "json":
        from assistctl.rendering.json import diagnostics_document, dumps

        terminal.write(dumps(diagnostics_document(diagnostics, **terminal.head)))
    elif output_format in {"github", "sarif", "junit", "gitlab"} and command in _EDITED:
        from assistctl.cli.editor_formats import print_messages

        print_messages(terminal, diagnostics, output_format, directory=terminal.invocation.directory)
    elif output_format == "markdown":
        from assistctl.rendering.markdown.messages_markdown import messages_markdown

        terminal.write(messages_markdown(diagnostics))
    elif output_format == "html":
        from assistctl.rendering.html.results_page import messages_html

        terminal.write(messages_html(diagnostics))


def _left_by_interruption(terminal: Terminal, function: Callable[..., int]) -> str:
    """The progress of an interrupted command, as a sentence."""
    name = function.__module__.rpartition(".")[2]
    if name == "ask":
        return "A run that was under way is cancelled."
    if name in _CHANGES_NOTHING or (name in _TELLS_OF_CHANGES and not terminal.changes):
        return "Nothing was changed."
    return "What was done until then stays done; `assistctl plan` shows what is left to do."


def _refused_by_the_system(terminal: Terminal, error: OSError) -> Diagnostic:
    """An error of the system that no command handles: no access, a folder that is gone, a full disk."""
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    if error.filename is None and not _is_somewhere():
        return Diagnostic(Severity.ERROR, "the folder this runs in is gone", "Change to one that is there.")
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    summary = f"{place}: {reason}" if place else f"the system refused: {reason}"
    return Diagnostic(Severity.ERROR, summary, _where(terminal, error, "With -v it says where that was."))


def _is_somewhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109  # nothing is done with it
    except OSError:
        return False
    return True


def _defect(terminal: Terminal, error: BaseException) -> Diagnostic:
    summary = f"something went wrong inside assistctl: {type(error).__name__}: {error}"
    advice = "This is a defect. With -v it says where; please report that."
    return Diagnostic(Severity.ERROR, summary, _where(terminal, error, advice))


def _where(terminal: Terminal, error: BaseException, advice: str) -> str:
    """``advice``, or where an error came from if that was asked for."""
    if not terminal.invocation.verbose:
        return advice
    import traceback

    return "".join(traceback.format_exception(error))
