"""The environment variables of Mistral's SDK, which are known without importing it."""

from __future__ import annotations

KEY_VARIABLE = "MISTRAL_API_KEY"
TOKEN_PATH = "MISTRAL_SA_TOKEN_PATH"  # noqa: S105  # the name of one
"""The path of a file with the token of a service account."""
