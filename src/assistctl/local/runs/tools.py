"""The tools of a run that the platform executes itself: what each is to the model, and what a call of it gives.

Functions are not among them: whoever made the run executes those, and submits their outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from assistctl.json_value import Json

Fields = dict[str, Json]

FILE_SEARCH = "file_search"
CODE_INTERPRETER = "code_interpreter"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a call.

    ``for_model`` is the text that the model gets, ``step`` the object in the step's ``tool_calls``, with the
    call's id. ``citations`` are the files that the model may cite, by the two numbers of the mark that
    ``for_model`` has at each (``4:0``). ``produced`` are files that were made, by the path that the model may
    name them by (``/mnt/data/a.csv``); ``images`` are the ids of those to be shown in the answer.
    """

    for_model: str
    step: Fields
    citations: Mapping[str, str] = field(default_factory=dict)
    produced: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()


class ToolError(Exception):
    """A tool cannot be used at all: the run fails, and its ``last_error`` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BuiltInTool(Protocol):
    """One tool for one run."""

    def declaration(self) -> Fields:
        """The function that the model is offered, as Chat Completions declares it."""

    def begun(self, call_id: str) -> Fields:
        """The start of the step's object, told as soon as the model begins the call: streams keep its place so."""

    def input_of(self, arguments: str) -> Fields | None:
        """The part of the step's object that is told before the call is executed; ``None`` where nothing is."""

    async def call(self, call_id: str, arguments: str) -> ToolResult:
        """Execute one call. ``arguments`` is the text that the model wrote, JSON or not. Raises ``ToolError``."""


def function(name: str, description: str, properties: Fields, required: list[Json]) -> Fields:
    """The declaration of a function with an object for its parameters."""
    parameters: Fields = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}
