"""Parts shared by platforms whose shapes are not the Assistants API's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from assistctl.errors import OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Finding, Level

Object = dict[str, Json]
Made = TypeVar("Made")

_STRICT = "Functions are not strict there: check the arguments in your own code."


def as_object(value: Json) -> Object:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects_in(value: Json) -> list[Object]:
    """The objects of a list; empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_text(value: Json) -> str:
    """``value`` if it is text, else an empty one."""
    return value if isinstance(value, str) else ""


def made(read: Callable[[Json], Made], answer: Json) -> Made:
    """The result of ``read`` on the answer to a request that adds something.

    Raises ``OutcomeUnknownError`` when the server said yes in words that are not understood: most likely it was
    done.
    """
    try:
        return read(answer)
    except PlatformError as error:
        raise OutcomeUnknownError(error.summary, error.hint) from error


def without_nulls(value: Object) -> Object:
    """The members of an object that are not null."""
    return {name: part for name, part in value.items() if part is not None}


def functions_in(tools: Json) -> Iterator[tuple[int, Object]]:
    """Each of the Assistants API's functions among ``tools``, with its place."""
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        if is_function(tool):
            yield place, as_object(as_object(tool)["function"])


def is_function(tool: Json) -> bool:
    """Whether a tool is a function in the Assistants API's shape."""
    return isinstance(tool, dict) and tool.get("type") == "function" and isinstance(tool.get("function"), dict)


def function_findings(tools: Json, platform: str) -> Iterator[Finding]:
    """The faults of functions on a platform that wants a description and parameters, and has no ``strict``."""
    for place, function in functions_in(tools):
        for name, advice in (
            ("description", "Say what it does and when to call it."),
            ("parameters", "Without arguments: {type: object, properties: {}}."),
        ):
            if function.get(name) is None:
                where = f"tools[{place}].function"
                yield Finding(f"{where}.{name}", f"{platform} needs {where}.{name}", advice)
        if function.get("strict"):
            where = f"tools[{place}].function.strict"
            yield left_out(where, platform, _STRICT)


def left_out(path: str, platform: str, note: str) -> Finding:
    """That a platform has nothing for what is at ``path``, and takes the rest without it."""
    return Finding(path, f"{path} is left out on {platform}", note, Level.MAPPED, lost=True)


def own_tool_findings(tools: Json, path: str) -> Iterator[Finding]:
    """The faults of the tools that a manifest declares for one platform alone."""
    if tools is not None and not isinstance(tools, list):
        yield Finding(path, f"{path} is not a list", "A list of tools, in the platform's own shapes.")
        return
    for place, tool in enumerate(tools or ()):
        where = f"{path}[{place}]"
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
            yield Finding(where, f"{where} has no type", "A tool is a mapping with a `type`.")
        elif is_function(tool):
            yield Finding(where, f"{where} is a function like any other", "Declare it under `tools`.")


def without_strict(tools: Json) -> Json:
    """``tools`` without the word that only some platforms have for functions."""
    if not isinstance(tools, list):
        return tools
    return [_without_strict(tool) if is_function(tool) else tool for tool in tools]


def _without_strict(tool: Json) -> Json:
    function = as_object(as_object(tool)["function"])
    return {**as_object(tool), "function": {name: part for name, part in function.items() if name != "strict"}}


def refuse_inexpressible(fields: Mapping[str, Json], known: Sequence[str], platform: str) -> None:
    """Raise ``PlatformError`` for a field that would be dropped; null is every platform's own default."""
    lost = [name for name, value in fields.items() if name not in known and value is not None]
    if lost:
        raise PlatformError(f"{platform} cannot express {', '.join(sorted(lost))}", "Nothing was sent.")


def texts(metadata: Json) -> dict[str, str]:
    """Metadata as text, whatever a server made of the values."""
    return {key: value if isinstance(value, str) else repr(value) for key, value in as_object(metadata).items()}


def observed(answer: Json, fields: Mapping[str, Json], revision: str | None = None) -> Observed:
    """The thing in a platform's answer. Raises ``PlatformError`` when it has no id."""
    identity = as_object(answer).get("id")
    if not isinstance(identity, str) or not identity:
        raise PlatformError("the platform's answer is not an assistant", "Is the base_url right?")
    return Observed(identity, fields, texts(as_object(answer).get("metadata")), revision)
