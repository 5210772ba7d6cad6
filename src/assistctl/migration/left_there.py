"""What is kept beside assistants where they come from, and is told of: a migration moves assistants alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.export.undeclared import Scope, undeclared
from assistctl.model.assistant import Observed
from assistctl.model.counting import counted
from assistctl.model.kind import Kind
from assistctl.model.plan import TargetName
from assistctl.model.resource import DesiredResource

_MOST_NAMES = 5


def left_there(
    beside: Mapping[Kind, Sequence[Observed]],
    declared: Sequence[DesiredResource],
    scope: Scope,
    source: TargetName,
    target: TargetName,
) -> Iterator[Diagnostic]:
    """A warning for each kind of which there is something that no document declares, and that nobody else owns."""
    for kind, things in beside.items():
        left = undeclared(things, [one for one in declared if one.kind is kind], scope)
        if left:
            names = sorted(scope.key_of(one.metadata) or one.name or one.id for one in left)
            more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
            shown = f"{', '.join(names[:_MOST_NAMES])}{more}"
            yield Diagnostic(
                Severity.WARNING,
                f"{counted(len(left), kind.noun)} on {source.name} without a document, and not moved: {shown}",
                f"`assistctl dump --target {source.name}` writes documents; `assistctl validate -t {target.name}` "
                f"says what {target.platform} has of them.",
            )
