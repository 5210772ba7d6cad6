"""An assistant as Mistral's agents API has it, and back.

Names and shapes of the wire: ``CreateAgentRequest``, ``UpdateAgentRequest``, ``CompletionArgs`` and ``Agent`` of
mistralai 3.7.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.model.capabilities import (
    ASSISTANTS_API,
    NOTHING_BESIDE,
    Capabilities,
    FieldDefaults,
    Finding,
    Level,
    Support,
)
from assistctl.model.model_catalog import Vendor
from assistctl.ownership.mark import OUR_PAIRS
from assistctl.platforms.mistral.counterparts import CONNECTOR, LIBRARY, NAME, counterpart
from assistctl.platforms.mistral.metadata import LIMITS, LONGEST_VALUE, MOST_PAIRS
from assistctl.platforms.mistral.serving import ALIASES, is_name, serving_after
from assistctl.platforms.mistral.variables import KEY_VARIABLE
from assistctl.platforms.translation import (
    Object,
    as_object,
    is_function,
    objects_in,
    own_tool_findings,
    refuse_inexpressible,
    without_nulls,
)

_SAME = ("name", "description", "model", "instructions")
_ARGUMENTS = ("temperature", "top_p", "reasoning_effort", "response_format")
_FIELDS = (*_SAME, *_ARGUMENTS, "tools", "platforms")
_LISTS = ("handoffs", "guardrails")
# Of ``CompletionArgs``, beside those that manifests have of their own.
_OWN_ARGUMENTS = (
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "max_tokens",
    "random_seed",
    "prediction",
    "tool_choice",
)
# The one argument that cannot be null.
_NOT_NULL = {"tool_choice": "auto"}
# The names of the aliases take one.
_PAIRS_BESIDE_ALIASES = MOST_PAIRS - OUR_PAIRS - 1
_NO_PARAMETERS: Object = {"type": "object", "properties": {}}


def to_wire(fields: Mapping[str, Json], arguments: Json = None) -> Object:
    """The body of a request, but for the metadata; ``arguments`` are the ``completion_args`` that are there.

    They are sent as a whole, those that go as null: nobody says whether an update merges them. Raises
    ``PlatformError`` for what would be lost.
    """
    refuse_inexpressible(fields, _FIELDS, NAME)
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    body: Object = {name: fields[name] for name in _SAME if name in fields}
    if "tools" in fields:
        body["tools"] = [_wire_tool(tool) for tool in objects_in(fields["tools"])]
    body |= {name: own[name] for name in _LISTS if name in own}
    changed: Object = {name: _argument(name, fields[name]) for name in _ARGUMENTS if name in fields}
    changed |= {name: _argument(name, own[name]) for name in _OWN_ARGUMENTS if name in own}
    return {**body, "completion_args": {**without_nulls(as_object(arguments)), **changed}} if changed else body


def from_wire(answer: Object, aliases: list[str] | None = None) -> Object:
    """The fields of an answer in the Assistants API's shapes; what it does not have is left out.

    ``aliases`` are those that stand for it, where there are to be any.
    """
    arguments = as_object(answer.get("completion_args"))
    fields: Object = {name: answer[name] for name in _SAME if name in answer}
    fields |= {name: arguments[name] for name in _ARGUMENTS if name in arguments}
    if isinstance(arguments.get("response_format"), dict):
        fields["response_format"] = without_nulls(as_object(arguments["response_format"]))
    fields["tools"] = [_manifest_tool(tool) for tool in objects_in(answer.get("tools"))]
    own: Object = {name: answer[name] for name in _LISTS if name in answer}
    own |= {name: arguments[name] for name in _OWN_ARGUMENTS if name in arguments}
    if aliases is not None:
        own[ALIASES] = [*aliases]
    fields["platforms"] = {NAME: own}
    return fields


def declared_aliases(fields: Mapping[str, Json]) -> list[str] | None:
    """The names of the aliases among ``fields``; ``None`` where they say nothing of them."""
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    names = own.get(ALIASES)
    return ([str(name) for name in names] if isinstance(names, list) else []) if ALIASES in own else None


def to_platform(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields with functions as they are answered: one without a description has none, not an empty one."""
    tools = fields.get("tools")
    if not isinstance(tools, list):
        return dict(fields)
    return {**fields, "tools": [_manifest_tool(tool) if isinstance(tool, dict) else tool for tool in tools]}


def findings(fields: Mapping[str, Json], own: Mapping[str, Json]) -> Iterator[Finding]:
    """The values in a manifest that this API does not have."""
    if not fields.get("name"):
        yield Finding("name", f"{NAME} needs a name", "Give it one, or leave `name` out for the key.")
    yield from own_tool_findings(own.get("tools"), f"platforms.{NAME}.tools")
    yield from _alias_findings(fields, own.get(ALIASES))


