"""A plan, or its drift alone, as one self-contained HTML page for those who approve it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from assistctl.model.change import Action, Change, Drift
from assistctl.model.counting import counted
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.model.provenance import Provenance
from assistctl.rendering import phrases as wording
from assistctl.rendering.html.cards import (
    Anchors,
    badge,
    card,
    diagnostic_card,
    folded,
    heading,
    identifier,
    missing_card,
)
from assistctl.rendering.html.fields import Differences, change_differences, drift_differences
from assistctl.rendering.html.page import (
    Count,
    Fact,
    as_text,
    command_to_copy,
    facts,
    header,
    html_page,
    isolated,
    joined,
    provenance_facts,
    section,
)
from assistctl.rendering.phrases import group_similar
from assistctl.rendering.values import label
from assistctl.secrets.redaction import Masked

_OPEN = 12
"""Up to so many changes, their differences are shown unfolded, and no list of them is needed."""
_FILES = 500
"""Up to so many files are listed one by one."""
_FEWEST = 2
"""From so many changes on there is something to choose between."""


def plan_html(plan: Plan, made: Provenance | None = None, command: str = "") -> Masked:
    """The plan as a whole page. ``made`` is where it comes from, ``command`` what carries it out."""
    return html_page(f"Plan: {wording.heading(plan)}", _sections(plan, made, command))


def drift_html(plan: Plan, made: Provenance | None = None) -> Masked:
    """The drift in a plan as a whole page; ``made`` is where it comes from."""
    return html_page(f"Drift: {wording.heading(plan)}", _drift_sections(plan, made))


def _sections(plan: Plan, made: Provenance | None, command: str) -> Iterable[str]:
    changes, hidden = wording.listed(plan.changes, _FILES)
    names = _names(changes)
    yield _header(plan)
    yield facts([*provenance_facts(made), Fact("Fingerprint", plan.fingerprint, is_code=True)])
    yield command_to_copy("To apply it, run", command if plan.changes else "")
    yield _refusals(plan)
    yield _view_options(changes)
    yield _contents(changes, names)
    yield section("Changes", _changes(changes, names, hidden))
    yield section(wording.MISSING_TITLE.rstrip(":"), [missing_card(absent) for absent in plan.missing])
    drifts = wording.unplanned_drift(plan)
    yield section(wording.DRIFT_TITLE.rstrip(":"), _drift_cards(drifts, unfold=len(drifts) <= _OPEN))
    yield section("Messages", [diagnostic_card(diagnostic) for diagnostic in group_similar(plan.diagnostics)])


def _names(changes: Sequence[Change]) -> list[str]:
    anchors = Anchors()
    return [anchors.name(str(change.kind), change.key) for change in changes]


def _header(plan: Plan) -> str:
    target, summary = plan.target, plan.summary
    counts = [
        Count("create", summary.create, "to create"),
        Count("update", summary.update, "to update"),
        Count("delete", summary.delete, "to delete"),
        Count("adopt", summary.adopt, "to adopt"),
        *([Count("forget", summary.forget, "to forget")] if summary.forget else []),
        Count("same", summary.unchanged, "unchanged"),
    ]
    about = f"Plan for {label(target.platform)}"
    return header(about, plan.project, target.name, wording.conclusion(plan), counts)


def _refusals(plan: Plan) -> str:
    cards = [
        f'<div class="card error message">{badge(refusal.rule)} '
        f"{', '.join(isolated(thing) for thing in refusal.things)}<p>{as_text(refusal.permit)}</p></div>"
        for refusal in wording.refusals(plan)
    ]
    return section(wording.REFUSAL_TITLE, cards)


def _contents(changes: Sequence[Change], names: Sequence[str]) -> str:
    """Links to all the changes, where they are too many to see at once."""
    if len(changes) <= _OPEN:
        return ""
    links = joined(
        f'<li class="{_tones(change)}"><a href="#{name}">'
        f'<span class="action-name">{change.action}</span> {isolated(wording.thing(change))}</a></li>'
        for change, name in zip(changes, names, strict=True)
    )
    return (
        f'<nav aria-label="Changes"><details class="contents"><summary>All {len(changes):,} changes by name'
        f"</summary><ol>{links}</ol></details></nav>"
    )


def _changes(changes: Sequence[Change], names: Sequence[str], hidden: int) -> list[str]:
    unfold = len(changes) <= _OPEN
    cards = [_change(change, name, unfold=unfold) for change, name in zip(changes, names, strict=True)]
    return [*cards, f'<p class="more">{as_text(wording.more_files(hidden))}</p>'] if hidden else cards


def _change(change: Change, anchor: str, *, unfold: bool) -> str:
    rest = (
        f'<span class="action">{change.action}</span> '
        f'<span class="reason">{isolated(wording.reason(change))}</span> '
        f"{badge(change.blocked) if change.blocked else ''} {identifier(change.id)}"
    )
    head = heading(wording.SIGNS[change.action], wording.thing(change), rest, anchor)
    body = ""
    if change.diffs:
        differences = change_differences(change)
        body = folded(differences.summary, differences.table, unfold=unfold)
    return card(_tones(change), head, body, anchor=anchor)


def _tones(change: Change) -> str:
    return f"{change.action} kind-{change.kind}"


def _view_options(changes: Sequence[Change]) -> str:
    """Filters and ways to look at the changes that need no script: the style sheet reads the boxes (``:has()``).

    None for a single one, but for how its differences stand.
    """
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
    """A tick box and its label, which no line break parts."""
    ticked = f'<input {attributes} id="{name}"{" checked" if checked else ""}>'
    return f'<span class="choice">{ticked}<label for="{name}">{words}</label></span>'


def _drift_sections(plan: Plan, made: Provenance | None) -> Iterable[str]:
    target = plan.target
    yield header(f"Drift on {label(target.platform)}", plan.project, target.name, wording.drift_conclusion(plan))
    yield facts([*provenance_facts(made), Fact("Fingerprint", plan.fingerprint, is_code=True)])
    yield section(wording.MISSING_TITLE.rstrip(":"), [missing_card(absent) for absent in plan.missing])
    yield section(wording.DRIFT_TITLE.rstrip(":"), _drift_cards(plan.drift, unfold=len(plan.drift) <= _OPEN))


def _drift_cards(drifts: Sequence[Drift], *, unfold: bool) -> list[str]:
    """A card for each thing that was changed outside."""
    by_name: dict[str, list[Drift]] = {}
    for drift in drifts:
        by_name.setdefault(wording.thing(drift), []).append(drift)
    return [_drift_card(name, drift_differences(found), unfold=unfold) for name, found in by_name.items()]


def _drift_card(name: str, differences: Differences, *, unfold: bool) -> str:
    body = folded(differences.summary, differences.table, unfold=unfold)
    return card("drift", heading("!", name, ""), body)
