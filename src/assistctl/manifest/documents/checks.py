"""``checks:`` of a manifest -> questions and what their answers must hold, where that can be judged."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistctl.errors import did_you_mean
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.files.entries import attachment_entries
from assistctl.manifest.files.expand import AttachedFile, one_file
from assistctl.manifest.files.glob import Folders
from assistctl.manifest.project.discovery import ManifestFile
from assistctl.manifest.syntax.phrases import sentences, shown
from assistctl.manifest.syntax.yaml_values import Path, value_at
from assistctl.model.checks import NEGATION, THRESHOLDS, Assertion, Check, CheckFile, FunctionAnswer, Turn

_LISTS = frozenset({"contains-any", "contains-all"})


@dataclass(frozen=True, slots=True)
class FilesOfChecks:
    """The files that checks may name: those found for the assistant, and where to look for others."""

    declared: Sequence[AttachedFile]
    manifest: ManifestFile
    folders: Folders | None


def declared_checks(contents: Contents, files: FilesOfChecks) -> tuple[Check, ...]:
    """The checks in ``contents``, which fit the schema where nothing was reported; reports what is wrong."""
    checks = value_at(contents.value, ("checks",))
    reading = _Reading(contents, files)
    return tuple(
        reading.check(number, check)
        for number, check in enumerate(checks if isinstance(checks, list) else ())
        if isinstance(check, dict)
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    contents: Contents
    files: FilesOfChecks

    def check(self, number: int, declared: Mapping[str, Json]) -> Check:
        place: Path = ("checks", number)
        repeat = _count(declared.get("repeat"), 1)
        at_least = _count(declared.get("at-least"), repeat)
        if at_least > repeat:
            self.contents.report(
                (*place, "at-least"),
                f"at-least is {at_least}, and it is asked {repeat} {'time' if repeat == 1 else 'times'}",
                f"Write `repeat: {at_least}` or more, or a smaller `at-least`.",
            )
        return Check(
            number,
            tuple(self._turns(place, declared)),
            tuple(self._attachments(place)),
            self._tools(place, declared.get("tools")),
            repeat,
            at_least,
        )

    def _turns(self, place: Path, declared: Mapping[str, Json]) -> Iterator[Turn]:
        turns = declared.get("turns")
        if "turns" not in declared:
            yield self._turn(place, declared)
            return
        for name in ("ask", "expect", "assert"):
            if name in declared:
                self.contents.report(
                    (*place, name), f"`{name}` and `turns` exclude each other", f"Give each turn its own `{name}`."
                )
        if turns == []:
            self.contents.report((*place, "turns"), "turns must not be empty")
        for number, turn in enumerate(turns if isinstance(turns, list) else ()):
            if isinstance(turn, dict):
                yield self._turn((*place, "turns", number), turn)

    def _turn(self, place: Path, declared: Mapping[str, Json]) -> Turn:
        return Turn(_text(declared.get("ask")), tuple(self._assertions(place, declared)))

    def _assertions(self, place: Path, declared: Mapping[str, Json]) -> Iterator[Assertion]:
        expect = declared.get("expect")
        for name, value in expect.items() if isinstance(expect, dict) else ():
            path = (*place, "expect", name)
            yield self._checked(path, _assertion(name, value))
        listed = declared.get("assert")
        for number, entry in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(entry, dict) and isinstance(kind := entry.get("type"), str):
                yield self._listed((*place, "assert", number), kind, entry)

    def _listed(self, place: Path, name: str, declared: Mapping[str, Json]) -> Assertion:
        value, path = declared.get("value"), (*place, "value")
        if name.removeprefix(NEGATION) in THRESHOLDS:
            if "threshold" in declared:
                value, path = declared["threshold"], (*place, "threshold")
            if value is None:
                self.contents.report(place, f"{name} needs a `threshold`", "Add `threshold:`, the most it may be.")
                value = 0
        elif "threshold" in declared and name.removeprefix(NEGATION) != "llm-rubric":
            self.contents.report((*place, "threshold"), f"{name} has no threshold", "Remove it.")
        least, weight = declared.get("threshold"), declared.get("weight", 1)
        threshold = float(least) if isinstance(least, int | float) else None
        made = _assertion(name, value, threshold=threshold, decisive=weight != 0)
        return self._checked(path, made)

    def _checked(self, path: Path, assertion: Assertion) -> Assertion:
        contents = self.contents
        if any(path[:end] in contents.unjudged for end in range(len(path) + 1)):
            return assertion
        if assertion.type == "cites":
            self._refuse_undeclared_file(path, assertion)
        elif assertion.type == "calls":
            name = assertion.value.get("name") if isinstance(assertion.value, dict) else assertion.value
            self._refuse_unknown_function(path, _text(name))
        else:
            _refuse_unusable(contents, path, assertion)
        return assertion

    def _refuse_undeclared_file(self, path: Path, assertion: Assertion) -> None:
        if self.files.folders is None or not isinstance(assertion.value, str):
            return
        known = [_relative(attached.file.path, self.files.manifest) for attached in self.files.declared]
        if _normal(assertion.value) not in known:
            self.contents.report(
                path,
                f"{shown(assertion.value)} is not one of the assistant's files",
                sentences(did_you_mean(assertion.value, known), "A path under `files`, relative to the manifest."),
            )

    def _refuse_unknown_function(self, path: Path, name: str) -> None:
        known = _functions(self.contents)
        if known is not None and name and name not in known:
            advice = f"Its functions: {', '.join(known)}." if known else "It has no function."
            self.contents.report(
                path, f"the assistant has no function {shown(name)}", sentences(did_you_mean(name, known), advice)
            )

    def _attachments(self, place: Path) -> Iterator[CheckFile]:
        for entry in attachment_entries(self.contents, (*place, "attach")):
            if self.files.folders is None:
                continue
            found = one_file(self.contents, entry, self.files.manifest, self.files.folders)
            if found:
                yield CheckFile(found.path, found.location, str(entry.reader))

    def _tools(self, place: Path, declared: Json) -> dict[str, FunctionAnswer]:
        answers = {}
        for name, answer in declared.items() if isinstance(declared, dict) else ():
            path = (*place, "tools", name)
            self._refuse_unknown_function(path, name)
            answers[name] = self._answer(path, answer)
        return answers

    def _answer(self, path: Path, declared: Json) -> FunctionAnswer:
        if not isinstance(declared, dict) or set(declared) != {"command"}:
            return FunctionAnswer(declared)
        try:
            import shlex

            words = tuple(shlex.split(_text(declared["command"])))
        except ValueError as error:
            self.contents.report((*path, "command"), f"the command cannot be read: {error}", "Close its quotes.")
            words = ("",)
        if not words:
            self.contents.report(
                (*path, "command"), "command must be a text", "A program and its arguments; no shell reads it."
            )
        return FunctionAnswer(command=words)


def _assertion(name: str, value: Json, *, threshold: float | None = None, decisive: bool = True) -> Assertion:
    negated = name.startswith(NEGATION)
    kind = name.removeprefix(NEGATION)
    if kind in _LISTS and isinstance(value, str):
        # As promptfoo reads them: commas part, and quotes keep a comma.
        import csv

        value = [*next(csv.reader([value], skipinitialspace=True), ())]
    return Assertion(kind, value, negated, threshold if kind == "llm-rubric" else None, decisive)


def _functions(contents: Contents) -> list[str] | None:
    """The names of the assistant's functions; ``None`` where they are not all known."""
    tools = value_at(contents.value, ("tools",))
    names = []
    for number, tool in enumerate(tools if isinstance(tools, list) else ()):
        kind = value_at(tool, ("type",))
        if kind == "function":
            name = value_at(tool, ("function", "name"))
            if not isinstance(name, str) or ("tools", number, "function", "name") in contents.unjudged:
                return None
            names.append(name)
        elif not isinstance(kind, str):
            return None
    return names


