"""What an apply did, as one HTML page that stands alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from assistctl.model.plan import Plan, Result, Status
from assistctl.rendering import phrases as wording
from assistctl.rendering.field_view import label
from assistctl.rendering.html.cards import card, failure_text, heading, identifier
from assistctl.rendering.html.header import Count, Fact, facts, header
from assistctl.rendering.html.page import as_text, html_page, section
from assistctl.rendering.result_words import said, tried
from assistctl.secrets.redaction import Masked

_FILES = 500
_SIGNS = {Status.OK: ("✓", "create"), Status.FAILED: ("✗", "delete"), Status.SKIPPED: ("·", "update")}


def results_html(plan: Plan, results: Sequence[Result]) -> Masked:
    """The outcome as a whole page; why something failed stands at the end once more."""
    return html_page(f"Apply: {wording.heading(plan)}", _sections(plan, results))


def _sections(plan: Plan, results: Sequence[Result]) -> Iterable[str]:
    target, number = plan.target, Counter(result.status for result in results)
    counts = [
        Count("create", number[Status.OK], "done"),
        Count("delete", number[Status.FAILED], "failed"),
        Count("update", number[Status.SKIPPED], "skipped"),
    ]
    about = f"Apply on {label(target.platform)}"
    yield header(about, plan.project, target.name, wording.done(plan, results), counts)
    yield facts([Fact("Fingerprint of the plan", plan.fingerprint, is_code=True)])
    told, hidden = wording.told_results(results, _FILES)
    more = [f'<p class="more">{as_text(wording.more_files(hidden))}</p>'] if hidden else []
    yield section("Results", [*map(_card, told), *more])
    failed = [result for result in results if result.status is Status.FAILED]
    yield section(
        "Failed", [card("delete", heading("✗", tried(one), ""), failure_text(one.error)) for one in failed]
    )


def _card(result: Result) -> str:
    sign, tone = _SIGNS[result.status]
    rest = f'<span class="action">{said(result)}</span> {identifier(result.id)}'
    error = "" if result.status is Status.FAILED else failure_text(result.error)
    return card(f"{tone} kind-{result.kind}", heading(sign, wording.thing(result), rest), error)
