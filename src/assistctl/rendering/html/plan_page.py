"""A plan as one HTML page that stands alone, for whoever approves it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistctl.model.change import Change
from assistctl.model.plan import Plan
from assistctl.model.provenance import Provenance
from assistctl.rendering import phrases as wording
from assistctl.rendering.grouping import group_similar
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
from assistctl.rendering.html.drift_page import drift_cards
from assistctl.rendering.html.fields import change_differences
from assistctl.rendering.html.header import Count, Fact, command_to_copy, facts, header, provenance_facts
from assistctl.rendering.html.page import as_text, html_page, isolated, joined, section
from assistctl.rendering.html.view_options import view_options
from assistctl.rendering.phrases import by_importance
from assistctl.rendering.values import label
from assistctl.secrets.redaction import Masked

_OPEN = 12
"""Up to so many changes, their differences are shown unfolded, and no list of them is needed."""
_FILES = 500
"""Up to so many files are listed one by one."""


def plan_html(plan: Plan, made: Provenance | None = None, command: str = "") -> Masked:
    """The plan as a whole page. ``made`` is where it comes from, ``command`` what carries it out."""
    return html_page(f"Plan: {wording.heading(plan)}", _sections(plan, made, command))


def _sections(plan: Plan, made: Provenance | None, command: str) -> Iterable[str]:
    changes, hidden = wording.listed(plan.changes, _FILES)
    changes = tuple(by_importance(changes))
    names = _names(changes)
    yield _header(plan)
    yield facts([*provenance_facts(made), Fact("Fingerprint", plan.fingerprint, is_code=True)])
    yield command_to_copy("To apply it, run", command if plan.changes else "")
    yield _refusals(plan)
    yield view_options(changes)
    yield _contents(changes, names)
    yield section("Changes", _changes(changes, names, hidden))
    yield section(wording.MISSING_TITLE.rstrip(":"), [missing_card(absent) for absent in plan.missing])
    drifts = wording.unplanned_drift(plan)
    yield section(wording.DRIFT_TITLE.rstrip(":"), drift_cards(drifts, unfold=len(drifts) <= _OPEN))
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
    return section(wording.REFUSAL_TITLE.rstrip(":"), cards)


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
