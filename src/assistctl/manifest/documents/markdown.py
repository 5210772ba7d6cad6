"""A Markdown file -> the one document it declares: its front matter, with the body for instructions."""

from __future__ import annotations

from dataclasses import replace

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.manifest.documents.ant_fields import under_its_platform
from assistctl.manifest.syntax.front_matter import FrontMatter, front_matter
from assistctl.manifest.syntax.node import Node
from assistctl.manifest.syntax.text_file import BYTE_ORDER_MARK, UnusableFileError, as_text, require_printable
from assistctl.manifest.syntax.yaml_parser import Document, compose
from assistctl.model.kind import Kind

_INSTRUCTIONS = "instructions"


def compose_markdown(data: bytes, file: str) -> tuple[list[Document], list[Diagnostic]]:
    """The document in a Markdown file that was read, as ``compose`` returns those of YAML.

    Raises ``UnusableFileError`` for what is no text, and for a file without front matter.
    """
    text = as_text(data).removeprefix(BYTE_ORDER_MARK)
    parts = front_matter(text)
    if parts is None or not parts.closed:
        raise _no_front_matter(parts)
    require_printable(parts.yaml)
    documents, problems = compose(parts.yaml, file)
    if len(documents) == 1:
        documents = [_with_instructions(documents[0], parts, file)]
    return documents, problems


def _no_front_matter(parts: FrontMatter | None) -> UnusableFileError:
    if parts is None:
        return UnusableFileError(
            "this Markdown file has no front matter",
            "A manifest in Markdown starts with its fields between two lines `---`; the text below is the "
            "instructions.",
        )
    return UnusableFileError(
        "nothing closes the front matter",
        "Add a line `---` below the fields; the text after it is the instructions.",
    )


def _with_instructions(document: Document, parts: FrontMatter, file: str) -> Document:
    root = document.root
    if root is None or not isinstance(root.value, dict):
        return document
    root = under_its_platform(root)
    if not parts.body:
        return replace(document, root=root)
    where = Position(file, parts.body_line, 1)
    problem = _refused(root, where)
    if problem:
        return replace(document, root=root, problems=(*document.problems, problem))
    body = Node(parts.body, where, written=parts.body)
    fields = {**root.value, _INSTRUCTIONS: body} if isinstance(root.value, dict) else root.value
    return replace(document, root=replace(root, value=fields, keys={**root.keys, _INSTRUCTIONS: where}))


def _refused(root: Node, where: Position) -> Diagnostic | None:
    """An error where the body cannot be the instructions."""
    kind, declared = root.child("kind"), root.child(_INSTRUCTIONS)
    if kind is not None and kind.value != Kind.ASSISTANT:
        return Diagnostic(
            Severity.ERROR,
            "the text below the front matter is an assistant's instructions, and this declares something else",
            "Remove it, or write what it says as comments of the front matter.",
            position=where,
        )
    if declared is None:
        return None
    return Diagnostic(
        Severity.ERROR,
        f"the instructions are there twice: in the front matter at {declared.position}, and below it",
        "Keep one of the two.",
        path=_INSTRUCTIONS,
        position=where,
    )
