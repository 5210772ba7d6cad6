"""The environment for an agent's sessions, as the agent's metadata names it.

The Agents API keeps no link from an agent to an environment template, and no tool that runs code; both are written
into one metadata pair that a person can read::

    assistctl_environment: template=envtmpl_1 content=pM3vA9yXcK1d tool=code_interpreter files=1:…

It takes in the pair that says what the files are, so that no agent has more pairs of ours than an assistant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistctl.json_value import Json
from assistctl.ownership.file_marks import FILES
from assistctl.ownership.mark import words_in
from assistctl.platforms.openai.environment_template import Template, content_digest
from assistctl.platforms.translation import Object, as_object, objects_in

INTERPRETER = "code_interpreter"
PAIR = "assistctl_environment"

_TEMPLATE, _CONTENT, _TOOL, _FILES = "template", "content", "tool", "files"


@dataclass(frozen=True, slots=True)
class Link:
    """``content`` is the digest of what was put into the template; ``runs_code``: it has the code interpreter."""

    template_id: str | None = None
    content: str = ""
    runs_code: bool = False

    def __bool__(self) -> bool:
        return self.template_id is not None or self.runs_code


def read_link(metadata: Mapping[str, str]) -> Link:
    """The link in an agent's metadata; an empty one if there is none, or none that can be read."""
    words = _words(metadata)
    return Link(words.get(_TEMPLATE) or None, words.get(_CONTENT, ""), words.get(_TOOL) == INTERPRETER)


def with_link(metadata: Mapping[str, str], link: Link) -> dict[str, str]:
    """An assistant's metadata as its agent has it."""
    pairs = {key: value for key, value in metadata.items() if key != PAIR}
    if not link:
        return pairs
    words = {
        _TEMPLATE: link.template_id,
        _CONTENT: link.content,
        _TOOL: INTERPRETER if link.runs_code else None,
        _FILES: pairs.pop(FILES, None),
    }
    return {**pairs, PAIR: " ".join(f"{word}={value}" for word, value in words.items() if value)}


def without_link(metadata: Mapping[str, str]) -> dict[str, str]:
    """An agent's metadata as its assistant has it."""
    pairs = {key: value for key, value in metadata.items() if key != PAIR}
    files = _words(metadata).get(_FILES)
    return {**pairs, FILES: files} if files else pairs


def linked_fields(fields: Mapping[str, Json], link: Link, template: Template | None) -> Object:
    """An agent's fields with what its environment comes to in the Assistants API's shapes.

    What others changed in the template, beside its uploads, is told as settings of the tool.
    """
    found = dict(fields)
    if link.runs_code:
        tool: Object = {"type": INTERPRETER}
        edits = _edits(link, template) if template else {}
        found["tools"] = [*objects_in(fields.get("tools")), {**tool, "environment": edits} if edits else tool]
    if template is not None:
        found["tool_resources"] = {INTERPRETER: {"file_ids": [*template.file_ids]}}
    return found


def runs_code(tools: Json) -> bool:
    """Whether the code interpreter is among ``tools``."""
    return any(tool.get("type") == INTERPRETER for tool in objects_in(tools))


def interpreter_ids(resources: Json) -> list[str]:
    """The uploads that ``tool_resources`` names for the code interpreter, each once."""
    ids = as_object(as_object(resources).get(INTERPRETER)).get("file_ids")
    return list(dict.fromkeys(str(file_id) for file_id in ids)) if isinstance(ids, list) else []


def _edits(link: Link, template: Template) -> Object:
    edits = dict(template.settings)
    if content_digest(template.files) != link.content:
        edits["files"] = [path for path, _ in template.files]
    return edits


def _words(metadata: Mapping[str, str]) -> dict[str, str]:
    return words_in(metadata.get(PAIR, ""))
