"""The fields of requests about assistants.

The limits are those of ``CreateAssistantRequest`` and ``ModifyAssistantRequest`` in OpenAI's OpenAPI
description and of its field descriptions. Like the service, and unlike the description, this also refuses
unknown keys inside a tool or a tool's resources: there they would be lost without a word.
"""

from __future__ import annotations

import re

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.local.http.metadata import Metadata
from assistctl.local.http.shapes import (
    AnyObject,
    Boolean,
    Choice,
    Decimal,
    Integer,
    Items,
    Nullable,
    Record,
    Shape,
    Tagged,
    Text,
    key_path,
    require_object,
    wrong_type,
)
from assistctl.local.vector_stores.fields import HELPER

_NAME = Text(max_length=64, required=True, pattern=re.compile("[a-zA-Z0-9_-]+"))
"""The name of a function or of a JSON Schema response format."""

_TYPE = Text()
_STORE_IDS = Items(Text(), max_items=1, noun="an array of strings")


class ResponseFormat:
    """``"auto"``, or one of three objects."""

    _object = Tagged(
        {
            "text": Record({"type": _TYPE}),
            "json_object": Record({"type": _TYPE}),
            "json_schema": Record(
                {
                    "type": _TYPE,
                    "json_schema": Record(
                        {
                            "name": _NAME,
                            "description": Text(),
                            "schema": AnyObject(),
                            "strict": Nullable(Boolean()),
                        },
                        required=("name",),
                    ),
                },
                required=("json_schema",),
            ),
        }
    )

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if isinstance(value, str):
            Choice(("auto",)).check(value, path)
        elif isinstance(value, dict):
            self._object.check(value, path)
        else:
            raise wrong_type(value, path, "'auto' or an object")


class NewFileSearchResources:
    """``vector_store_ids``, or ``vector_stores``: stores to be made."""

    _record = Record({"vector_store_ids": _STORE_IDS, "vector_stores": Items(HELPER, max_items=1)})

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        self._record.check(value, path)
        if "vector_stores" in (both := require_object(value, path)) and "vector_store_ids" in both:
            where = key_path(path, "vector_stores")
            message = f"Only one of '{key_path(path, 'vector_store_ids')}' and '{where}' can be given."
            raise ApiError(message, param=where, code="mutually_exclusive_parameters")


TOOL = Tagged(
    {
        "code_interpreter": Record({"type": _TYPE}),
        "function": Record(
            {
                "type": _TYPE,
                "function": Record(
                    {
                        "name": _NAME,
                        "description": Text(),
                        "parameters": AnyObject(),
                        "strict": Nullable(Boolean()),
                    },
                    required=("name",),
                ),
            },
            required=("function",),
        ),
        "file_search": Record(
            {
                "type": _TYPE,
                "file_search": Record(
                    {
                        "max_num_results": Integer(minimum=1, maximum=50),
                        "ranking_options": Record(
                            {
                                "ranker": Choice(("auto", "default_2024_08_21")),
                                "score_threshold": Decimal(minimum=0, maximum=1),
                            },
                            required=("score_threshold",),
                        ),
                    }
                ),
            }
        ),
    }
)

_CODE_INTERPRETER = Record({"file_ids": Items(Text(), max_items=20, noun="an array of strings")})
RESOURCES = Record(
    {"code_interpreter": _CODE_INTERPRETER, "file_search": Record({"vector_store_ids": _STORE_IDS})}
)
NEW_RESOURCES = Record({"code_interpreter": _CODE_INTERPRETER, "file_search": NewFileSearchResources()})

REASONING_EFFORT = Nullable(Choice(("none", "minimal", "low", "medium", "high", "xhigh", "max")))

SHARED: dict[str, Shape] = {
    "instructions": Nullable(Text(max_length=256_000)),
    "metadata": Nullable(Metadata()),
    "temperature": Nullable(Decimal(minimum=0, maximum=2)),
    "top_p": Nullable(Decimal(minimum=0, maximum=1)),
    "response_format": Nullable(ResponseFormat()),
}
"""The fields that runs have, too, within the same limits."""

_FIELDS: dict[str, Shape] = {
    **SHARED,
    "model": Text(required=True),
    "name": Nullable(Text(max_length=256)),
    "description": Nullable(Text(max_length=512)),
    "reasoning_effort": REASONING_EFFORT,
    "tools": Items(TOOL, max_items=128),
    "tool_resources": Nullable(RESOURCES),
}

CREATE = Record({**_FIELDS, "tool_resources": Nullable(NEW_RESOURCES)}, required=("model",))
UPDATE = Record(_FIELDS)
