"""One rich project in parts, and which of them which platform lacks.

When a platform gains a part, its entry in ``LACKS`` goes: from then on the project has that part there, from plan
to destroy. A part with a form of its own on one platform stands under ``platforms`` in ``OWN``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from support.clouds import Cloud
from support.projects import ProjectFolder

DESK, SUB = "assistants/desk.yaml", "assistants/returns.yaml"
SKILL = "assistants/skills/refunds/SKILL.md"
MCP_URL = "https://mcp.example.com/orders"
FILES = {
    "assistants/data/prices.csv": "sku,price\n1,20\n",
    "assistants/guide/warranty.md": "Two years.\n",
    SKILL: "---\nname: refunds\ndescription: How to refund\n---\nAsk first.\n",
}


@dataclass(frozen=True)
class Part:
    """``tools`` and ``fields`` of the desk's manifest, and ``documents`` beside it, by their keys.

    ``held``: words that are in what the server has, when it has the part. ``uploads``: the names of its files.
    ``made``: the kind that a plan has of it. ``at``: how the text begins that a message points to, which calls it
    ``path``. ``needs``: the parts without which it makes no sense. ``only``: the platforms that it is written for,
    where it is not for all.
    """

    tools: str = ""
    fields: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ()
    made: str = ""
    at: str = ""
    path: str = ""
    needs: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


_SKILL = "kind: skill\nfolder: skills/refunds\n"
_ENVIRONMENT = "kind: environment\npackages: {python: [pandas==2.3.3]}\n"
PARTS: Mapping[str, Part] = {
    "function": Part(
        tools="""\
  - type: function
    function:
      name: order_status
      description: Where an order is
      parameters: {type: object, properties: {id: {type: string}}, required: [id]}
""",
        held=("order_status", "Where an order is"),
    ),
    "structured output": Part(
        fields="""\
response_format:
  type: json_schema
  json_schema:
    name: verdict
    schema: {type: object, properties: {ruling: {type: string}}, required: [ruling], additionalProperties: false}
