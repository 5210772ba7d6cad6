"""JUnit XML: of manifests, with a suite for each file, and of checks, with a suite for each assistant.

The elements are those that CI systems read (https://github.com/testmoapp/junitxml): ``failure`` for what was not
held, ``error`` for what could not be found out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.check_report import CheckOutcome, CheckReport, CheckStatus
from assistctl.rendering import phrases as wording
from assistctl.rendering.checks import wording as check_words
from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import Masked

_NO_FILE = "project"
# What XML 1.0 cannot hold, written in whatever way (section 2.2), and no other escape has replaced yet.
_NO_CHARACTER = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def validation_junit(files: Iterable[str], diagnostics: Sequence[Diagnostic]) -> Masked:
    """A case for each thing that is wrong in a file, and one for a file in which nothing is.

    ``files`` are those that were read.
    """
    by_file: dict[str, list[Diagnostic]] = {file: [] for file in files}
    for diagnostic in diagnostics:
        by_file.setdefault(diagnostic.position.file if diagnostic.position else _NO_FILE, []).append(diagnostic)
    suites = [_suite(file, found) for file, found in by_file.items()]
    root = ET.Element("testsuites", {"name": "assistctl validate", **_counts(suites)})
    root.extend(suites)
    return _document(root)


def _suite(file: str, diagnostics: Sequence[Diagnostic]) -> ET.Element:
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR]
    others = [diagnostic for diagnostic in diagnostics if diagnostic.severity is not Severity.ERROR]
    suite = ET.Element("testsuite", {"name": _text(file), "tests": str(len(errors) or 1)})
    suite.set("failures", str(len(errors)))
    if not errors:
        ET.SubElement(suite, "testcase", {"name": "valid", "classname": _text(file)})
    suite.extend(_case(file, error) for error in errors)
    if others:
        ET.SubElement(suite, "system-out").text = _text("\n".join(map(_line, others)))
    return suite


def _case(file: str, error: Diagnostic) -> ET.Element:
    name = error.path or error.key or error.summary
    case = ET.Element("testcase", {"name": _text(name), "classname": _text(file), "file": _text(file)})
    if error.position:
        case.set("line", str(error.position.line))
    failure = ET.SubElement(case, "failure", {"message": _text(wording.message(error)), "type": "error"})
    failure.text = _text("\n".join(filter(None, (_line(error), error.detail))))
    return case


def _counts(suites: Iterable[ET.Element]) -> dict[str, str]:
    suites = list(suites)
    return {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in ("tests", "failures")}


def _line(diagnostic: Diagnostic) -> str:
    place = wording.place(diagnostic)
    return f"{f'{place}: ' if place else ''}{diagnostic.severity}: {wording.message(diagnostic)}"


def checks_junit(report: CheckReport, *, everything: bool = False) -> Masked:
    """A case for each check of the report; with ``everything`` passed checks have their transcripts as well."""
    reports = [report, *([report.against] if report.against else [])]
    checks = [outcome for each in reports for outcome in each.checks]
    root = _check_element("testsuites", checks, name=check_words.heading(report))
    for each in reports:
        where = f" on {each.target}" if report.against else ""
        for key, outcomes in check_words.by_assistant(each).items():
            suite = _check_element("testsuite", outcomes, name=f"{key}{where}")
            suite.extend(
                _check_case(outcome, check_words.comparison(each, outcome), where, everything=everything)
                for outcome in outcomes
            )
            root.append(suite)
    return _document(root)


def _check_element(tag: str, outcomes: list[CheckOutcome] | tuple[CheckOutcome, ...], *, name: str) -> ET.Element:
    counts = {status: sum(outcome.status is status for outcome in outcomes) for status in CheckStatus}
    figures = {
        "name": _text(name),
        "tests": str(len(outcomes)),
        "failures": str(counts[CheckStatus.FAILED]),
        "errors": str(counts[CheckStatus.ERROR]),
        "skipped": "0",
        "time": f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    }
    return ET.Element(tag, figures)


def _check_case(outcome: CheckOutcome, comparison: str, where: str, *, everything: bool) -> ET.Element:
    figures = {
        "name": _text(check_words.title(outcome)),
        "classname": _text(f"{outcome.key}{where}"),
        "time": f"{outcome.seconds:.3f}",
    }
    case = ET.Element("testcase", figures)
    if outcome.status is not CheckStatus.PASSED:
        tag = "failure" if outcome.status is CheckStatus.FAILED else "error"
        complaints = check_words.complaints(outcome)
        message = _text(complaints[0]) if complaints else str(outcome.status)
        told = ET.SubElement(case, tag, {"message": message, "type": str(outcome.status)})
        told.text = _text("\n".join([*complaints, check_words.figures(outcome)]))
    parts = [f"compared: {comparison}"] if comparison else []
    if check_words.has_transcript(outcome, everything=everything):
        parts += [f"{part.label}: {part.text}" for part in check_words.transcript(outcome.shown)]
    if parts:
        ET.SubElement(case, "system-out").text = _text("\n".join(parts))
    return case


def _text(text: str) -> str:
    """``text`` for an element or an attribute."""
    return _NO_CHARACTER.sub("\ufffd", visible(text, multiline=True))


def _document(root: ET.Element) -> Masked:
    """The whole document, indented."""
    ET.indent(root)
    return Masked(f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n')
