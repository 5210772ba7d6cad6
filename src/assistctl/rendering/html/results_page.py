"""The results of an apply, or why a command has none, as one HTML page that stands alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from assistctl.diagnostics import Diagnostic
from assistctl.model.change import Result, Status
from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.model.check_report import CheckStatus
from assistctl.model.plan import Plan
from assistctl.rendering import phrases as wording
from assistctl.rendering.checks import gate_wording
from assistctl.rendering.checks import wording as checks_wording
from assistctl.rendering.html.cards import card, diagnostic_card, failure_text, heading, identifier
from assistctl.rendering.html.page import Count, Fact, as_text, facts, header, html_page, isolated, joined, section
from assistctl.rendering.phrases import group_similar
from assistctl.rendering.result_phrases import done, said, told_results, tried
from assistctl.rendering.shared_reasons import grouped_in_lines
from assistctl.rendering.values import label
from assistctl.secrets.redaction import Masked

_FILES = 500
_SIGNS = {Status.OK: ("✓", "create"), Status.FAILED: ("✗", "delete"), Status.SKIPPED: ("·", "update")}


def results_html(
    plan: Plan,
    results: Sequence[Result],
    gate: GateReport | None = None,
    warnings: Sequence[Diagnostic] = (),
) -> Masked:
    """The outcome as a whole page, the checks of what was changed where they were asked, and other warnings.

    Why something failed stands at the end.
    """
    warned = section("Warnings", [diagnostic_card(warning) for warning in warnings])
    return html_page(f"Apply: {wording.heading(plan)}", [*_sections(plan, results, gate), warned])


def messages_html(diagnostics: Sequence[Diagnostic]) -> Masked:
    """The reasons why there is no report, as a whole page."""
    cards = [diagnostic_card(diagnostic) for diagnostic in group_similar(diagnostics)]
    return html_page("assistctl: no result", ["<header><h1>There is no result</h1></header>", joined(cards)])


def _sections(plan: Plan, results: Sequence[Result], gate: GateReport | None) -> Iterable[str]:
    target, number = plan.target, Counter(result.status for result in results)
    counts = [
        Count("create", number[Status.OK], "done"),
        Count("delete", number[Status.FAILED], "failed"),
        Count("update", number[Status.SKIPPED], "skipped"),
    ]
    about = f"Apply on {label(target.platform)}"
    yield header(about, plan.project, target.name, done(plan, results), counts)
    yield facts([Fact("Fingerprint of the plan", plan.fingerprint, is_code=True)])
    told, hidden = told_results(results, _FILES)
    more = [f'<p class="more">{as_text(wording.more_files(hidden))}</p>'] if hidden else []
    yield section("Results", [*map(_card, told), *more])
    failed = [result for result in results if result.status is Status.FAILED]
    reasons = grouped_in_lines(failed, lambda result: result.error or "", tried)
    yield section(
        "Failed",
        [card("delete", heading("✗", ", ".join(names), ""), failure_text(reason)) for names, reason in reasons],
    )
    if gate is not None:
        sentences = [f"<p>{as_text(sentence)}</p>" for sentence in gate_wording.conclusion(gate)]
        yield section("Checks", [*sentences, *map(_check, gate.checks)])


def _check(check: GatedCheck) -> str:
    after = check.after
    passed = after is not None and after.status is CheckStatus.PASSED
    sign = gate_wording.SIGNS[after.status] if after else "-"
    name = f"{check.key} {check.index + 1}. {' '.join(check.ask.split())}"
    complaints = joined(map(failure_text, checks_wording.complaints(after) if after else ()))
    rest = isolated(gate_wording.course(check))
    return card("create" if passed else "delete", heading(sign, name, rest), complaints)


def _card(result: Result) -> str:
    sign, tone = _SIGNS[result.status]
    rest = f'<span class="action">{said(result)}</span> {identifier(result.id)}'
    error = "" if result.status is Status.FAILED else failure_text(result.error)
    return card(f"{tone} kind-{result.kind}", heading(sign, wording.thing(result), rest), error)