""",
        held=("json_schema", "ruling"),
        at="type: json_schema",
        path="response_format",
    ),
    "sampling": Part(fields="temperature: 0.2\n", held=("0.2",), at="0.2", path="temperature"),
    "code": Part(
        tools="  - type: code_interpreter\n", at="type: code_interpreter", path="tools[code_interpreter]"
    ),
    "files": Part(
        fields="  - {path: data/prices.csv, tool: code_interpreter}\n",
        uploads=("prices.csv",),
        at="{path: data/prices.csv",
        path="files[0]",
        needs=("code",),
    ),
    "knowledge": Part(
        tools="  - type: file_search\n",
        fields='  - {path: "guide/*.md", tool: file_search}\n',
        uploads=("warranty.md",),
        at="type: file_search",
        path="tools[file_search]",
    ),
    "mcp server": Part(
        tools="  - {type: mcp, server: orders}\n",
        documents={"orders": f"kind: mcp_server\nurl: {MCP_URL}\nallowed_tools: [find, cancel]\n"},
        held=(MCP_URL, "find", "cancel"),
        at="{type: mcp",
        path="tools[mcp:orders]",
    ),
    "skill": Part(
        fields="skills: [refunds]\n",
        documents={"refunds": _SKILL},
        made="skill",
        at="refunds]",
        path="skills[0]",
    ),
    "environment": Part(
        fields="environment: analysis\n",
        documents={"analysis": _ENVIRONMENT},
        made="environment",
        at="analysis",
        path="environment",
    ),
    "skill of an environment": Part(
        documents={"refunds": _SKILL, "analysis": f"{_ENVIRONMENT}skills: [refunds]\n"},
        made="skill",
        needs=("environment",),
        only=("openai-agents",),
    ),
    "memory": Part(
        fields="memory_stores: [customers]\n",
        documents={"customers": "kind: memory_store\ndescription: What they told us\n"},
        made="memory_store",
        at="customers]",
        path="memory_stores[0]",
    ),
}

_STEER = "reasoning_effort and the instructions steer there"
_ASSISTANTS_API = {
    "mcp server": "declare functions, and let the application that answers them ask one",
    "skill": "Say in the instructions what the skill says",
    "environment": "Leave it out",
    "memory": "in your application",
}
LACKS: Mapping[str, Mapping[str, str]] = {
    "local": _ASSISTANTS_API,
    "openai-assistants": _ASSISTANTS_API,
    "openai-agents": {
        "sampling": _STEER,
        "knowledge": "Declare a function or an MCP server that searches",
        "skill": "An environment has skills there",
        "memory": "in your application",
    },
    "anthropic-agents": {
        "structured output": "Declare a function whose parameters are the schema",
        "sampling": _STEER,
        "knowledge": "give files to code_interpreter",
    },
    "azure-foundry": {
        "skill": "platforms.azure-foundry.skills",
        "environment": "Leave it out",
        "memory": "in your application",
    },
    "mistral-agents": {
        "files": "with a message of a conversation",
        "knowledge": "document_library",
        "mcp server": "Make a connector of the server",
        "skill": "Say in the instructions what the skill says",
        "environment": "Leave it out",
        "memory": "in your application",
    },
}
"""By platform, each part that it lacks, with a word of the way on that its message shows."""

MODELS = {"anthropic-agents": "claude-opus-5-5", "mistral-agents": "mistral-medium-latest"}
"""A model that takes a temperature, where one takes it at all, and is not the same everywhere."""

SUB_AGENTS = ("anthropic-agents", "mistral-agents")
"""The platforms whose agents name others of the project."""

OWN = """\
platforms:
  openai-agents: {service_tier: flex, multi_agent: {enabled: true}}
  anthropic-agents:
    tools: [{type: agent_toolset_20260401}]
    multiagent: {type: coordinator, agents: [{assistant: returns}]}
  azure-foundry:
    structured_inputs: {customer: {description: Who asks, schema: {type: string}}}
  mistral-agents:
    handoffs: [{assistant: returns}]
"""
HELD_OWN = {
    "openai-agents": ("flex",),
    "anthropic-agents": ("agent_toolset_20260401", "coordinator"),
    "azure-foundry": ("customer", "Who asks"),
}


def parts_of(platform: str) -> list[str]:
    """The names of the parts that a platform has."""
    written_for = (name for name, part in PARTS.items() if platform in (part.only or (platform,)))
    return [name for name in written_for if name not in LACKS[platform]]


def manifests(parts: Collection[str]) -> dict[str, str]:
    """The project's manifests with those parts: their paths, and their texts."""
    chosen = {name: part for name, part in PARTS.items() if name in parts}
    files = "".join(part.fields for part in chosen.values() if part.uploads)
    text = "name: Order desk\nmodel: ${var:model}\ninstructions: Be brief.\nmetadata: {team: support}\n"
    text += "tools:\n" + "".join(part.tools for part in chosen.values())
    text += "".join(part.fields for part in chosen.values() if not part.uploads)
    text += f"files:\n{files}" if files else ""
    documents = {key: body for part in chosen.values() for key, body in part.documents.items()}
    return {
        DESK: text + OWN,
        SUB: "name: Returns\nmodel: ${var:model}\ninstructions: Take things back.\n",
        **{f"assistants/{key}.yaml": body for key, body in documents.items()},
    }


def written(project: ProjectFolder, cloud: Cloud, parts: Collection[str]) -> dict[str, str]:
    """The manifests with those parts and the files, in the project, on that platform."""
    project.write(
        "assistctl.yaml",
        f"""\
        project: acme
        default_target: cloud
        targets:
          cloud:
            platform: {cloud.platform}
            base_url: "{cloud.url}"
            api_key: test-key
            variables: {{model: {MODELS.get(cloud.platform, "gpt-4.1")}}}
        """,
    )
    texts = FILES | manifests(parts)
    for path, text in texts.items():
        project.write(path, text)
    return texts
