"""Values for each field of a manifest, to see what becomes of them on a platform."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from assistctl.json_value import Json
from assistctl.model.source_file import Identity, SourceFile

PARAMETERS: Json = {
    "type": "object",
    "properties": {"order_id": {"type": "string", "enum": ["1001", "größer"]}},
    "required": ["order_id"],
}
FUNCTION: Json = {
    "type": "function",
    "function": {"name": "order_status", "description": "Where an order is", "parameters": PARAMETERS},
}
OTHER_FUNCTION: Json = {
    "type": "function",
    "function": {"name": "refund", "description": "Give the money back", "parameters": PARAMETERS},
}
UNKNOWN_TOOL: Json = {"type": "quantum_20310401", "depth": 3, "inner": {"name": "größer", "parts": [1, "two"]}}
"""A tool of a type that no platform has: what one may answer some day."""

SAMPLES: Mapping[str, tuple[Json, ...]] = {
    "name": ("Order desk", "größer ☃ 🙂", "n" * 100),
    "description": ("Answers questions", "d" * 512),
    "instructions": ("Be brief.\n", '{braces} ${VAR} \\ "quotes" \t größer ☃ 🙂\r\n', "i" * 100_000),
    "temperature": (0, 0.2, 2),
    "top_p": (0, 0.5),
    "reasoning_effort": ("low", "high"),
    "response_format": ("auto",),
    "response_format.text": ({"type": "text"},),
    "response_format.json_object": ({"type": "json_object"},),
    "response_format.json_schema": (
        {"type": "json_schema", "json_schema": {"name": "verdict", "schema": PARAMETERS, "strict": True}},
    ),
    "tools.function": ([FUNCTION], [OTHER_FUNCTION, FUNCTION]),
    "tools.code_interpreter": ([{"type": "code_interpreter"}],),
    "tools.file_search": ([{"type": "file_search", "file_search": {"max_num_results": 7}}],),
}
"""By the name of the capability; each value is one of the field before the dot."""


def file_at(folder: Path, name: str, content: bytes) -> SourceFile:
    """A new file in ``folder``, as a project reads it."""
    path = folder / name
    path.write_bytes(content)
    identity = Identity(hashlib.sha256(content).hexdigest(), name)
    return SourceFile(name, path, len(content), identity)
