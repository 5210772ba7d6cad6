"""The requests of the SDKs that make and change what manifests declare, and what has to be said of their fields.

To add a platform: an ``SdkRequest`` with the parameters of its SDK's create and update, its ``to_wire`` and
``from_wire``, and an explanation of each field that those two do not carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_overloads, get_type_hints

from support.sdk_fields import Variant
from support.sdk_request import How, Place, SdkRequest, Translation
from support.sdk_types import fields_of

_METADATA = Place(How.NATIVE)
_NOTHING_TO_SAY = Place(How.MAPPED, "the default: nothing is declared")
_UPLOADED = Place(How.OURS, "the id of an upload that `files` asks for")
_AGENT_NAME = Place(How.OURS, "made of the key, or the name that an adopted agent has")
_KEPT = "Agents keep the one that they have."


def sdk_requests() -> list[SdkRequest]:
    """All of them, in the order of the page."""
    agents = [_assistants(), _agents(), _templates(), _anthropic(), _foundry(), _foundry_details(), _mistral()]
    return [*agents, *_knowledge()]


def _assistants() -> SdkRequest:
    from openai.types.beta.assistant_create_params import AssistantCreateParams
    from openai.types.beta.assistant_update_params import AssistantUpdateParams

    return SdkRequest(
        "openai-assistants",
        "Assistants",
        "openai",
        fields_of(AssistantCreateParams),
        fields_of(AssistantUpdateParams),
        Translation(to_wire=dict, from_wire=dict),
        {
            "metadata": _METADATA,
            "response_format": Place(How.NATIVE),
            "response_format[text]": Place(How.NATIVE),
            "tools[file_search].file_search.ranking_options.ranker": Place(How.NATIVE),
            "tool_resources.file_search.vector_stores.*": Place(
                How.MAPPED, "`files`, or `vector_store` and a document of its own: the store is made first"
            ),
        },
        {"name": "desk", "model": "m"},
    )


def _agents() -> SdkRequest:
    from openai.types.beta.agent_create_params import AgentCreateParams
    from openai.types.beta.agent_update_params import AgentUpdateParams

    from assistctl.platforms.openai.agents_fields import from_wire, to_wire

    return SdkRequest(
        "openai-agents",
        "Agents",
        "openai",
        fields_of(AgentCreateParams),
        fields_of(AgentUpdateParams),
        Translation(to_wire, from_wire),
        {"metadata": _METADATA, "text.format[text]": _NOTHING_TO_SAY},
        {"name": "desk", "model": "m"},
    )


def _templates() -> SdkRequest:
    from openai.types.beta.agents.environments.template_create_params import TemplateCreateParams
    from openai.types.beta.agents.environments.template_update_params import TemplateUpdateParams

    def declared(field: str) -> Place:
        return Place(How.NATIVE, f"`{field}` of `kind: environment`")

    own = Place(How.PLATFORMS, "of `kind: environment`")
    return SdkRequest(
        "openai-agents",
        "Environment templates",
        "openai",
        fields_of(TemplateCreateParams),
        fields_of(TemplateUpdateParams),
        explained={
            "name": Place(
                How.MAPPED, "`name` of `kind: environment`, its mark behind it; an agent's mark for its files"
            ),
            "files[file_id].file_id": Place(
                How.MAPPED, "`files` of `kind: environment`, under `platforms`; uploads of an agent's `files`"
            ),
            "files[file_id].path": Place(
                How.MAPPED, "`files` of `kind: environment`, under `platforms`; `/workspace/` and a name"
            ),
            "files[file_id]": Place(How.MAPPED, "`files` of the tool `code_interpreter`, or under `platforms`"),
            "files[inline].*": Place(
                How.REFUSED, "Files are uploads, so that they can be told apart by their contents."
            ),
            "network.*": declared("network"),
            "packages.*": declared("packages"),
            "env": declared("env"),
            "setup_commands.*": declared("setup_commands"),
            "skills[skill_reference].*": Place(How.MAPPED, "`skills` of `kind: environment`, by key"),
            "skills[inline].*": Place(How.REFUSED, "A skill is a document of its own, which has versions."),
            "desktop.*": own,
            "capability_directories": own,
            "plugins.*": Place(How.REFUSED, "An archive inside of a manifest is nothing that can be reviewed."),
        },
    )


def _anthropic() -> SdkRequest:
    from anthropic.types.beta.agent_create_params import AgentCreateParams
    from anthropic.types.beta.agent_update_params import AgentUpdateParams

    from assistctl.platforms.anthropic.agent_wire import from_wire, to_wire

    efforts = ("low", "medium", "high", "xhigh", "max")
    return SdkRequest(
        "anthropic-agents",
        "Agents",
        "anthropic",
        fields_of(AgentCreateParams),
        fields_of(AgentUpdateParams),
        Translation(to_wire, from_wire),
        {
            "metadata": _METADATA,
            "model": Place(How.NATIVE),
            # A coordinator needs agents, and a sample has them by their ids alone.
            "multiagent[coordinator]": Place(How.PLATFORMS),
            **{f"model.effort[{word}]": Place(How.MAPPED, f"`reasoning_effort: {word}`") for word in efforts},
            "betas": Place(How.OURS, "a header of every request"),
            "workspace_id": Place(How.OURS, "a header; the workspace is that of the target's credentials"),
            "version": Place(How.OURS, "the version that the plan was made for"),
        },
        {
            "name": "desk",
            "model": {"id": "m"},
            "mcp_servers": [{"type": "url", "name": "sample", "url": "sample"}],
            "tools": [{"type": "mcp_toolset", "mcp_server_name": "sample"}],
        },
    )


def _foundry() -> SdkRequest:
    from azure.ai.projects.aio.operations import AgentsOperations

    from assistctl.platforms.azure.foundry_fields import definition
    from assistctl.platforms.azure.foundry_fields import from_wire as fields_of_version

    def to_wire(fields: Mapping[str, Any]) -> Mapping[str, Any]:
        described = {name: fields[name] for name in ("description",) if name in fields}
        return {"definition": definition(fields, {}), **described}

    def from_wire(version: Mapping[str, Any]) -> Mapping[str, Any]:
        return fields_of_version(dict(version), {})

    others = Place(How.REFUSED, "Only prompt agents are declared.")
    return SdkRequest(
        "azure-foundry",
        "Versions of agents",
        "azure-ai-projects",
        _parameters(AgentsOperations.create_version),
        None,
        Translation(to_wire, from_wire),
        {
            "agent_name": _AGENT_NAME,
            "metadata": _METADATA,
            "draft": Place(How.REFUSED, "What is applied is a release: a draft is not what answers."),
            "blueprint_reference.*": Place(How.REFUSED, _KEPT),
            **{f"definition[{kind}].*": others for kind in ("external", "hosted", "voice", "workflow")},
            "definition[prompt]": Place(How.OURS, "the one kind that is declared"),
            "definition[prompt].reasoning.generate_summary": Place(
                How.REFUSED, "Declare `platforms.azure-foundry.reasoning_summary`, which replaced it."
            ),
            "definition[prompt].text.format[text]": _NOTHING_TO_SAY,
            "definition[prompt].tools[code_interpreter].container[auto]": _NOTHING_TO_SAY,
            "definition[prompt].tools[file_search].ranking_options.ranker": _NOTHING_TO_SAY,
        },
        {"definition": {"kind": "prompt", "model": "m"}},
        ("definition", Variant("kind", "prompt")),
    )


def _foundry_details() -> SdkRequest:
    from azure.ai.projects.aio.operations import AgentsOperations
    from azure.ai.projects.models import AgentDetails

    from assistctl.platforms.azure.foundry_endpoint import endpoint_fields, patch_of

    def to_wire(fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return patch_of(fields.get("platforms", {}).get("azure-foundry", {}), {})

    def from_wire(details: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"platforms": {"azure-foundry": endpoint_fields(dict(details))}}

    return SdkRequest(
        "azure-foundry",
        "Agents beside their versions",
        "azure-ai-projects",
        create={},
        update={**_parameters(AgentsOperations.update_details), "state": fields_of(AgentDetails)["state"]},
        translation=Translation(to_wire, from_wire),
        explained={
            "agent_name": _AGENT_NAME,
            "agent_endpoint.publish_approval_status": Place(How.REFUSED, "The service alone says it."),
            # ``enable`` and ``disable`` take nothing else than which agent is meant.
            "state": Place(How.PLATFORMS, "sent by requests of its own, `enable` and `disable`"),
        },
    )


def _mistral() -> SdkRequest:
    from mistralai.client.models import CreateAgentRequest, UpdateAgentRequest

    from assistctl.platforms.mistral.agents_fields import from_wire, to_wire

    return SdkRequest(
        "mistral-agents",
        "Agents",
        "mistralai",
        fields_of(CreateAgentRequest),
        fields_of(UpdateAgentRequest),
        Translation(to_wire, from_wire),
        {
            "metadata": _METADATA,
            "completion_args.response_format.type": Place(How.MAPPED, "`response_format.type`"),
            "deployment_chat": Place(
                How.REFUSED, "Whether an agent is among those of the workspace's chat is chosen there."
            ),
            "version_message": Place(
                How.REFUSED, "A version is made by an apply: `history` and the commit say what it changed."
            ),
        },
        {"name": "desk", "model": "m"},
    )


def _parameters(method: Any) -> Mapping[str, Any]:
    """The named parameters of a method, but for those that are about the request itself."""
    hints = get_type_hints(get_overloads(method)[0])
    return {name: kind for name, kind in hints.items() if name not in {"return", "kwargs", "content_type"}}


def _knowledge() -> list[SdkRequest]:
    from openai.types.file_create_params import FileCreateParams
    from openai.types.vector_store_create_params import VectorStoreCreateParams
    from openai.types.vector_store_update_params import VectorStoreUpdateParams
    from openai.types.vector_stores.file_batch_create_params import FileBatchCreateParams
    from openai.types.vector_stores.file_update_params import FileUpdateParams

    where = "openai-assistants"
    stores = SdkRequest(
        where,
        "Vector stores",
        "openai",
        fields_of(VectorStoreCreateParams),
        fields_of(VectorStoreUpdateParams),
        explained={
            **dict.fromkeys(("name", "expires_after.*", "metadata"), Place(How.NATIVE)),
            "chunking_strategy.*": Place(How.NATIVE, "`chunking_strategy`, which is sent with the files"),
            "file_ids": Place(How.MAPPED, "`files`, which are added in batches"),
            "description": Place(How.REFUSED, "No answer has it and no update takes it: say it in `metadata`."),
        },
    )
    batches = SdkRequest(
        where,
        "Files of a vector store",
        "openai",
        fields_of(FileBatchCreateParams),
        explained={
            "files.file_id": _UPLOADED,
            "files.attributes": Place(
                How.MAPPED, "`attributes` of an entry of `files`, beside those of assistctl"
            ),
            "files.chunking_strategy.*": Place(How.MAPPED, "`chunking_strategy` of the vector store"),
            **dict.fromkeys(
                ("attributes", "chunking_strategy.*", "file_ids"), Place(How.MAPPED, "sent for each file instead")
            ),
        },
    )
    changed = SdkRequest(
        where,
        "A file of a vector store, changed",
        "openai",
        create={},
        update=fields_of(FileUpdateParams),
        explained={
            "vector_store_id": Place(How.OURS, "the id of the vector store, in the address"),
            "attributes": Place(How.MAPPED, "`attributes` of an entry of `files`, beside those of assistctl"),
        },
    )
    uploads = SdkRequest(
        where,
        "Uploads",
        "openai",
        fields_of(FileCreateParams),
        explained={
            "file": Place(How.MAPPED, "`files`"),
            "purpose": Place(How.OURS, "`assistants`"),
            "expires_after.*": Place(
                How.REFUSED, "An upload stays as long as something reads it; `gc` deletes it."
            ),
        },
    )
    return [stores, batches, changed, uploads]
