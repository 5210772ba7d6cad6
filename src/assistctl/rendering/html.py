"""A plan as one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistctl.model.plan import Action, Change, Diagnostic, Missing, Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.diff.rows import Row
from assistctl.rendering.diff.word_diff import Segment, Side
from assistctl.rendering.field_view import FieldView, Limits, Shape, label, view_diff, view_drift
from assistctl.rendering.grouping import group_similar
from assistctl.rendering.html_page import as_text, html_page, isolated, joined, section
from assistctl.secrets.redaction import Masked

_LIMITS = Limits(rows=60, preview=12)
_OPEN = 12
"""Up to so many changes, their differences are shown unfolded."""
_FILES = 500
"""Up to so many files are listed one by one."""


def plan_html(plan: Plan) -> Masked:
    """The plan as a whole page."""
    return html_page(f"Plan: {wording.heading(plan)}", _sections(plan))


def _sections(plan: Plan) -> Iterable[str]:
    yield _header(plan)
    yield _refusals(plan)
    yield section("Changes", _changes(plan))
    yield section(wording.MISSING_TITLE.rstrip(":"), [_missing(one) for one in plan.missing])
    yield section(wording.DRIFT_TITLE.rstrip(":"), _drift(plan))
    yield section("Messages", [_diagnostic(diagnostic) for diagnostic in group_similar(plan.diagnostics)])
    yield f"<footer>Fingerprint of what was observed: <code>{as_text(plan.fingerprint)}</code></footer>"


def _changes(plan: Plan) -> list[str]:
    changes, hidden = wording.listed(plan.changes, _FILES)
    cards = [_change(change, unfold=len(changes) <= _OPEN) for change in changes]
    return [*cards, f'<p class="more">{as_text(wording.more_files(hidden))}</p>'] if hidden else cards


def _header(plan: Plan) -> str:
    target = plan.target
    return f"""<header>
<p>Plan for {isolated(label(target.platform))}</p>
<h1>{isolated(label(plan.project))} <span class="arrow">→</span> {isolated(label(target.name))}</h1>
<p class="conclusion">{as_text(wording.conclusion(plan))}</p>
{_counts(plan)}
</header>"""


def _counts(plan: Plan) -> str:
    summary = plan.summary
    counts = (
        ("create", "to create", summary.create),
        ("update", "to update", summary.update),
        ("delete", "to delete", summary.delete),
        ("adopt", "to adopt", summary.adopt),
        ("same", "unchanged", summary.unchanged),
    )
    items = (
        f'<li class="{tone if number else "none"}"><strong>{number:,}</strong><span>{words}</span></li>'
        for tone, words, number in counts
    )
    return f'<ul class="counts">{joined(items)}</ul>'


def _refusals(plan: Plan) -> str:
    cards = [
        f'<div class="card error message"><span class="badge">{as_text(refusal.rule.upper())}</span> '
        f"{', '.join(isolated(thing) for thing in refusal.things)}<p>{as_text(refusal.permit)}</p></div>"
        for refusal in wording.refusals(plan)
    ]
    return section(wording.REFUSAL_TITLE.rstrip(":"), cards)


def _change(change: Change, *, unfold: bool) -> str:
    badge = f'<span class="badge">{change.blocked.upper()}</span>' if change.blocked else ""
    identifier = f'<code class="id">{as_text(label(change.id))}</code>' if change.id else ""
    head = (
        f'<span class="sign">{wording.SIGNS[change.action]}</span>'
        f'<span class="key">{isolated(wording.thing(change))}</span>'
        f'<span class="action">{change.action}</span>'
        f'<span class="reason">{isolated(wording.reason(change))}</span>{badge}{identifier}'
    )
    views = [view_diff(diff, change.action, _LIMITS) for diff in change.diffs]
    return _card(change.action, head, views, unfold=unfold)


def _missing(missing: Missing) -> str:
    identifier = f' <code class="id">{as_text(label(missing.id))}</code>' if missing.id else ""
    key = f'<span class="key">{isolated(wording.thing(missing))}</span>'
    return f'<div class="card drift message">{key} <span class="badge">{missing.reason}</span>{identifier}</div>'


def _drift(plan: Plan) -> list[str]:
    drifts = wording.unplanned_drift(plan)
    cards = []
    for name in dict.fromkeys(wording.thing(drift) for drift in drifts):
        views = [view_drift(drift, _LIMITS) for drift in drifts if wording.thing(drift) == name]
        head = f'<span class="sign">!</span><span class="key">{isolated(name)}</span>'
        cards.append(_card("drift", head, views, unfold=len(drifts) <= _OPEN))
    return cards


def _card(tone: Action | str, head: str, views: Sequence[FieldView], *, unfold: bool) -> str:
    if not views:
        return f'<div class="card {tone}"><div class="head">{head}</div></div>'
    fields = joined(_field(view) for view in views)
    return (
        f'<details class="card {tone}"{" open" if unfold else ""}><summary>{head}</summary>'
        f'<table class="fields"><tbody>{fields}</tbody></table></details>'
    )


def _field(view: FieldView) -> str:
    note = f'<span class="note">{as_text(view.note)}</span>' if view.note else ""
    size = f'<span class="size">{as_text(view.size)}</span>' if view.size else ""
    return (
        f'<tr><th scope="row"><code>{as_text(view.path).replace(".", ".<wbr>")}</code></th>'
        f"<td>{_values(view)}{size}{note}{_rows(view)}</td></tr>"
    )


def _values(view: FieldView) -> str:
    old = f'<bdi class="value old">{as_text(view.old)}</bdi>' if view.old is not None else ""
    new = f'<bdi class="value new">{as_text(view.new)}</bdi>' if view.new is not None else ""
    arrow = '<span class="arrow">→</span>' if old and new else ""
    return f"{old}{arrow}{new}"


def _rows(view: FieldView) -> str:
    if not view.rows:
        return ""
    more = f'<div class="more">{as_text(wording.more_rows(view))}</div>' if view.more else ""
    return f'<div class="rows">{joined(_row(row, view.shape) for row in view.rows)}{more}</div>'


def _row(row: Row, shape: Shape) -> str:
    plain = shape is Shape.ADDED
    words = "".join(as_text(segment.text) if plain else _segment(segment) for segment in row.segments)
    return (
        f'<div class="row"><span class="number">{row.number or ""}</span><span class="words">{words}</span></div>'
    )


def _segment(segment: Segment) -> str:
    tag = {Side.OLD: "del", Side.NEW: "ins", Side.SAME: ""}[segment.side]
    return f"<{tag}>{as_text(segment.text)}</{tag}>" if tag else as_text(segment.text)


def _diagnostic(diagnostic: Diagnostic) -> str:
    place = wording.place(diagnostic)
    where = f" <code>{as_text(place)}</code>" if place else ""
    details = joined(f"<p>{isolated(line)}</p>" for line in diagnostic.detail.splitlines() if line.strip())
    return (
        f'<div class="card message {diagnostic.severity}">'
        f'<span class="severity">{diagnostic.severity}</span>{where} '
        f"{isolated(wording.message(diagnostic))}{details}</div>"
    )
