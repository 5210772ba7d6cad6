"""The tool ``code_interpreter``: a call runs code in the thread's session, and keeps the files that it made.

Code of a model is never executed but in a sandbox. Without one, a run whose model wants to execute code fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import cast

from starlette.concurrency import run_in_threadpool

from assistctl.json_value import Json
from assistctl.local.code_interpreter.data_folder import ProducedFile
from assistctl.local.code_interpreter.sandbox import SandboxUnavailable
from assistctl.local.code_interpreter.sessions import Execution, Sessions
from assistctl.local.database.storage import Database
from assistctl.local.files import record
from assistctl.local.files.content import ContentFolder
from assistctl.local.files.keeping import keep_output
from assistctl.local.http.errors import ApiError
from assistctl.local.runs.tools import CODE_INTERPRETER, Fields, ToolError, ToolResult, function
from assistctl.model.unicode_text import whole_characters

_DESCRIPTION = (
    "Executes Python code and returns what it prints, and the value of a last expression. Variables stay between"
    " calls. There is no network, and nothing can be installed. pandas and matplotlib are there as a rule."
    " plt.show() shows a chart to the user. Files are under /mnt/data; what is written there can be given to the"
    " user by a link such as [name.csv](sandbox:/mnt/data/name.csv)."
)
_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
"""The kinds that a message shows (``vision`` files have the same)."""

_LONGEST_BYTES = 200
"""File systems take 255 bytes; the rest is left for what tells duplicates apart."""


class CodeInterpreter:
    """The tool for one run. ``files`` are the assistant's and the thread's: name under ``/mnt/data`` -> id."""

    def __init__(
        self,
        database: Database,
        content: ContentFolder,
        sessions: Sessions,
        thread_id: str,
        files: Mapping[str, str],
    ) -> None:
        self._database = database
        self._content = content
        self._sessions = sessions
        self._thread_id = thread_id
        self._files = files

    def declaration(self) -> Fields:
        """See ``BuiltInTool``."""
        listed = f" The user's files there: {', '.join(sorted(self._files))}." if self._files else ""
        return function(CODE_INTERPRETER, _DESCRIPTION + listed, {"code": {"type": "string"}}, ["code"])

    def begun(self, call_id: str) -> Fields:
        """See ``BuiltInTool``."""
        return _step(call_id, "", [])

    def input_of(self, arguments: str) -> Fields:
        """See ``BuiltInTool``: the code."""
        return {"type": CODE_INTERPRETER, CODE_INTERPRETER: {"input": _code(arguments)}}

    async def call(self, call_id: str, arguments: str) -> ToolResult:
        """See ``BuiltInTool``."""
        code = _code(arguments)
        paths = {name: self._content.path_of(file_id) for name, file_id in self._files.items()}
        try:
            done = await self._sessions.run(self._thread_id, code, paths)
        except SandboxUnavailable as error:
            raise ToolError(str(error)) from error
        return await run_in_threadpool(self._result, call_id, code, _as_text(done))

    def _result(self, call_id: str, code: str, done: Execution) -> ToolResult:
        outputs: list[Json] = [{"type": "logs", "logs": done.logs}] if done.logs else []
        produced: dict[str, str] = {}
        images: list[str] = []
        for file in done.produced:
            stored = keep_output(self._database, self._content, PurePosixPath(file.name).name, file.content)
            if not file.is_chart:
                produced[f"/mnt/data/{file.name}"] = stored.id
            if _is_picture(file):
                images.append(stored.id)
                outputs.append({"type": "image", "image": {"file_id": stored.id}})
        return ToolResult(_told(done), _step(call_id, code, outputs), produced=produced, images=tuple(images))


def _as_text(done: Execution) -> Execution:
    """What code printed, and names that it gave, as text that can be stored: a file's name is any bytes."""
    produced = tuple(replace(file, name=whole_characters(file.name)) for file in done.produced)
    return replace(done, logs=whole_characters(done.logs), produced=produced)


def file_names(database: Database, file_ids: list[str]) -> dict[str, str]:
    """The name under ``/mnt/data`` of each file -> its id, without those that are gone."""
    found: list[tuple[str, str]] = []
    with database.reading() as connection:
        for file_id in dict.fromkeys(file_ids):
            try:
                stored = record.get(connection, file_id)
            except ApiError:  # deleted, or its time is over
                continue
            found.append((file_id, str(stored.body["filename"])))
    return distinct_names(found)


def distinct_names(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The name of each file under ``/mnt/data`` -> its id, for pairs of id and file name, in their order.

    The first of several files of a name keeps it, ``prices.csv``; the next is ``prices (2).csv``. Capital letters
    make no difference, because on some machines they do not. A name that no file can have gives way to the id.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for file_id, filename in files:
        name = _free(_usable(filename) or file_id, taken)
        taken.add(name.casefold())
        names[name] = file_id
    return names


def _step(call_id: str, code: str, outputs: list[Json]) -> Fields:
    return {"id": call_id, "type": CODE_INTERPRETER, CODE_INTERPRETER: {"input": code, "outputs": outputs}}


def _is_picture(file: ProducedFile) -> bool:
    return file.is_chart or PurePosixPath(file.name).suffix.lower() in _PICTURES


def _told(done: Execution) -> str:
    """The text for the model."""
    parts = [done.logs.removesuffix("\n")]
    shown = [file.name for file in done.produced if _is_picture(file)]
    files = [f"sandbox:/mnt/data/{file.name}" for file in done.produced if not file.is_chart]
    if shown:
        parts.append(f"Shown to the user: {', '.join(shown)}")
    if files:
        parts.append(f"Files made: {', '.join(files)}")
    return "\n".join(part for part in parts if part) or "The code printed nothing."


def _code(arguments: str) -> str:
    """The code in what the model wrote, which need not be what it was asked for: it may be the code itself."""
    try:
        value = json.loads(arguments, strict=False)
    except ValueError:
        return arguments
    if isinstance(value, dict):
        value = cast("Fields", value)
        value = value.get("code") or value.get("input") or ""
    return whole_characters(value) if isinstance(value, str) else arguments


def _usable(filename: str) -> str:
    base = "".join(
        character
        for character in filename.replace("\\", "/").rpartition("/")[2]
        if character.isprintable() and character != ":"
    )
    base = base.strip(" ").rstrip(".")
    if len(base.encode()) <= _LONGEST_BYTES:
        return base
    suffix = PurePosixPath(base).suffix[:20]
    return base.encode()[: _LONGEST_BYTES - len(suffix.encode())].decode(errors="ignore") + suffix


def _free(name: str, taken: set[str]) -> str:
    path = PurePosixPath(name)
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{path.stem} ({number}){path.suffix}"
    return candidate
