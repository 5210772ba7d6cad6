"""Messages that say the same of many things."""

from __future__ import annotations

import pytest

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.rendering.phrases import group_similar


def warnings(count: int, severity: Severity = Severity.WARNING) -> list[Diagnostic]:
    return [
        Diagnostic(severity, "it retires", "Move on.", key=f"a{n}", position=Position(f"a{n}.yaml", 1, 8))
        for n in range(count)
    ]


def test_many_are_told_once_with_their_number() -> None:
    other = Diagnostic(Severity.WARNING, "another thing")
    [told, last] = group_similar([*warnings(500), other])
    assert (told.position, told.summary, last) == (Position("a0.yaml", 1, 8), "it retires", other)
    assert told.detail == "Move on.\nThe same of a1.yaml:1:8, a2.yaml:1:8 and 497 more."


def test_without_places_they_have_keys() -> None:
    [told] = group_similar([Diagnostic(Severity.INFO, "x", key=key) for key in ("a", "b", "c", "d")])
    assert told.detail == "The same of b, c and 1 more."


@pytest.mark.parametrize(("count", "severity"), [(3, Severity.WARNING), (0, Severity.INFO), (9, Severity.ERROR)])
def test_a_few_and_errors_stay_as_they_are(count: int, severity: Severity) -> None:
    assert group_similar(warnings(count, severity)) == warnings(count, severity)