def _relative(path: str, manifest: ManifestFile) -> str:
    """The path of a file of the project as the manifest would write it."""
    return posixpath.relpath(path, posixpath.dirname(manifest.shown) or ".")


def _normal(path: str) -> str:
    return posixpath.normpath(path)


def _count(declared: Json, default: int) -> int:
    return declared if isinstance(declared, int) and not isinstance(declared, bool) else default


def _text(declared: Json) -> str:
    return declared if isinstance(declared, str) else ""


def _refuse_unusable(contents: Contents, path: Path, assertion: Assertion) -> None:
    """Report the value of ``assertion``, which stands at ``path``, where nothing can be compared with it."""
    rule = _RULES.get(assertion.type)
    if rule is not None:
        rule(contents, path, assertion)


def _pattern(contents: Contents, path: Path, assertion: Assertion) -> None:
    import regex

    if not isinstance(assertion.value, str):
        return
    try:
        regex.compile(assertion.value)
    except regex.error as error:
        contents.report(
            path, f"this is not a regular expression: {error}", "It is that of the Python package regex."
        )


def _schema(contents: Contents, path: Path, assertion: Assertion) -> None:
    from assistctl.model.answer_schema import UnusableSchemaError, answer_schema

    if assertion.value is False:
        contents.report(path, f"{assertion.name} cannot be false", "Write `not-is-json: true` for no JSON.")
        return
    try:
        answer_schema(assertion.value)
    except UnusableSchemaError as error:
        contents.report(path, f"this is not a JSON Schema: {error}", "Write `true` for any JSON.")


def _texts(contents: Contents, path: Path, assertion: Assertion) -> None:
    if assertion.value == []:
        contents.report(path, f"{assertion.name} needs at least one text")
    elif isinstance(assertion.value, list) and "" in assertion.value:
        contents.report(path, f"{assertion.name} has an empty text, which every answer contains", "Remove it.")


_RULES: Mapping[str, Callable[[Contents, Path, Assertion], None]] = {
    "regex": _pattern,
    "is-json": _schema,
    "contains-any": _texts,
    "contains-all": _texts,
}
