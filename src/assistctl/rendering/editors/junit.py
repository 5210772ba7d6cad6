"""The check of manifests as JUnit XML: a suite for each file, a case for each thing that is wrong in it.

The elements are those that CI systems read (https://github.com/testmoapp/junitxml).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.rendering import phrases as wording
from assistctl.rendering.xml_text import xml_document, xml_text
from assistctl.secrets.redaction import Masked

_NO_FILE = "project"


def validation_junit(files: Iterable[str], diagnostics: Sequence[Diagnostic]) -> Masked:
    """A whole XML document. ``files`` are those that were read: where nothing is wrong in one, that is a case."""
    by_file: dict[str, list[Diagnostic]] = {file: [] for file in files}
    for diagnostic in diagnostics:
        by_file.setdefault(diagnostic.position.file if diagnostic.position else _NO_FILE, []).append(diagnostic)
    suites = [_suite(file, found) for file, found in by_file.items()]
    root = ET.Element("testsuites", {"name": "assistctl validate", **_counts(suites)})
    root.extend(suites)
    return xml_document(root)


def _suite(file: str, diagnostics: Sequence[Diagnostic]) -> ET.Element:
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR]
    others = [diagnostic for diagnostic in diagnostics if diagnostic.severity is not Severity.ERROR]
    suite = ET.Element("testsuite", {"name": xml_text(file), "tests": str(len(errors) or 1)})
    suite.set("failures", str(len(errors)))
    if not errors:
        ET.SubElement(suite, "testcase", {"name": "valid", "classname": xml_text(file)})
    suite.extend(_case(file, error) for error in errors)
    if others:
        ET.SubElement(suite, "system-out").text = xml_text("\n".join(map(_line, others)))
    return suite


def _case(file: str, error: Diagnostic) -> ET.Element:
    name = error.path or error.key or error.summary
    case = ET.Element("testcase", {"name": xml_text(name), "classname": xml_text(file), "file": xml_text(file)})
    if error.position:
        case.set("line", str(error.position.line))
    failure = ET.SubElement(case, "failure", {"message": xml_text(wording.message(error)), "type": "error"})
    failure.text = xml_text("\n".join(filter(None, (_line(error), error.detail))))
    return case


def _counts(suites: Iterable[ET.Element]) -> dict[str, str]:
    suites = list(suites)
    return {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in ("tests", "failures")}


def _line(diagnostic: Diagnostic) -> str:
    place = wording.place(diagnostic)
    return f"{f'{place}: ' if place else ''}{diagnostic.severity}: {wording.message(diagnostic)}"
