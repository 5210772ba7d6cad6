"""The capabilities of the embedded platform: those of the Assistants API, without an address or a key."""

from __future__ import annotations

from dataclasses import replace

from assistctl.platforms.openai.assistants_fields import CAPABILITIES as ASSISTANTS_API

CAPABILITIES = replace(ASSISTANTS_API, address_variable="", credential_variables=(), embedded=True)
