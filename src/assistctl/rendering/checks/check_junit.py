"""Checks as JUnit XML: a suite for each assistant, a case for each check.

The elements are those that CI systems read (https://github.com/testmoapp/junitxml): ``failure`` for what was not
held, ``error`` for what could not be found out.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering.checks import wording
from assistctl.rendering.xml_text import xml_document, xml_text
from assistctl.secrets.redaction import Masked


def checks_junit(report: CheckReport, *, everything: bool = False) -> Masked:
    """The report as a whole XML document; with ``everything`` passed checks have their transcripts as well."""
    reports = [report, *([report.against] if report.against else [])]
    checks = [outcome for each in reports for outcome in each.checks]
    root = _element("testsuites", checks, name=wording.heading(report))
    for each in reports:
        where = f" on {each.target}" if report.against else ""
        for key, outcomes in wording.by_assistant(each).items():
            suite = _element("testsuite", outcomes, name=f"{key}{where}")
            suite.extend(
                _case(outcome, wording.comparison(each, outcome), where, everything=everything)
                for outcome in outcomes
            )
            root.append(suite)
    return xml_document(root)


def _element(tag: str, outcomes: list[CheckOutcome] | tuple[CheckOutcome, ...], *, name: str) -> ET.Element:
    counts = {status: sum(outcome.status is status for outcome in outcomes) for status in CheckStatus}
    figures = {
        "name": xml_text(name),
        "tests": str(len(outcomes)),
        "failures": str(counts[CheckStatus.FAILED]),
        "errors": str(counts[CheckStatus.ERROR]),
        "skipped": "0",
        "time": f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    }
    return ET.Element(tag, figures)


def _case(outcome: CheckOutcome, comparison: str, where: str, *, everything: bool) -> ET.Element:
    figures = {
        "name": xml_text(wording.title(outcome)),
        "classname": xml_text(f"{outcome.key}{where}"),
        "time": f"{outcome.seconds:.3f}",
    }
    case = ET.Element("testcase", figures)
    if outcome.status is not CheckStatus.PASSED:
        tag = "failure" if outcome.status is CheckStatus.FAILED else "error"
        complaints = wording.complaints(outcome)
        message = xml_text(complaints[0]) if complaints else str(outcome.status)
        told = ET.SubElement(case, tag, {"message": message, "type": str(outcome.status)})
        told.text = xml_text("\n".join([*complaints, wording.figures(outcome)]))
    parts = [f"compared: {comparison}"] if comparison else []
    if wording.has_transcript(outcome, everything=everything):
        parts += [f"{part.label}: {part.text}" for part in wording.transcript(outcome.shown)]
    if parts:
        ET.SubElement(case, "system-out").text = xml_text("\n".join(parts))
    return case
