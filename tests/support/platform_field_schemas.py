"""The JSON Schemas of what stands under ``platforms`` in a manifest, made from the types of the vendors' SDKs.

``PYTHONPATH=tests python -m support.platform_field_schemas`` writes them into ``schemas/``. Nothing is required in
them but a tool's type: what is missing a platform fills in, or says. Null, the platform's default, is allowed
throughout.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args, get_origin

from support.sdk_types import (
    alternatives,
    discriminator_of,
    fields_of,
    is_object,
    own_words,
    variants_of,
    words_in,
)

FOLDER = Path(__file__).parents[2] / "schemas"

Schema = dict[str, Any]

_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}


def platform_field_schemas() -> Mapping[str, Schema]:
    """Each schema by its name."""
    return {
        "openai-agents-fields": _schema("openai-agents", _openai(), "openai"),
        "anthropic-agents-fields": _schema("anthropic-agents", _anthropic(), "anthropic"),
        "azure-foundry-fields": _schema("azure-foundry", _azure(), "azure-ai-projects"),
        "mistral-agents-fields": _schema("mistral-agents", _mistral(), "mistralai"),
    }


def written(schema: Schema) -> str:
    """A schema as its file has it."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _openai() -> Mapping[str, Any]:
    from openai.types.beta.agent_create_params import AgentCreateParams
    from openai.types.beta.agent_reasoning_param import AgentReasoningParam
    from openai.types.beta.agent_text_param import AgentTextParam

    names = ("service_tier", "multi_agent", "compaction", "experimental", "tools")
    return {
        **_picked(AgentCreateParams, *names),
        "reasoning_summary": fields_of(AgentReasoningParam)["summary"],
        "verbosity": fields_of(AgentTextParam)["verbosity"],
    }


def _anthropic() -> Mapping[str, Any]:
    from anthropic.types.beta.agent_create_params import AgentCreateParams
    from anthropic.types.beta.beta_managed_agents_model_config_params import BetaManagedAgentsModelConfigParams

    own = _picked(AgentCreateParams, "mcp_servers", "skills", "multiagent", "execution_identity", "tools")
    return {**own, **_picked(BetaManagedAgentsModelConfigParams, "speed", "inference_geo")}


def _azure() -> Mapping[str, Any]:
    from azure.ai.projects.models import AgentDetails, PromptAgentDefinition, Reasoning

    names = ("tool_choice", "structured_inputs", "rai_config", "skills", "harness", "tools")
    reasoning = {f"reasoning_{name}": fields_of(Reasoning)[name] for name in ("summary", "mode", "context")}
    own = _picked(AgentDetails, "state", "agent_endpoint", "agent_card")
    return {**_picked(PromptAgentDefinition, *names), **own, **reasoning}


def _mistral() -> Mapping[str, Any]:
    from mistralai.client.models import CompletionArgsTypedDict, CreateAgentRequestTypedDict

    arguments = ("stop", "presence_penalty", "frequency_penalty", "max_tokens", "random_seed", "prediction")
    return {
        **_picked(CreateAgentRequestTypedDict, "guardrails", "tools"),
        **_picked(CompletionArgsTypedDict, *arguments, "tool_choice"),
        "handoffs": list[str | AssistantByKey],
        "aliases": list[str],
    }


class AssistantByKey(TypedDict):
    """Another assistant of the project, where a platform has an id alone."""

    assistant: str


def _picked(kind: Any, *names: str) -> Mapping[str, Any]:
    fields = fields_of(kind)
    return {name: fields[name] for name in names}


def _schema(platform: str, fields: Mapping[str, Any], package: str) -> Schema:
    making = _Making()
    properties = {name: making.of(kind) for name, kind in sorted(fields.items())}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Fields of {platform}",
        "description": f"Fields that only {platform} has. Made from the types of the Python package {package}.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "$defs": dict(sorted(making.definitions.items())),
    }


