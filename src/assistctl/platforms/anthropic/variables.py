"""The environment variables of Anthropic's SDKs, which are known without importing one."""

from __future__ import annotations

ADDRESS_VARIABLE = "ANTHROPIC_BASE_URL"
KEY_VARIABLE = "ANTHROPIC_API_KEY"
