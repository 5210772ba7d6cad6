"""Checks as a JSON document, in the format that scripts rely on (``schemas/checks.schema.json``)."""

from __future__ import annotations

from assistctl.json_value import Json
from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.model.check_report import AssertionOutcome, CheckOutcome, CheckReport, CheckStatus, Exchange
from assistctl.model.document_parts import FORMAT_VERSION
from assistctl.model.money import rounded

_DIGITS = 3


def checks_document(report: CheckReport) -> dict[str, Json]:
    """The report as printed by ``check --format json``."""
    against: dict[str, Json] = {"against": checks_document(report.against)} if report.against else {}
    return {
        "format_version": FORMAT_VERSION,
        "project": report.project,
        "target": {"name": report.target, "platform": report.platform},
        "summary": {
            "passed": report.count(CheckStatus.PASSED),
            "failed": report.count(CheckStatus.FAILED),
            "errors": report.count(CheckStatus.ERROR),
        },
        "checks": [{**check_part(outcome), **_compared(report, outcome)} for outcome in report.checks],
        "warnings": [*report.warnings],
        **against,
    }


def _compared(report: CheckReport, outcome: CheckOutcome) -> dict[str, Json]:
    found = (report.compared or {}).get((outcome.key, outcome.index))
    if found is None:
        return {}
    document: dict[str, Json] = {
        "course": str(found.course),
        "passed_at": found.passed_at.isoformat() if found.passed_at else None,
        "same_state": found.is_same_state,
        "answer_changed": found.answer_changed,
        "seconds": found.seconds,
        "tokens": found.tokens,
        "cost": rounded(found.cost),
    }
    return {"compared": document}


def check_part(outcome: CheckOutcome) -> dict[str, Json]:
    """One check, and what was answered."""
    return {
        "key": outcome.key,
        "index": outcome.index,
        "ask": outcome.ask,
        "status": str(outcome.status),
        "answer": outcome.answer,
        "assertions": [_assertion(assertion) for assertion in outcome.shown.assertions],
        "held": outcome.held,
        "of": outcome.of,
        "at_least": outcome.needed,
        "seconds": round(outcome.seconds, _DIGITS),
        "tokens": outcome.tokens,
        "cost": rounded(outcome.cost),
        "error": outcome.reason,
        "turns": [_exchange(exchange) for exchange in outcome.shown.exchanges],
    }


def gate_part(report: GateReport) -> dict[str, Json]:
    """``checks``, and what was ``put_back``."""
    return {
        "checks": [_gated(check) for check in report.checks],
        "put_back": [
            {"key": key, "status": "failed" if why else "ok", "error": why} for key, why in report.put_back.items()
        ],
    }


def _gated(check: GatedCheck) -> dict[str, Json]:
    return {
        "key": check.key,
        "index": check.index,
        "ask": check.ask,
        "before": str(check.before) if check.before else None,
        "before_from": str(check.source) if check.source else None,
        "answer_before": check.answer_before,
        "worse": check.got_worse,
        "after": check_part(check.after) if check.after else None,
    }


def _assertion(assertion: AssertionOutcome) -> dict[str, Json]:
    document: dict[str, Json] = {
        "type": assertion.type,
        "value": assertion.value,
        "passed": assertion.passed,
        "reason": assertion.reason,
        "turn": assertion.turn,
    }
    return document if assertion.decisive else {**document, "weight": 0}


def _exchange(exchange: Exchange) -> dict[str, Json]:
    return {
        "ask": exchange.ask,
        "answer": exchange.answer,
        "calls": [
            {"name": call.name, "arguments": call.arguments, "output": call.output} for call in exchange.calls
        ],
        "citations": [{"name": citation.name, "file_id": citation.file_id} for citation in exchange.citations],
        "files": [*exchange.files],
        "seconds": round(exchange.seconds, _DIGITS),
        "tokens": exchange.usage.total if exchange.usage else None,
    }
