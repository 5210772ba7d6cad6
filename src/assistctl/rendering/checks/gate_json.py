"""Checks of what an apply changed, as part of its results in JSON (``schemas/results.schema.json``)."""

from __future__ import annotations

from assistctl.model.check_gate import GatedCheck, GateReport
from assistctl.model.json_value import Json
from assistctl.rendering.checks.check_json import check_part


def gate_part(report: GateReport) -> dict[str, Json]:
    """``checks``, and what was ``put_back``."""
    return {
        "checks": [_check(one) for one in report.checks],
        "put_back": [
            {"key": key, "status": "failed" if why else "ok", "error": why} for key, why in report.put_back.items()
        ],
    }


def _check(one: GatedCheck) -> dict[str, Json]:
    return {
        "key": one.key,
        "index": one.index,
        "ask": one.ask,
        "before": str(one.before) if one.before else None,
        "before_from": str(one.source) if one.source else None,
        "answer_before": one.answer_before,
        "worse": one.got_worse,
        "after": check_part(one.after) if one.after else None,
    }
