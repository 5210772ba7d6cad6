"""The words for checks of what an apply changed: before it, and after."""

from __future__ import annotations

from assistctl.model.check_gate import GatedCheck, GateMode, GateReport, Source
from assistctl.model.check_report import CheckStatus
from assistctl.rendering.checks import wording

SIGNS = wording.SIGNS


def course(check: GatedCheck) -> str:
    """The outcomes before and after."""
    before = "new" if check.is_new else f"{check.before} before" if check.before else "not asked before"
    if check.source is Source.JOURNAL:
        before += " (on record)"
    after = f"{check.after.status} after" if check.after else "not asked after"
    return f"{before}, {after}"


def told(report: GateReport, *, everything: bool) -> list[GatedCheck]:
    """Those that are worth a line: all, or those that did not pass."""
    return [
        check
        for check in report.checks
        if everything or check.after is None or check.after.status is not CheckStatus.PASSED
    ]


def conclusion(report: GateReport) -> list[str]:
    """The conclusion, a sentence for each part of it."""
    if not report.checks:
        return ["No check was asked: nothing that was changed has any."]
    passed = sum(check.after is not None and check.after.status is CheckStatus.PASSED for check in report.checks)
    sentences = [f"{passed:,} of {len(report.checks):,} checks passed after it."]
    sentences += [_about(report, key) for key in dict.fromkeys(check.key for check in report.worse)]
    others = report.put_back.keys() - {check.key for check in report.worse}
    sentences += [_about_other(report, key) for key in sorted(others)]
    doubted = dict.fromkeys(check.key for check in report.in_doubt if check.key not in report.put_back)
    sentences += [f"{key} stays as it was applied, and is not known to be good." for key in doubted]
    return sentences


def _about_other(report: GateReport, key: str) -> str:
    why = report.put_back[key]
    if why is None:
        return f"{key} names what got worse and was put back with it; its manifest still says otherwise."
    return f"{key} names what got worse and is NOT put back: {why.removesuffix('.')}."


def _about(report: GateReport, key: str) -> str:
    if report.mode is GateMode.WARN:
        return f"{key} got worse and stays as it was applied (--check=warn)."
    why = report.put_back.get(key)
    if key in report.put_back and why is None:
        return f"{key} got worse and was put back; its manifest still says otherwise."
    return f"{key} got worse and is NOT put back: {(why or 'it was not tried').removesuffix('.')}."
