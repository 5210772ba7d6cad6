"""A Markdown file -> the one document it declares: its front matter, with the body for instructions.

An agent of ``ant`` is Markdown whose front matter has the fields of the API's agent and whose body is its system
prompt (https://platform.claude.com/docs/en/cli-sdks-libraries/cli/apply). ``name``, ``description``, ``model`` and
``metadata`` mean what they mean here. The rest only Claude's agents have: it belongs under their platform.
"""

from __future__ import annotations

from dataclasses import replace

from assistctl.checkout.untrusted_files import BYTE_ORDER_MARK, UnusableFileError, as_text
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.manifest.syntax.front_matter import FrontMatter, front_matter
from assistctl.manifest.syntax.yaml_parser import Document, compose
from assistctl.manifest.syntax.yaml_values import Node, merged, require_printable
from assistctl.model.kind import Kind
from assistctl.platforms.anthropic.ant_files import FIELDS, PLATFORM, TOOLSETS

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
    root = _under_its_platform(root)
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


def _under_its_platform(root: Node) -> Node:
    """``root`` with what only Claude's agents have under ``platforms`` and their name, places kept.

    What is written under ``platforms`` wins over what is moved there.
    """
    if not isinstance(root.value, dict):
        return root
    moved = {name: root.value[name] for name in FIELDS if name in root.value and not _names_keys(root.value[name])}
    own, others = _tools(root)
    if own:
        moved["tools"] = replace(root.value["tools"], value=own)
    if not moved:
        return root
    keys = {name: root.keys[name] for name in moved}
    rest = {name: child for name, child in root.value.items() if name not in moved}
    if own and others:
        rest["tools"] = replace(root.value["tools"], value=others)
    under = Node({PLATFORM: Node(dict(moved), root.place, keys)}, root.place, {PLATFORM: root.place})
    platforms = root.value.get("platforms")
    rest["platforms"] = merged(under, platforms) if platforms else under
    return replace(root, value=rest, keys={"platforms": root.place, **root.keys})


def _names_keys(declared: Node) -> bool:
    """Whether a list names things of the project: ``skills`` has keys here, and objects with a type there."""
    items = declared.value if isinstance(declared.value, list) else []
    return any(isinstance(item.value, str) or item.child("skill") is not None for item in items)


def _tools(root: Node) -> tuple[list[Node], list[Node]]:
    """The toolsets of Claude's agents among the document's tools, and its other tools."""
    tools = root.child("tools")
    declared = tools.value if tools and isinstance(tools.value, list) else []
    own = [tool for tool in declared if _is_toolset(tool)]
    return own, [tool for tool in declared if not _is_toolset(tool)]


def _is_toolset(tool: Node) -> bool:
    kind = tool.child("type")
    return kind is not None and isinstance(kind.value, str) and kind.value.startswith(TOOLSETS)
