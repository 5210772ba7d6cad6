"""Drift, and missing things, as one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistctl.model.change import Drift
from assistctl.model.plan import Plan
from assistctl.model.provenance import Provenance
from assistctl.rendering import phrases as wording
from assistctl.rendering.html.cards import card, folded, heading, missing_card
from assistctl.rendering.html.fields import Differences, drift_differences
from assistctl.rendering.html.header import Fact, facts, header, provenance_facts
from assistctl.rendering.html.page import html_page, section
from assistctl.rendering.values import label
from assistctl.secrets.redaction import Masked

_OPEN = 12


def drift_html(plan: Plan, made: Provenance | None = None) -> Masked:
    """The drift in a plan as a whole page; ``made`` is where it comes from."""
    return html_page(f"Drift: {wording.heading(plan)}", _sections(plan, made))


def _sections(plan: Plan, made: Provenance | None) -> Iterable[str]:
    target = plan.target
    yield header(f"Drift on {label(target.platform)}", plan.project, target.name, wording.drift_conclusion(plan))
    yield facts([*provenance_facts(made), Fact("Fingerprint", plan.fingerprint, is_code=True)])
    yield section(wording.MISSING_TITLE.rstrip(":"), [missing_card(absent) for absent in plan.missing])
    yield section(wording.DRIFT_TITLE.rstrip(":"), drift_cards(plan.drift, unfold=len(plan.drift) <= _OPEN))


def drift_cards(drifts: Sequence[Drift], *, unfold: bool) -> list[str]:
    """A card for each thing that was changed outside."""
    by_name: dict[str, list[Drift]] = {}
    for drift in drifts:
        by_name.setdefault(wording.thing(drift), []).append(drift)
    return [_card(name, drift_differences(found), unfold=unfold) for name, found in by_name.items()]


def _card(name: str, differences: Differences, *, unfold: bool) -> str:
    body = folded(differences.summary, differences.table, unfold=unfold)
    return card("drift", heading("!", name, ""), body)
