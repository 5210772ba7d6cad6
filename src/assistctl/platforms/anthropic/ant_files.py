"""Agents as ``ant`` keeps them in files: which fields on the top level are Claude's alone.

Its Markdown has the fields of the API's agent as front matter, and the system prompt below
(https://platform.claude.com/docs/en/cli-sdks-libraries/cli/apply).
"""

PLATFORM = "anthropic-agents"
FIELDS = ("mcp_servers", "skills", "multiagent")
# `agent_toolset_20260401` and its successors.
TOOLSETS = ("agent_toolset_", "mcp_toolset")
