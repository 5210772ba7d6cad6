"""The folder of a skill: whether it is one, and how much is in it.

https://agentskills.io/specification: a ``SKILL.md`` at its top, whose front matter has a ``name`` and a
``description``. What a model reads first is checked before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from assistctl.checkout.untrusted_files import UnusableFileError, read_text
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.manifest.documents.declaration import Declaration
from assistctl.manifest.files.entries import Reader
from assistctl.manifest.files.expand import AttachedFile
from assistctl.manifest.syntax.front_matter import front_matter
from assistctl.manifest.syntax.yaml_values import Node
from assistctl.model.resource import CONTENT, MAIN_FILE

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = {"name": 64, "description": 1024}
_ADVICE = f"{MAIN_FILE} starts with `---`, `name:` and `description:`, `---`; then comes what it says."


def with_folders(declarations: Sequence[Declaration]) -> tuple[list[Declaration], list[Diagnostic]]:
    """``declarations`` with the sizes of the files of each skill, and what is wrong with those."""
    found: list[Declaration] = []
    problems: list[Diagnostic] = []
    for declaration in declarations:
        files = [attached for attached in declaration.files if attached.reader is Reader.CONTENT]
        if declaration.resource is None or not files:
            found.append(declaration)
            continue
        problems += _problems(declaration, files)
        base = base_of(attached.file.path for attached in files)
        sizes = {attached.file.path.removeprefix(base): attached.file.stat.size for attached in files}
        found.append(replace(declaration, resource=replace(declaration.resource, sizes=sizes)))
    return found, problems


def base_of(paths: Iterable[str]) -> str:
    """The folder that holds the ``SKILL.md`` nearest to the top, with a ``/`` behind it; where all is, if none."""
    main = min((path for path in paths if path.rpartition("/")[2] == MAIN_FILE), key=len, default="")
    return main.removesuffix(MAIN_FILE)


def _problems(declared: Declaration, files: Sequence[AttachedFile]) -> Iterator[Diagnostic]:
    base = base_of(attached.file.path for attached in files)
    main = next((file for file in files if file.file.path == f"{base}{MAIN_FILE}"), None)
    if main is None or not all(file.file.path.startswith(base) for file in files):
        yield Diagnostic(
            Severity.ERROR,
            f"there is no {MAIN_FILE} in this folder",
            f"A {MAIN_FILE} at its top says what it is.",
            key=declared.key,
            path=CONTENT,
            position=files[0].field_position,
        )
        return
    for summary, detail, position in _of_main(main):
        yield Diagnostic(Severity.ERROR, summary, detail, key=declared.key, path=CONTENT, position=position)


def _of_main(main: AttachedFile) -> Iterator[tuple[str, str, Position]]:
    """The problems of a ``SKILL.md``: each with its summary, advice and position."""
    shown = main.file.path
    try:
        found = front_matter(read_text(main.file.location).removeprefix("\ufeff"))
    except UnusableFileError as error:
        yield f"{shown}: {error.summary}", error.detail, Position(shown, *(error.place or (1, 1)))
        return
    if found is None or not found.closed:
        yield f"{shown} has no front matter", _ADVICE, Position(shown, 1, 1)
        return
    from assistctl.manifest.syntax.yaml_parser import compose

    documents, problems = compose(found.yaml, shown)
    for problem in problems:
        if problem.severity is Severity.ERROR:
            yield problem.summary, problem.detail, problem.position or Position(shown, 1, 1)
            return
    root = documents[0].root if documents else None
    for name, longest in _LONGEST.items():
        yield from _of_field(root, name, longest, shown)


def _of_field(root: Node | None, name: str, longest: int, shown: str) -> Iterator[tuple[str, str, Position]]:
    node = root.child(name) if root is not None and isinstance(root.value, dict) else None
    text = node.value if node is not None else None
    place = node.position if node is not None else Position(shown, 1, 1)
    if not isinstance(text, str) or not text.strip():
        yield f"{shown} has no {name}", _ADVICE, place
    elif len(text) > longest:
        yield f"the {name} has {len(text):,} characters; at most {longest:,} are allowed", "", place
    elif name == "name" and not _NAME.fullmatch(text):
        advice = "A skill's name has lower-case letters, digits, and single hyphens between them."
        yield f"{text!r} is not a skill's name", advice, place
