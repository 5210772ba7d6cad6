"""The sandboxes by the names that ``serve --code-sandbox`` and ``options.code_sandbox`` take."""

from __future__ import annotations

import threading
from typing import Literal

from assistctl.local.code_interpreter.sandbox import Folders, Interpreter, Limits, SandboxUnavailable

SandboxName = Literal["wasm", "landlock", "none"]

NAMES: tuple[SandboxName, ...] = ("wasm", "landlock", "none")
DEFAULT: SandboxName = "wasm"


class ChosenSandbox:
    """The sandbox of a name, a ``Sandbox`` that imports its code when the first interpreter starts."""

    def __init__(self, name: SandboxName = DEFAULT) -> None:
        self._name = name

    def start(self, folders: Folders, limits: Limits, stopping: threading.Event) -> Interpreter:
        """See ``Sandbox``."""
        if self._name == "wasm":
            from assistctl.local.code_interpreter.wasm import WasmSandbox

            return WasmSandbox().start(folders, limits, stopping)
        if self._name == "landlock":
            from assistctl.local.code_interpreter.landlock import LandlockSandbox

            return LandlockSandbox().start(folders, limits, stopping)
        raise SandboxUnavailable(
            "The code interpreter is switched off on this server (code sandbox 'none'). "
            "Choose another with: assistctl serve --code-sandbox wasm"
        )
