"""Messages that say the same of many things, told once: a model that retires is one thing to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistctl.diagnostics import Diagnostic, Severity

_FEW = 3


def group_similar(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The messages, each that stands for more than a few with the places of some of the others in its detail.

    Errors stay as they are: each has to be mended at its own place.
    """
    alike: dict[object, list[Diagnostic]] = {}
    for number, diagnostic in enumerate(diagnostics):
        same = (diagnostic.severity, diagnostic.summary, diagnostic.detail, diagnostic.path)
        alike.setdefault(number if diagnostic.severity is Severity.ERROR else same, []).append(diagnostic)
    return [told for group in alike.values() for told in (_merged(group) if len(group) > _FEW else group)]


def _merged(group: Sequence[Diagnostic]) -> list[Diagnostic]:
    first, *others = group
    named = ", ".join(_where(diagnostic) for diagnostic in others[: _FEW - 1])
    rest = len(others) - (_FEW - 1)
    same = f"The same of {named} and {rest:,} more."
    return [replace(first, detail="\n".join(filter(None, (first.detail, same))))]


def _where(diagnostic: Diagnostic) -> str:
    return str(diagnostic.position) if diagnostic.position else diagnostic.key or "another"
