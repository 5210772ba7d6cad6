"""An assistant as the Agents API has it, and back.

Names and shapes of the wire: ``openai/types/beta/agent_create_params.py``, ``agent.py`` and
``persisted_agent_tool_param.py`` of openai 3.57.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.capabilities import NOTHING_BESIDE, Capabilities, Finding, Level, Support
from assistctl.model.kind import Kind
from assistctl.model.model_catalog import Vendor
from assistctl.platforms.mcp_tools import (
    inexpressible_in_servers,
    left_out_of_servers,
    renamed,
    with_servers_as,
)
from assistctl.platforms.openai.agent_link import INTERPRETER
from assistctl.platforms.openai.counterparts import counterpart
from assistctl.platforms.openai.resource_fields import ENVIRONMENTS, SKILLS
from assistctl.platforms.openai.variables import ADDRESS_VARIABLE, KEY_VARIABLE
from assistctl.platforms.translation import (
    Object,
    as_object,
    function_findings,
    is_function,
    left_out,
    objects_in,
    own_tool_findings,
    refuse_inexpressible,
    without_strict,
)

NAME = "openai-agents"
_FORMAT_NAME = "response"
"""What a JSON schema format is called here, as this API has no name for it and the manifest wants one."""

_LONGEST_NAME = 128
_SAME = ("name", "model", "instructions")
_FIELDS = (*_SAME, "tools", "tool_resources", "reasoning_effort", "response_format", "platforms")
_OWN = ("service_tier", "multi_agent", "compaction", "experimental")
# Left out of a function that has neither, so that it is one of the Assistants API's.
_DEFERRALS = ("defer_loading", "async")
_NOT_IN_A_FORMAT = {
    "strict": "A text format has the schema alone. Answers must match it, and there is no other degree of that.",
    "description": "A text format has the schema alone: say it in the instructions or in the schema itself.",
}
_MOUNTED = "They become the files of an environment template, as /workspace/NAME."
_APPROVAL = "Leave it out: approval of calls is set when a session is started."
_NO_DESCRIPTION = "Say in the instructions what the server is for."
_NO_STORES = "There are no vector stores; files for code_interpreter are there to be read, under /workspace."


def to_wire(fields: Mapping[str, Json]) -> Object:
    """The body of a request, but for the metadata. Raises ``PlatformError`` for what would be lost.

    What the code interpreter comes to is no part of it: see ``agent_link``.
    """
    refuse_inexpressible(fields, _FIELDS, NAME)
    if _inexpressible_resources(fields.get("tool_resources")):
        raise PlatformError(f"{NAME} cannot express tool_resources", f"Nothing was sent. {_NO_STORES}")
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    body: Object = {name: fields[name] for name in _SAME if name in fields}
    if "tools" in fields:
        tools = objects_in(fields["tools"])
        body["tools"] = [_tool(tool) for tool in tools if tool.get("type") != INTERPRETER]
    reasoning = _present({"effort": "reasoning_effort"}, fields) | _present({"summary": "reasoning_summary"}, own)
    text = _present({"format": "response_format"}, fields) | _present({"verbosity": "verbosity"}, own)
    if "format" in text:
        text["format"] = _format(text["format"])
    for name, parts in (("reasoning", reasoning), ("text", text)):
        if parts:
            body[name] = _without_nulls(parts) or None
    body |= {name: _own(name, own[name]) for name in _OWN if name in own}
    return body


def from_wire(answer: Object) -> Object:
    """The fields of an answer in the Assistants API's shapes; what it does not have is left out."""
    fields: Object = {name: answer[name] for name in _SAME if name in answer}
    if "tools" in answer:
        fields["tools"] = [_manifest_tool(tool) for tool in objects_in(answer["tools"])]
    reasoning, text = as_object(answer.get("reasoning")), as_object(answer.get("text"))
    own: Object = {name: answer[name] for name in _OWN if name in answer}
    if "effort" in reasoning:
        fields["reasoning_effort"] = reasoning["effort"]
    if "summary" in reasoning:
        own["reasoning_summary"] = reasoning["summary"]
    if "format" in text:
        fields["response_format"] = _response_format(as_object(text["format"]))
    if "verbosity" in text:
        own["verbosity"] = text["verbosity"]
    fields["platforms"] = {NAME: own}
    return fields


