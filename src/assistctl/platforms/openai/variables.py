"""The environment variables of OpenAI's SDKs, which are known without importing one."""

from __future__ import annotations

ADDRESS_VARIABLE = "OPENAI_BASE_URL"
KEY_VARIABLE = "OPENAI_API_KEY"
