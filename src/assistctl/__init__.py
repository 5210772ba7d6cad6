"""Assistants as code: plan and apply a project's manifests from a program.

``open_project`` opens what the command ``assistctl`` works on, and does the same with it:

>>> from pathlib import Path
>>> import assistctl
>>> folder = Path("acme")
>>> (folder / "assistants").mkdir(parents=True)
>>> _ = (folder / "assistctl.yaml").write_text("project: acme\\n")
>>> _ = (folder / "assistants" / "greeter.yaml").write_text("model: gpt-4.1-mini\\n")

>>> project = assistctl.open_project(folder, target="local")
>>> plan = project.plan()
>>> for change in plan.changes:
...     print(change.action, change.key, "because", change.reason)
create greeter because not on the platform

>>> outcome = project.apply(plan, confirm=lambda plan: plan.summary.delete == 0)
>>> print(outcome.status, *(f"{result.key}: {result.status}" for result in outcome.results))
done greeter: ok
>>> [assistant.key for assistant in project.assistants()]
['greeter']

Nothing is left to do, and nobody changed anything outside:

>>> project.plan().changes, project.drift().drift
((), ())

What was applied can be looked up and put back, and what nothing refers to deleted:

>>> latest = project.history()[0]
>>> print(latest.command, latest.state)
apply done
>>> project.rollback(latest.id, allow_deletes=True).plan.summary.delete
1
>>> project.collect_garbage(confirm=lambda found: False).found
()

What is wrong is an ``AssistctlError``, with what happened and what to do next, and with its ``position`` where it
is about a place in ``assistctl.yaml``:

>>> try:
...     project.plan(["greter"])
... except assistctl.AssistctlError as error:
...     print(error.summary, "-", error.hint)
there is no assistant with the key 'greter' - did you mean 'greeter'?

Plans and outcomes have ``to_document()``, which is the JSON that the command prints; ``Plan.from_document``
reads a plan back, to be shown. The methods whose names begin with ``a`` (``aplan``, ``aapply``) are for programs
with an event loop. Only the names in ``__all__`` are kept as they are between minor versions.
"""

# As in typing, whose import would be longer than that of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from assistctl.applying.cancellation import CancellationToken
    from assistctl.applying.limits import ApplyLimits
    from assistctl.applying.progress import ProgressListener
    from assistctl.diagnostics import Diagnostic, Severity
    from assistctl.errors import (
        AssistctlError,
        ExitCode,
        JournalError,
        LockedError,
        ManifestError,
        PlatformError,
        ProjectError,
        RefusedError,
    )
    from assistctl.model.change import Action, Change, Drift, FieldDiff, Missing, Result, Status, Summary
    from assistctl.model.kind import Kind
    from assistctl.model.plan import Plan, TargetName
    from assistctl.operations.collect_garbage import GarbageCollection
    from assistctl.operations.journal import PastApply
    from assistctl.operations.list_deployed import DeployedAssistant
    from assistctl.operations.migrate import MigrationOutcome
    from assistctl.operations.open_project import OpenProject, open_project
    from assistctl.operations.outcome import ApplyOutcome, OperationStatus
    from assistctl.planning.garbage import Garbage
    from assistctl.version import __version__

__all__ = [
    "Action",
    "ApplyLimits",
    "ApplyOutcome",
    "AssistctlError",
    "CancellationToken",
    "Change",
    "DeployedAssistant",
    "Diagnostic",
    "Drift",
    "ExitCode",
    "FieldDiff",
    "Garbage",
    "GarbageCollection",
    "JournalError",
    "Kind",
    "LockedError",
    "ManifestError",
    "MigrationOutcome",
    "Missing",
    "OpenProject",
    "OperationStatus",
    "PastApply",
    "Plan",
    "PlatformError",
    "ProgressListener",
    "ProjectError",
    "RefusedError",
    "Result",
    "Severity",
    "Status",
    "Summary",
    "TargetName",
    "__version__",
    "open_project",
]

_NAMES_BY_MODULE = {
    "applying.cancellation": "CancellationToken",
    "applying.limits": "ApplyLimits",
    "applying.progress": "ProgressListener",
    "diagnostics": "Diagnostic Severity",
    "errors": (
        "AssistctlError ExitCode JournalError LockedError ManifestError PlatformError ProjectError RefusedError"
    ),
    "model.change": "Action Change Drift FieldDiff Missing Result Status Summary",
    "model.kind": "Kind",
    "model.plan": "Plan TargetName",
    "operations.collect_garbage": "GarbageCollection",
    "operations.journal": "PastApply",
    "operations.list_deployed": "DeployedAssistant",
    "operations.migrate": "MigrationOutcome",
    "operations.open_project": "OpenProject open_project",
    "operations.outcome": "ApplyOutcome OperationStatus",
    "planning.garbage": "Garbage",
    "version": "__version__",
}
_MODULES = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562): the command needs none of them to start."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
