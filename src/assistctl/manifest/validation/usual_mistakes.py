"""Mistakes that many make, and the way on: other tools' words, pasted answers, tools in another shape."""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.errors import did_you_mean
from assistctl.manifest.syntax.phrases import shown
from assistctl.manifest.syntax.yaml_values import Path

# Other tools' words for fields of the manifest.
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("prompt", "system_prompt", "system", "system_message", "instruction"), "instructions"),
    **dict.fromkeys(("llm", "engine", "deployment", "model_id", "model_name"), "model"),
    **dict.fromkeys(("title", "display_name"), "name"),
    **dict.fromkeys(("functions", "plugins"), "tools"),
    **dict.fromkeys(("documents", "docs", "knowledge"), "files"),
    "file_ids": "files",
}
# Package managers, for what they install.
_PACKAGES: Mapping[str, str] = {"pip": "python", "pypi": "python", "apt": "system", "gems": "gem"}
_ANSWERED = frozenset({"id", "object", "created_at"})
_TOOLS = frozenset({"code_interpreter", "file_search", "function"})
_OF_MCP_SERVERS = frozenset({"server_label", "server_url", "transport", "headers", "connector_id", "url"})
# Types that look like one of the Assistants API's and are other platforms'.
_ELSEWHERE = frozenset({"retrieval", "web_search", "web_search_preview", "computer_use_preview", "custom"})
_OF_FUNCTIONS = frozenset({"name", "description", "parameters", "strict"})
_COMPLETION_ARGUMENTS = (
    "What is in it stands by itself: `temperature`, `top_p` and `response_format` are fields of the manifest, the "
    "others go here without it."
)
_FUNCTION = "A function is `{type: function, function: {name: …, description: …, parameters: …}}`."


def about_unknown(field: str, path: Path, instance: Mapping[str, object]) -> str:
    """Advice on a field that does not exist at ``path``; the empty string where none is known."""
    if path[:1] == ("platforms",) and field == "completion_args":
        return _COMPLETION_ARGUMENTS
    if not path and field in _ANSWERED:
        identity = instance.get("id")
        taken = identity if isinstance(identity, str) else "ID"
        return (
            f"It is part of an API's answer and is not declared. `import: {taken}` takes over what exists, and "
            "`assistctl migrate --from FILE` writes the manifest of an exported one."
        )
    if instance.get(field) is None:
        # What APIs answer has such fields: `hybrid_search: null` in ranking options.
        return "It is null and so says nothing: remove it."
    meant = _WORDS.get(field) if not path else _PACKAGES.get(field) if path == ("packages",) else None
    if meant:
        return f"did you mean {meant!r}?"
    return _about_unknown_in_tool(field, path, instance) if path[:1] == ("tools",) else ""


def about_missing(field: str, path: Path, instance: Mapping[str, object]) -> str:
    """Advice on a field that ``path`` lacks; the empty string where none is known."""
    if path[:1] == ("platforms",) and field == "type" and len(instance) == 1:
        near = did_you_mean(next(iter(instance)), ("assistant",))
        return (
            f"{near[:1].upper()}{near[1:]} It names another assistant of the project by its key." if near else ""
        )
    is_tool = path[:1] == ("tools",) and len(path) == 2  # noqa: PLR2004 - tools[0]
    if not is_tool or field not in {"type", "function"}:
        return ""
    if field == "type" and isinstance(instance.get("function"), dict):
        return "Add `type: function`."
    return _FUNCTION if instance.keys() & _OF_FUNCTIONS else ""


def about_text(text: str, path: Path) -> str:
    """Advice on a text where a list or a mapping must be; the empty string where none is known."""
    if path == ("tools",):
        return f"Write a list: `tools: [{{type: {shown(text)[1:-1]}}}]`." if text else ""
    if path[:1] != ("tools",):
        return ""
    if len(path) == 2:  # noqa: PLR2004 - tools[0]
        return f"Write `- type: {text}`." if text in _TOOLS else _FUNCTION
    if path[2:] == ("function",) and text.endswith(".json"):
        return f"Write `function: {{file: {shown(text)[1:-1]}}}`."
    return ""


def is_elsewhere(text: str) -> bool:
    """Whether a tool's ``type`` is no misspelling, but another platform's or an older one's."""
    return text in _ELSEWHERE


def about_type(text: str, path: Path) -> str:
    """Advice on a tool's ``type`` that is none of the Assistants API's; the empty string for another ``path``."""
    if path[:1] != ("tools",) or path[2:] != ("type",):
        return ""
    if text == "retrieval":
        return "`file_search` is what retrieval became."
    return (
        "A tool that only one platform has goes under its name: "
        f"`platforms: {{NAME: {{tools: [{{type: {shown(text)[1:-1]}}}]}}}}`."
    )


def _about_unknown_in_tool(field: str, path: Path, instance: Mapping[str, object]) -> str:
    if len(path) == 2 and field in _OF_FUNCTIONS and instance.get("type") == "function":  # noqa: PLR2004 - tools[0]
        return f"It belongs under `function`. {_FUNCTION}"
    if len(path) == 2 and field in _OF_MCP_SERVERS and instance.get("type") == "mcp":  # noqa: PLR2004 - tools[0]
        return (
            "An MCP server is a document of its own (`kind: mcp_server`); a tool names its key: "
            "`{type: mcp, server: KEY}`."
        )
    if path[2:] == ("function",) and field in {"type", "function"}:
        return "This is a whole tool: only what is under its own `function` belongs here."
    if field == "file_ids":
        return (
            "Ids of files go into `tool_resources.code_interpreter.file_ids`; files of the project into `files`."
        )
    return ""
