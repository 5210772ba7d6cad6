"""One manifest file -> the assistants it declares."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from assistctl.manifest.discovery import ManifestFile
from assistctl.manifest.explaining import explain
from assistctl.manifest.filling import Contents, fill
from assistctl.manifest.included import include_files
from assistctl.manifest.node import Node, Path, dotted, merged
from assistctl.manifest.schema import ASSISTANT, validator
from assistctl.manifest.text_file import UnusableFileError, read_yaml_text
from assistctl.manifest.variables import Variables
from assistctl.manifest.violations import Subject
from assistctl.manifest.wording import shown
from assistctl.manifest.yaml_nodes import Document, compose
from assistctl.model import Desired, Diagnostic, Json, Lifecycle, Position, Severity

_NOT_FIELDS = frozenset({"key", "import", "moved_from", "files", "lifecycle", "checks", "platforms"})
_TOOLS = frozenset({"code_interpreter", "file_search", "function"})
_NEEDS = "A manifest is a mapping of fields and needs at least `model:`."


def declared_assistants(file: ManifestFile, variables: Variables) -> tuple[list[Desired], list[Diagnostic]]:
    """The assistants that ``file`` declares without an error, and all that is to say about it."""
    try:
        text = read_yaml_text(file.path)
    except UnusableFileError as error:
        return [], [error.diagnostic(file.shown)]
    documents, problems = compose(text, file.shown)
    if not documents and not problems:
        documents = [Document(None, Position(file.shown))]
    desired, messages = [], []
    for document in documents:
        one, said = _declared(document, file, variables, default_key=len(documents) == 1)
        desired += [one] if one else []
        messages += said
    return desired, [*messages, *problems]


def _declared(
    document: Document, file: ManifestFile, variables: Variables, *, default_key: bool
) -> tuple[Desired | None, list[Diagnostic]]:
    root = document.root
    if root is None:
        return None, [_wrong_document("there is nothing in this document", document.position)]
    if not isinstance(root.value, dict):
        found = "a list" if isinstance(root.value, list) else "a single value"
        return None, [*document.problems, _wrong_document(f"this document is {found}", root.position)]
    root = _overridden(root, file, variables, default_key=default_key)
    contents = fill(root, variables)
    key = _key(root, contents, file, default_key=default_key)
    contents.problems += _violations(contents)
    include_files(contents, file)
    _refuse_twins(contents)
    if root.child("files") is not None and not variables.lenient:
        contents.report(
            ("files",), "files are not supported yet", "Remove `files:`, or use ids in `tool_resources`."
        )
    problems = sorted(
        (replace(problem, key=key) for problem in (*document.problems, *contents.problems)),
        key=lambda problem: _place(problem, file.shown),
    )
    if key is None or any(problem.severity is Severity.ERROR for problem in problems):
        return None, problems
    return _desired(key, contents), problems


def _overridden(root: Node, file: ManifestFile, variables: Variables, *, default_key: bool) -> Node:
    """The document with what the target declares for its key on top."""
    declared = root.child("key")
    key = declared.value if declared else (file.path.stem if default_key else None)
    over = variables.target.overrides.get(key) if variables.target and isinstance(key, str) else None
    return merged(root, over) if over else root


def _place(problem: Diagnostic, manifest: str) -> tuple[bool, str, int, int]:
    """The order of reading: the manifest, then the files it names."""
    position = problem.position or Position(manifest)
    return position.file != manifest, position.file, position.line, position.column


def _wrong_document(summary: str, position: Position) -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, _NEEDS, position=position)


def _key(root: Node, contents: Contents, file: ManifestFile, *, default_key: bool) -> str | None:
    """The assistant's key; ``None`` when there is none that can be used."""
    declared = root.child("key")
    if declared is not None:
        return declared.value if isinstance(declared.value, str) and _is_key(declared.value) else None
    stem = file.path.stem
    if not default_key:
        contents.report((), "this document needs a `key`", "A file with several documents needs one in each.")
        return None
    if not _is_key(stem):
        contents.report(
            (), f"the file's name {shown(stem)} is no key", f"Add `key: {_slug(stem)}`, or rename the file."
        )
        return None
    return stem


def _is_key(text: str) -> bool:
    return validator(ASSISTANT, ("properties", "key")).is_valid(text)


def _slug(stem: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", stem.lower()).strip("-_")[:64] or "my-assistant"


def _violations(contents: Contents) -> list[Diagnostic]:
    check = validator(ASSISTANT)
    errors = list(check.iter_errors(contents.value))
    wrong_type = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    other_readings = wrong_type & contents.readings.keys()
    if other_readings:
        for path in other_readings:
            _put(contents.value, path, contents.readings[path])
        errors = list(check.iter_errors(contents.value))
    if not errors:
        return []
    subject = Subject(
        contents.root,
        secret=frozenset(contents.secret),
        unjudged=frozenset(contents.unjudged),
        references=contents.references,
    )
    return explain(errors, subject)


def _put(value: Any, path: Path, reading: Json) -> None:  # noqa: ANN401 - walks through whatever JSON is there
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = reading


def _refuse_twins(contents: Contents) -> None:
    """A tool is known by its type, a function by its name: the second of two is an error."""
    tools = contents.value.get("tools") if isinstance(contents.value, dict) else None
    first: dict[tuple[str, str], int] = {}
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        identity = _identity(tool)
        if identity is None:
            continue
        other = first.setdefault(identity, place)
        if other != place:
            where = contents.positions[f"tools[{other}]"]
            contents.report(
                ("tools", place), f"this tool is there twice: first at {where}", "Keep one of the two."
            )


def _identity(tool: Json) -> tuple[str, str] | None:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if not isinstance(tool, dict) or kind not in _TOOLS:
        return None
    if kind != "function":
        return str(kind), ""
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    return ("function", name) if isinstance(name, str) else None


def _desired(key: str, contents: Contents) -> Desired:
    value = contents.value if isinstance(contents.value, dict) else {}
    fields: dict[str, Json] = {"name": key}
    fields |= {name: field for name, field in value.items() if name not in _NOT_FIELDS}
    return Desired(
        key=key,
        fields=fields,
        position=contents.root.position,
        lifecycle=_lifecycle(value.get("lifecycle")),
        secret_paths=frozenset(dotted(path) for path in contents.secret if not _is_outside_fields(path)),
        platform_fields=_platform_fields(value.get("platforms")),
        import_id=_text(value.get("import")),
        moved_from=_text(value.get("moved_from")),
        positions=contents.positions,
    )


def _text(declared: Json) -> str | None:
    return declared if isinstance(declared, str) else None


def _platform_fields(declared: Json) -> dict[str, dict[str, Json]]:
    platforms = declared if isinstance(declared, dict) else {}
    return {name: fields for name, fields in platforms.items() if isinstance(fields, dict)}


def _lifecycle(declared: Json) -> Lifecycle:
    rules = declared if isinstance(declared, dict) else {}
    prevent, ignored = rules.get("prevent_destroy"), rules.get("ignore_changes")
    return Lifecycle(
        prevent_destroy=prevent if isinstance(prevent, bool) else None,
        ignore_changes=tuple(str(path) for path in ignored) if isinstance(ignored, list) else (),
    )


def _is_outside_fields(path: Path) -> bool:
    """Whether the text at ``path`` is not sent: a check, a rule, the name of a file."""
    is_file_name = path[-1] == "file" and (path[0] == "instructions" or path[2:3] == ("function",))
    return is_file_name or path[0] in _NOT_FIELDS - {"platforms"}
