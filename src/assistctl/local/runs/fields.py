"""The fields of requests about runs.

The limits are those of ``CreateRunRequest``, ``CreateThreadAndRunRequest`` and ``SubmitToolOutputsRunRequest`` in
OpenAI's OpenAPI description and of its field descriptions.
"""

from __future__ import annotations

from starlette.datastructures import QueryParams

from assistctl.json_value import Json
from assistctl.local.assistants.fields import REASONING_EFFORT, RESOURCES, SHARED, TOOL
from assistctl.local.http.errors import ApiError
from assistctl.local.http.shapes import (
    Boolean,
    Choice,
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
from assistctl.local.threads import fields as threads

CONTENT_OF_RESULTS = "step_details.tool_calls[*].file_search.results[*].content"
"""The one value that ``include[]`` may have."""

_TYPE = Text()
_LIMIT = Nullable(Integer(minimum=256, maximum=2**31))


class ToolChoice:
    """``none``, ``auto``, ``required``, or the tool to be called."""

    _named = Tagged(
        {
            "function": Record(
                {"type": _TYPE, "function": Record({"name": Text(required=True)}, required=("name",))},
                required=("function",),
            ),
            "code_interpreter": Record({"type": _TYPE}),
            "file_search": Record({"type": _TYPE}),
        }
    )

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if isinstance(value, str):
            Choice(("none", "auto", "required")).check(value, path)
        elif isinstance(value, dict):
            self._named.check(value, path)
        else:
            raise wrong_type(value, path, "'none', 'auto', 'required' or an object")


class Truncation:
    """``auto``, or ``last_messages`` with their number."""

    _shape = Record(
        {
            "type": Choice(("auto", "last_messages")),
            "last_messages": Nullable(Integer(minimum=1, maximum=threads.MAX_MESSAGES)),
        },
        required=("type",),
    )

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        self._shape.check(value, path)
        strategy = require_object(value, path)
        if strategy["type"] == "last_messages" and strategy.get("last_messages") is None:
            where = key_path(path, "last_messages")
            message = f"Missing required parameter: '{where}'."
            raise ApiError(message, param=where, code="missing_required_parameter")


_RUN: dict[str, Shape] = {
    **SHARED,
    "assistant_id": Text(required=True),
    "model": Nullable(Text(required=True)),
    "tools": Nullable(Items(TOOL, max_items=20)),
    "stream": Nullable(Boolean()),
    "max_prompt_tokens": _LIMIT,
    "max_completion_tokens": _LIMIT,
    "truncation_strategy": Nullable(Truncation()),
    "tool_choice": Nullable(ToolChoice()),
    "parallel_tool_calls": Boolean(),
}

CREATE = Record(
    {
        **_RUN,
        "additional_instructions": Nullable(Text(max_length=256_000)),
        "additional_messages": Nullable(threads.MESSAGES),
        "reasoning_effort": REASONING_EFFORT,
    },
    required=("assistant_id",),
)
CREATE_WITH_THREAD = Record(
    {**_RUN, "thread": threads.CREATE, "tool_resources": Nullable(RESOURCES)}, required=("assistant_id",)
)
SUBMIT = Record(
    {
        "tool_outputs": Items(Record({"tool_call_id": Text(), "output": Nullable(Text())}), max_items=10_000),
        "stream": Nullable(Boolean()),
    },
    required=("tool_outputs",),
)


def included(query: QueryParams) -> bool:
    """Whether results of file searches are to come with their content. Raises ``ApiError`` 400."""
    values = [*query.getlist("include[]"), *query.getlist("include")]
    for index, value in enumerate(values):
        Choice((CONTENT_OF_RESULTS,)).check(value, f"include[{index}]")
    return bool(values)
