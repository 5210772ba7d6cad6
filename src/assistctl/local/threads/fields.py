"""The fields of requests about threads and messages.

The limits are those of ``CreateThreadRequest``, ``ModifyThreadRequest`` and ``CreateMessageRequest`` in OpenAI's
OpenAPI description and of its field descriptions. Unknown keys inside content or an attachment are refused, too.
"""

from __future__ import annotations

import re

from assistctl.json_value import Json
from assistctl.local.assistants.fields import NEW_RESOURCES, RESOURCES
from assistctl.local.http.metadata import Metadata
from assistctl.local.http.shapes import Choice, Items, Nullable, Record, Shape, Tagged, Text, wrong_type

MAX_MESSAGES = 100_000
"""How many messages a thread may hold (deep dive of the Assistants API)."""

_TYPE = Text()
_DETAIL = Choice(("auto", "low", "high"))
_TEXT = Text(max_length=256_000, required=True)
_ADDRESS = Text(required=True, pattern=re.compile(r"(?:https?://|data:image/)\S+"))


class Content:
    """A text, or a list of texts and pictures."""

    _parts = Items(
        Tagged(
            {
                "text": Record({"type": _TYPE, "text": _TEXT}, required=("text",)),
                "image_file": Record(
                    {
                        "type": _TYPE,
                        "image_file": Record(
                            {"file_id": Text(required=True), "detail": _DETAIL}, required=("file_id",)
                        ),
                    },
                    required=("image_file",),
                ),
                "image_url": Record(
                    {
                        "type": _TYPE,
                        "image_url": Record({"url": _ADDRESS, "detail": _DETAIL}, required=("url",)),
                    },
                    required=("image_url",),
                ),
            }
        ),
        max_items=MAX_MESSAGES,
        noun="a string or an array of objects",
        required=True,
    )

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        shape: Shape = _TEXT if isinstance(value, str) else self._parts
        if not isinstance(value, str | list):
            raise wrong_type(value, path, "a string or an array of objects")
        shape.check(value, path)


_ATTACHMENT = Record(
    {
        "file_id": Text(required=True),
        "tools": Items(
            Tagged(
                {"code_interpreter": Record({"type": _TYPE}), "file_search": Record({"type": _TYPE})},
            ),
            max_items=2,
        ),
    },
    required=("file_id", "tools"),
)

MESSAGE = Record(
    {
        "role": Choice(("user", "assistant")),
        "content": Content(),
        "attachments": Nullable(Items(_ATTACHMENT, max_items=10_000)),
        "metadata": Nullable(Metadata()),
    },
    required=("role", "content"),
)
"""A new message."""

MESSAGES = Items(MESSAGE, max_items=MAX_MESSAGES)

CREATE = Record(
    {"messages": MESSAGES, "tool_resources": Nullable(NEW_RESOURCES), "metadata": Nullable(Metadata())}
)
UPDATE = Record({"tool_resources": Nullable(RESOURCES), "metadata": Nullable(Metadata())})
METADATA_ONLY = Record({"metadata": Nullable(Metadata())})
"""All that may be changed of a message, and of a run."""
