"""Checks as JUnit XML: a suite for each assistant, a case for each check.

The elements are those that CI systems read (https://github.com/testmoapp/junitxml): ``failure`` for what was not
held, ``error`` for what could not be found out.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering.checks import wording
from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import Masked

# What XML 1.0 cannot hold, written in whatever way (section 2.2), and no other escape has replaced yet.
_NO_CHARACTER = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def checks_junit(report: CheckReport, *, everything: bool = False) -> Masked:
    """The report as a whole XML document; with ``everything`` passed checks have their transcripts as well."""
    reports = [report, *([report.against] if report.against else [])]
    checks = [outcome for one in reports for outcome in one.checks]
    root = _element("testsuites", checks, name=wording.heading(report))
    for one in reports:
        where = f" on {one.target}" if report.against else ""
        for key, outcomes in wording.by_assistant(one).items():
            suite = _element("testsuite", outcomes, name=f"{key}{where}")
            suite.extend(
                _case(outcome, wording.comparison(one, outcome), where, everything=everything)
                for outcome in outcomes
            )
            root.append(suite)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return Masked(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def _element(tag: str, outcomes: list[CheckOutcome] | tuple[CheckOutcome, ...], *, name: str) -> ET.Element:
    counts = {status: sum(one.status is status for one in outcomes) for status in CheckStatus}
    figures = {
        "name": _text(name),
        "tests": str(len(outcomes)),
        "failures": str(counts[CheckStatus.FAILED]),
        "errors": str(counts[CheckStatus.ERROR]),
        "skipped": "0",
        "time": f"{sum(one.seconds for one in outcomes):.3f}",
    }
    return ET.Element(tag, figures)


def _case(outcome: CheckOutcome, comparison: str, where: str, *, everything: bool) -> ET.Element:
    figures = {
        "name": _text(wording.title(outcome)),
        "classname": _text(f"{outcome.key}{where}"),
        "time": f"{outcome.seconds:.3f}",
    }
    case = ET.Element("testcase", figures)
    if outcome.status is not CheckStatus.PASSED:
        tag = "failure" if outcome.status is CheckStatus.FAILED else "error"
        complaints = wording.complaints(outcome)
        message = _text(complaints[0]) if complaints else str(outcome.status)
        told = ET.SubElement(case, tag, {"message": message, "type": str(outcome.status)})
        told.text = _text("\n".join([*complaints, wording.figures(outcome)]))
    parts = [f"compared: {comparison}"] if comparison else []
    if wording.has_transcript(outcome, everything=everything):
        parts += [f"{part.label}: {part.text}" for part in wording.transcript(outcome.shown)]
    if parts:
        ET.SubElement(case, "system-out").text = _text("\n".join(parts))
    return case


def _text(text: str) -> str:
    return _NO_CHARACTER.sub("\ufffd", visible(text, multiline=True))
