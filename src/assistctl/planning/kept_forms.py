"""What a platform keeps in another form than it was sent: told, with both forms, and not changed."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.model.change import FieldDiff
from assistctl.ownership.sensitive import Declared

_AROUND = 20


def told_of_form(desired: Declared, platform: str, kept: tuple[FieldDiff, ...]) -> Iterator[Diagnostic]:
    """A word about each value that ``platform`` keeps in another form; ``kept`` have their places."""
    for diff in kept:
        shown = "" if diff.secret else " Declared: {}; kept: {}.".format(*_both(diff.new, diff.old))
        yield Diagnostic(
            Severity.INFO,
            f"{platform} keeps {diff.path} in another form",
            f"It says the same, so there is nothing to change.{shown}",
            key=desired.key,
            path=diff.path,
            position=diff.position or desired.position,
        )


def _both(declared: Json, kept: Json) -> tuple[str, str]:
    """Both values, of long texts the stretch where they begin to differ."""
    if not isinstance(declared, str) or not isinstance(kept, str):
        return repr(declared), repr(kept)
    shorter = min(len(declared), len(kept))
    first = next((place for place in range(shorter) if declared[place] != kept[place]), shorter)
    return _stretch(declared, first), _stretch(kept, first)


def _stretch(text: str, place: int) -> str:
    start, end = max(0, place - _AROUND), place + _AROUND
    return f"{'…' if start else ''}{text[start:end]!a}{'…' if end < len(text) else ''}"
