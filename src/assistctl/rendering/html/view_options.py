"""Filters and ways to look at changes that need no script: the style sheet reads the boxes (``:has()``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from assistctl.model.change import Action, Change
from assistctl.model.kind import Kind
from assistctl.rendering.html.page import joined

_FEWEST = 2
"""From so many changes on there is something to choose between."""


def view_options(changes: Sequence[Change]) -> str:
    """The boxes for these changes; none for a single one, but for how its differences stand."""
    if not changes:
        return ""
    actions = Counter(str(change.action) for change in changes)
    kinds = Counter(str(change.kind) for change in changes)
    parts = []
    if len(changes) >= _FEWEST:
        parts = [
            _boxes("Show", actions, [str(action) for action in Action]),
            _boxes("Kinds", kinds, [str(kind) for kind in Kind]) if len(kinds) > 1 else "",
        ]
    layout = _choice("layout-inline", "inline", checked=True) + _choice("layout-split", "side by side")
    everything = '<input type="checkbox" id="expand-all"><label for="expand-all">everything unfolded</label>'
    parts.append(f"<fieldset><legend>Differences</legend>{layout}{everything}</fieldset>")
    return f'<div class="options" role="group" aria-label="View options">{joined(parts)}</div>'


def _boxes(legend: str, counts: Mapping[str, int], order: Sequence[str]) -> str:
    boxes = "".join(
        f'<input type="checkbox" id="show-{name}" checked><label for="show-{name}">'
        f"{name.replace('_', ' ')} {counts[name]:,}</label>"
        for name in order
        if counts.get(name)
    )
    return f"<fieldset><legend>{legend}</legend>{boxes}</fieldset>"


def _choice(name: str, words: str, *, checked: bool = False) -> str:
    chosen = " checked" if checked else ""
    return f'<input type="radio" name="layout" id="{name}"{chosen}><label for="{name}">{words}</label>'
