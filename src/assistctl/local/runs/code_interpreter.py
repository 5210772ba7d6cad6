"""The tool ``code_interpreter``: the place of the sandbox in a run.

Code of a model is never executed but in a sandbox. Without one, a run whose model wants to execute code fails.
"""

from __future__ import annotations

from typing import NoReturn

from assistctl.local.database.storage import Database
from assistctl.local.files.content import ContentFolder
from assistctl.local.runs.tools import CODE_INTERPRETER, Fields, ToolError, ToolResult, function

UNAVAILABLE = (
    "The code interpreter needs a sandbox, which is not installed. Install it with the extra `code`:"
    " pip install 'assistctl[code]'."
)


class CodeInterpreter:
    """The tool for one run. ``file_ids`` are the files of the assistant and of the thread."""

    def __init__(self, database: Database, content: ContentFolder, thread_id: str, file_ids: list[str]) -> None:
        self._database = database
        self._content = content
        self._thread_id = thread_id
        self._file_ids = list(dict.fromkeys(file_ids))

    def declaration(self) -> Fields:
        """See ``BuiltInTool``."""
        description = (
            "Executes Python code and returns what it prints, and the value of a last expression. Variables stay"
            " between calls. Files are under /mnt/data; what is written there is given to the user by a link such"
            " as sandbox:/mnt/data/name.csv."
        )
        return function(CODE_INTERPRETER, description, {"code": {"type": "string"}}, ["code"])

    def begun(self, call_id: str, arguments: str) -> Fields | None:  # noqa: ARG002  # as the protocol has it
        """See ``BuiltInTool``."""
        return None

    async def call(self, call_id: str, arguments: str) -> ToolResult:  # noqa: ARG002  # as the protocol has it
        """See ``BuiltInTool``."""
        _refuse()


def _refuse() -> NoReturn:
    raise ToolError(UNAVAILABLE)
