"""Checks that could not be asked, because a setting is missing that they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.manifest import Project
from assistctl.model.assistant import Desired

if TYPE_CHECKING:
    from assistctl.model.checks import Check


def unready_checks(project: Project, desired: Iterable[Desired]) -> Iterator[Diagnostic]:
    """A warning for each check that lacks a setting of the project, as far as its model is known."""
    checked = [assistant for assistant in desired if assistant.checks]
    if not checked or project.file is None:
        return
    from assistctl.conversing.needed_settings import RUBRIC, lack

    settings = project.checks
    judge = settings.judge.model if settings.judge else None
    for assistant in checked:
        declared = assistant.fields.get("model")
        model = declared if isinstance(declared, str) and "${" not in declared else None
        for check in assistant.checks:
            found = lack(check, model, judge=judge, prices=settings.prices, max_cost=settings.max_cost)
            if found is None or (model is None and found.assertion != RUBRIC):
                continue
            path = _place(assistant, check, found.assertion)
            yield Diagnostic(
                Severity.WARNING,
                found.summary,
                f"{found.way[0].upper()}{found.way[1:]}.",
                key=assistant.key,
                path=path,
                position=assistant.position_of(path),
            )


def _place(assistant: Desired, check: Check, assertion: str) -> str:
    """The path of the first assertion of that type in ``check``; that of the check without a type."""
    place = f"checks[{check.index}]"
    for number, turn in enumerate(check.turns):
        asked = f"{place}.turns[{number}]"
        asked = asked if asked in assistant.positions else place
        for candidate in turn.assertions:
            if candidate.type == assertion:
                path = f"{asked}.expect.{candidate.name}"
                return path if path in assistant.positions else f"{asked}.assert"
    return place