class _Making:
    """The schemas of types; those of objects become ``definitions``, which may refer to each other."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of what ``kind`` annotates; null is allowed beside it."""
        kinds = [part for part in alternatives(kind) if part is not type(None)]
        words = [word for part in kinds for word in words_in(part)]
        objects = [part for part in kinds if is_object(part)]
        others = [part for part in kinds if get_origin(part) is not Literal and not is_object(part)]
        types_, rest = set[str](), Schema()
        for part in others:
            found = self._of_other(part)
            if not found:
                return {}
            types_.add(found.pop("type"))
            rest |= found
        if words and "string" not in types_:
            types_ |= {_PLAIN[type(word)] for word in words}
            if not objects and not others:
                rest["enum"] = [*sorted(set(words)), None]  # their order in a type is whichever was seen first
        if not objects:
            return {"type": [*sorted(types_), "null"], **rest}
        if not types_:
            return {"type": ["object", "null"], **self._of_objects(objects)}
        return {
            "type": [*sorted({*types_, "object"}), "null"],
            **rest,
            "if": {"type": "object"},
            "then": self._of_objects(objects),
        }

    def _of_other(self, kind: Any) -> Schema:
        if kind in _PLAIN:
            return {"type": _PLAIN[kind]}
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"type": "string"}  # beside any other word: the service decides
        origin = get_origin(kind)
        if origin in (dict, Mapping) or kind is dict:
            values = self.of(get_args(kind)[1]) if get_args(kind) else {}
            return {"type": "object", **({"additionalProperties": values} if values else {})}
        if origin is not None and len(get_args(kind)) == 1:
            return {"type": "array", "items": self.of(get_args(kind)[0])}
        return {}

    def _of_objects(self, kinds: list[Any]) -> Schema:
        named = [variant for kind in kinds for variant in variants_of(kind)]
        if any(kind.__name__ in _OPEN for kind in named):
            return {}
        if len(named) == 1:
            return {"$ref": self._defined(named[0])}
        by_word = {word: kind for kind in named for word in own_words(kind)}
        if not by_word:
            return {}
        told_apart = self._told_apart(by_word, discriminator_of(named[0]))
        if not any(map(_named_by_key, named)):
            return told_apart
        definition, schema, word = next(by_key for by_key in map(_named_by_key, named) if by_key)
        self.definitions[definition] = schema
        return {"if": {"required": [word]}, "then": {"$ref": f"#/$defs/{definition}"}, "else": told_apart}

    def _told_apart(self, by_word: Mapping[str, Any], word: str) -> Schema:
        """One of several objects, each of which has a ``word`` of its own."""
        return {
            "required": [word],
            "properties": {word: {"type": "string", "enum": sorted(by_word)}},
            "allOf": [
                {
                    "if": {"required": [word], "properties": {word: {"const": value}}},
                    "then": {"$ref": self._defined(kind)},
                }
                for value, kind in sorted(by_word.items(), key=lambda item: item[0])
            ],
        }

    def _defined(self, kind: Any) -> str:
        name = kind.__name__.removesuffix("TypedDict")
        by_key = {definition: schema for definition, schema, _ in _NAMED_BY_KEY.values()}
        if name in by_key:
            self.definitions[name] = by_key[name]
        if name not in self.definitions:
            self.definitions[name] = {}
            properties = {field: self.of(part) for field, part in fields_of(kind).items()}
            if name in _AS_IN_MANIFESTS:
                properties[_AS_IN_MANIFESTS[name]] = {"type": ["object", "null"]}
            self.definitions[name] |= {"additionalProperties": False, "properties": properties}
        return f"#/$defs/{name}"


def _by_key(word: str, what: str, **more: Schema) -> Schema:
    """A thing of the project that may stand there by its key: see ``ownership/references_by_key.py``."""
    key = {
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$(?!\\n)",
        "patternErrorMessage": f"This is the key of {what} of the project.",
    }
    return {"additionalProperties": False, "properties": {word: key, **more}}


_VERSION: Schema = {"type": ["string", "integer"]}
_NAMED_BY_KEY = {
    "BetaManagedAgentsAgentParams": ("AssistantByKey", _by_key("assistant", "another assistant"), "assistant"),
    "BetaManagedAgentsCustomSkillParams": (
        "SkillByKey",
        _by_key("skill", "a skill", version=_VERSION),
        "skill",
    ),
}


def _named_by_key(kind: Any) -> tuple[str, Schema, str] | None:
    return _NAMED_BY_KEY.get(kind.__name__)


# JSON Schemas: they may hold more than the types say.
_OPEN = {"BetaManagedAgentsCustomToolInputSchemaParam"}
# What Foundry has on a tool itself stands, as in the manifest's own tools, under a name of its own.
_AS_IN_MANIFESTS = {"FileSearchTool": "file_search"}


if __name__ == "__main__":
    for schema_name, schema in platform_field_schemas().items():
        (FOLDER / f"{schema_name}.schema.json").write_text(written(schema), encoding="utf-8")
