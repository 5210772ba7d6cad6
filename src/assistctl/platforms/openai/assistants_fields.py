"""The fields of the Assistants API v2, which are the manifest's own."""

from __future__ import annotations

from assistctl.model.capabilities import NOTHING_BESIDE, Capabilities, Level, Support
from assistctl.platforms.openai.variables import ADDRESS_VARIABLE, KEY_VARIABLE

FIELDS = (
    "name",
    "description",
    "model",
    "instructions",
    "tools",
    "tool_resources",
    "response_format",
    "temperature",
    "top_p",
    "reasoning_effort",
)

_NO_MCP_SERVERS = (
    "The Assistants API has no MCP servers: declare functions, and let the application that answers them ask one."
)

CAPABILITIES = Capabilities(
    fields={
        name: Support()
        for name in (
            *FIELDS,
            "metadata",
            "tools.code_interpreter",
            "tools.file_search",
            "tools.function",
            "files.code_interpreter",
            "files.file_search",
        )
    }
    | {"tools.mcp": Support(Level.UNSUPPORTED, _NO_MCP_SERVERS), **NOTHING_BESIDE},
    # AssistantObject in OpenAI's API description has no reasoning_effort, though it can be set.
    write_only=frozenset({"reasoning_effort"}),
    address_variable=ADDRESS_VARIABLE,
    credential_variables=(KEY_VARIABLE,),
    tells_account="answers",
    converses=Support(),
)