def to_platform(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields without what ``CAPABILITIES`` says is left out."""
    kept = dict(fields)
    if "tools" in kept:
        kept["tools"] = with_servers_as(without_strict(kept["tools"]), _mcp_tool)
    schema = as_object(as_object(kept.get("response_format")).get("json_schema"))
    if schema:
        kept["response_format"] = _json_schema(schema.get("schema"))
    return kept


def findings(fields: Mapping[str, Json], own: Mapping[str, Json]) -> Iterator[Finding]:
    """The values in a manifest that this API does not have."""
    name = fields.get("name")
    if isinstance(name, str) and len(name) > _LONGEST_NAME:
        summary = f"the name has {len(name)} characters, and {NAME} keeps {_LONGEST_NAME}"
        yield Finding("name", summary, "Choose a shorter one.")
    yield from function_findings(fields.get("tools"), NAME)
    yield from inexpressible_in_servers(fields.get("tools"), NAME, {"require_approval": _APPROVAL})
    yield from left_out_of_servers(fields.get("tools"), NAME, {"server_description": _NO_DESCRIPTION})
    yield from _schema_findings(fields.get("response_format"))
    if as_object(fields.get("tool_resources")).get("file_search"):
        where = "tool_resources.file_search"
        yield Finding(where, f"{NAME} cannot express {where}", _NO_STORES)
    path = f"platforms.{NAME}.tools"
    yield from own_tool_findings(own.get("tools"), path)
    for place, tool in enumerate(objects_in(own.get("tools"))):
        if tool.get("type") == "function" and not any(tool.get(word) for word in _DEFERRALS):
            where = f"{path}[{place}]"
            advice = "Declare it under `tools`; only deferred and asynchronous functions stand here."
            yield Finding(where, f"{where} is a function like any other", advice)


CAPABILITIES = Capabilities(
    fields={
        "name": Support(note=f"At most {_LONGEST_NAME} characters."),
        "model": Support(),
        "instructions": Support(note="They are appended to the platform's own base instructions."),
        "metadata": Support(),
        "tools.function": Support(note="Each needs a description and parameters, and strict is left out."),
        "reasoning_effort": Support(note="It is reasoning.effort there."),
        "response_format": Support(note="It is text.format there."),
        "response_format.json_schema": Support(
            Level.MAPPED,
            "It becomes text.format, which has the schema alone: no name, description and strict.",
        ),
        "response_format.json_object": Support(
            Level.UNSUPPORTED, "Use json_schema; {type: object} lets any object through."
        ),
        "description": Support(Level.UNSUPPORTED, "Put it in metadata."),
        "temperature": Support(
            Level.UNSUPPORTED, "There is nothing like it: reasoning_effort and the instructions steer there."
        ),
        "top_p": Support(
            Level.UNSUPPORTED, "There is nothing like it: reasoning_effort and the instructions steer there."
        ),
        "tools.mcp": Support(note="It is a tool with an http transport; `credential` is its credential_id."),
        "tool_resources": Support(Level.MAPPED, _MOUNTED),
        "tools.code_interpreter": Support(
            Level.MAPPED, "Code runs in the session's environment, which reaches no network."
        ),
        "tools.file_search": Support(
            Level.UNSUPPORTED,
            "Declare a function or an MCP server that searches, under `tools` or "
            f"platforms.{NAME}.tools. {_NO_STORES}",
        ),
        "files.code_interpreter": Support(Level.MAPPED, _MOUNTED),
        "files.file_search": Support(Level.UNSUPPORTED, _NO_STORES),
        **NOTHING_BESIDE,
        "skills": Support(Level.UNSUPPORTED, "An environment has skills there, and no agent: name it there."),
        "environment": Support(
            Level.MAPPED,
            "No agent has it: a session is started with its template, and the assistant's `files` beside that.",
        ),
    },
    platform_fields=frozenset({*_OWN, "reasoning_summary", "verbosity", "tools"}),
    computed=frozenset({"reasoning_effort"}),
    replaced_together=(
        ("reasoning_effort", "platforms.reasoning_summary"),
        ("response_format", "platforms.verbosity"),
    ),
    defaults={
        "service_tier": "auto",
        "verbosity": "medium",
        "multi_agent": {"enabled": False},
        "compaction": {"async": False},
        "experimental": {"time_awareness": False},
    },
    vendor=Vendor.OPENAI,
    address_variable=ADDRESS_VARIABLE,
    credential_variables=(KEY_VARIABLE,),
    tells_account="answers",
    resources={Kind.SKILL: SKILLS, Kind.ENVIRONMENT: ENVIRONMENTS},
    converses=Support(
        note="A conversation is a session, which begins with its first message, in the assistant's `environment` "
        "or the one of its files; files go with that message, into the environment."
    ),
    counterpart=counterpart,
    findings=findings,
    to_platform=to_platform,
)


def _schema_findings(response_format: Json) -> Iterator[Finding]:
    schema = as_object(as_object(response_format).get("json_schema"))
    for name, note in _NOT_IN_A_FORMAT.items():
        if schema.get(name):
            yield left_out(f"response_format.json_schema.{name}", NAME, note)


def _inexpressible_resources(resources: Json) -> bool:
    if resources is None:
        return False
    return not isinstance(resources, dict) or any(resources[tool] for tool in resources if tool != INTERPRETER)


def _tool(tool: Object) -> Object:
    if not is_function(tool):
        return tool
    function = as_object(tool["function"])
    # Null is no description; the API then says that it needs one.
    return {"type": "function", **_without_nulls(function)}


def _mcp_tool(server: Object) -> Object:
    """An MCP server as ``PersistedAgentToolConfigParamMcp`` has it."""
    transport: Object = {"type": "http", **renamed(server, {"server_url": "server_url", "headers": "headers"})}
    names = {"allowed_tools": "allowed_tools", "credential": "credential_id"}
    return {**renamed(server, {"type": "type", "server_label": "server_label"}), "transport": transport} | renamed(
        server, names
    )


def _manifest_tool(tool: Object) -> Object:
    if tool.get("type") != "function" or any(tool.get(word) for word in _DEFERRALS):
        return tool
    return {
        "type": "function",
        "function": {name: part for name, part in tool.items() if name not in {"type", *_DEFERRALS}},
    }


def _present(names: Mapping[str, str], source: Mapping[str, Json]) -> Object:
    """The fields of ``source`` in ``names`` (ours by theirs), under their names."""
    return {theirs: source[ours] for theirs, ours in names.items() if ours in source}


def _format(value: Json) -> Json:
    """A response format as a text format."""
    if value == "auto":
        return {"type": "text"}
    schema = as_object(as_object(value).get("json_schema"))
    return {"type": "json_schema", "schema": schema.get("schema", {})} if schema else value


def _response_format(value: Object) -> Json:
    if value.get("type") == "text":
        return "auto"
    return _json_schema(value.get("schema")) if value.get("type") == "json_schema" else value


def _json_schema(schema: Json) -> Json:
    return {"type": "json_schema", "json_schema": {"name": _FORMAT_NAME, "schema": schema or {}}}


def _own(name: str, value: Json) -> Json:
    if name == "experimental":
        # It is merged by key and cannot be null; every feature is off unless it is on.
        features = as_object(value) or {"time_awareness": None}
        return {feature: False if setting is None else setting for feature, setting in features.items()}
    return _without_nulls(value) or None if isinstance(value, dict) else value


def _without_nulls(value: Object) -> Object:
    return {name: part for name, part in value.items() if part is not None}