CAPABILITIES = Capabilities(
    fields={
        "name": Support(note="It must not be empty."),
        "description": Support(),
        "model": Support(),
        "instructions": Support(),
        "metadata": Support(note="Its limits are not documented: those of other platforms are assumed."),
        "temperature": Support(note="It is in completion_args there; left out, it is the model's own."),
        "top_p": Support(note="It is in completion_args there; left out, it is the model's own."),
        "reasoning_effort": Support(note="It is in completion_args there; not every model has one."),
        "response_format": Support(note="It is in completion_args there."),
        "response_format.text": Support(note="It is in completion_args there."),
        "response_format.json_object": Support(note="It is in completion_args there."),
        "response_format.json_schema": Support(note="It is in completion_args there."),
        "tools.function": Support(),
        "tools.code_interpreter": Support(note="It has no files of its own."),
        "tools.file_search": Support(
            Level.UNSUPPORTED, f"Make a library of the documents and declare {LIBRARY}: it is searched."
        ),
        "tools.mcp": Support(Level.UNSUPPORTED, f"Make a connector of the server and declare {CONNECTOR}."),
        "tool_resources": Support(
            Level.UNSUPPORTED, f"Files are documents of a library there: declare {LIBRARY}."
        ),
        "files.code_interpreter": Support(
            Level.UNSUPPORTED, "Files for code go with a message of a conversation there, not with an agent."
        ),
        "files.file_search": Support(
            Level.UNSUPPORTED, f"Files are documents of a library there: declare {LIBRARY}."
        ),
        **NOTHING_BESIDE,
    },
    platform_fields=frozenset({*_LISTS, *_OWN_ARGUMENTS, ALIASES, "tools"}),
    # ``CustomConnector``: a key or a token is a secret.
    write_only_in_tools=frozenset({"authorization"}),
    # What a model has of its own (``default_model_temperature``) may be answered where nothing was set.
    computed=frozenset({"temperature", "top_p", "reasoning_effort"}),
    defaults={
        ALIASES: [],
        "handoffs": [],
        "guardrails": [],
        "tool_choice": "auto",
        "presence_penalty": 0,
        "frequency_penalty": 0,
    },
    field_defaults=FieldDefaults(
        values={"response_format": "auto", "description": "", "instructions": ""}, rankers=ASSISTANTS_API.rankers
    ),
    metadata_limits=LIMITS,
    vendor=Vendor.MISTRAL,
    extra="mistral",
    credential_variables=(KEY_VARIABLE,),
    tells_account="answers",
    converses=Support(
        note="A conversation is kept there until it is closed; files go inside the message, as text or PDF."
    ),
    serving_fields=frozenset({ALIASES}),
    serving_after=serving_after,
    counterpart=counterpart,
    findings=findings,
    to_platform=to_platform,
)


def _alias_findings(fields: Mapping[str, Json], aliases: Json) -> Iterator[Finding]:
    where = f"platforms.{NAME}.{ALIASES}"
    names = aliases if isinstance(aliases, list) else []
    for place, name in enumerate(names):
        if not is_name(name):
            advice = "It has letters, digits, dots, hyphens and underscores."
            yield Finding(f"{where}[{place}]", f"{where}[{place}] is not an alias's name", advice)
    if len(" ".join(str(name) for name in names)) > LONGEST_VALUE:
        yield Finding(where, f"{where} are too many", "Their names have to fit into one pair of the metadata.")
    pairs = len(as_object(fields.get("metadata")))
    if names and pairs > _PAIRS_BESIDE_ALIASES:
        summary = f"metadata has {pairs} pairs, and {NAME} has room for {_PAIRS_BESIDE_ALIASES} beside aliases"
        yield Finding("metadata", summary, "Remove one: the names of the aliases take a pair there.")


def _argument(name: str, value: Json) -> Json:
    if value is None or (name == "response_format" and value == "auto"):
        return _NOT_NULL.get(name)
    return value


def _wire_tool(tool: Object) -> Object:
    """``FunctionTool`` of a function, which has to have parameters; any other tool as it is."""
    if not is_function(tool):
        return tool
    function = without_nulls(as_object(tool["function"]))
    return {**tool, "function": {**function, "parameters": function.get("parameters") or dict(_NO_PARAMETERS)}}


def _manifest_tool(tool: Object) -> Object:
    if not is_function(tool):
        return without_nulls(tool)
    function = without_nulls(as_object(tool["function"]))
    if function.get("description") == "":
        del function["description"]
    return {**tool, "function": function}
