"""Filters and ways to look at changes that need no script: the style sheet reads the boxes (``:has()``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from assistctl.model.change import Action, Change
from assistctl.model.counting import counted
from assistctl.model.kind import Kind
from assistctl.rendering.html.page import joined

_FEWEST = 2
"""From so many changes on there is something to choose between."""


def view_options(changes: Sequence[Change]) -> str:
    """The boxes for these changes; none for a single one, but for how its differences stand."""
    if not changes:
        return ""
    parts = []
    if len(changes) >= _FEWEST:
        kinds = Counter(change.kind for change in changes)
        of_kinds = [(str(kind), f"{kind.noun} {kinds[kind]:,}") for kind in Kind if kinds[kind]]
        parts = [_boxes("Show", _actions(changes)), _boxes("Kinds", of_kinds) if len(kinds) > 1 else ""]
    layout = _choice("layout-inline", "inline", checked=True) + _choice("layout-split", "side by side")
    everything = _box("expand-all", "everything unfolded")
    parts.append(f"<fieldset><legend>Differences</legend>{layout}{everything}</fieldset>")
    return f'<div class="options" role="group" aria-label="View options">{joined(parts)}</div>'


def _actions(changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    """Each action and how much it takes in: files apart, as a plan's summary counts them."""
    files = Counter(change.action for change in changes if change.kind is Kind.FILE)
    others = Counter(change.action for change in changes if change.kind is not Kind.FILE)
    for action in Action:
        told = [f"{others[action]:,}"] if others[action] else []
        told += [counted(files[action], "file")] if files[action] else []
        if told:
            yield str(action), f"{action} {' + '.join(told)}"


def _boxes(legend: str, choices: Iterable[tuple[str, str]]) -> str:
    boxes = "".join(_box(f"show-{name}", words, checked=True) for name, words in choices)
    return f"<fieldset><legend>{legend}</legend>{boxes}</fieldset>"


def _box(name: str, words: str, *, checked: bool = False) -> str:
    return _labelled('type="checkbox"', name, words, checked=checked)


def _choice(name: str, words: str, *, checked: bool = False) -> str:
    return _labelled('type="radio" name="layout"', name, words, checked=checked)


def _labelled(attributes: str, name: str, words: str, *, checked: bool) -> str:
    """What is ticked and its label, which no line break parts."""
    ticked = f'<input {attributes} id="{name}"{" checked" if checked else ""}>'
    return f'<span class="choice">{ticked}<label for="{name}">{words}</label></span>'
