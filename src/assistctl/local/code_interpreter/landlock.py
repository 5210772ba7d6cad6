"""The Linux sandbox: this Python and its packages, natively, under Landlock and seccomp (extra ``code-linux``).

``sandlock`` keeps code to a root of its own: the interpreter, the system's libraries and the installed packages to
read, ``/mnt`` and ``/tmp`` to write; no network, no other program, no environment.
"""

from __future__ import annotations

import sys
import sysconfig
import threading
from importlib.util import find_spec

from assistctl.local.code_interpreter.child_process import ChildProcess, worker_command
from assistctl.local.code_interpreter.sandbox import Folders, Interpreter, Limits, SandboxUnavailable


class LandlockSandbox:
    """A ``Sandbox`` that has numpy, pandas and the like as far as they are installed beside assistctl."""

    def start(self, folders: Folders, limits: Limits, stopping: threading.Event) -> Interpreter:
        """An interpreter; takes well below a second."""
        require()
        packages = list(dict.fromkeys(sysconfig.get_path(scheme_path) for scheme_path in ("purelib", "platlib")))
        return ChildProcess(
            worker_command("landlock_worker"),
            folders,
            limits,
            stopping,
            prefix=sys.base_prefix,
            packages=[*packages],
        )


def require() -> None:
    """Raise ``SandboxUnavailable`` when the extra is not installed, or the kernel has not what it takes."""
    if sys.platform != "linux":
        raise SandboxUnavailable(
            "The code sandbox 'landlock' is there on Linux only. Use: assistctl serve --code-sandbox wasm"
        )
    if find_spec("sandlock") is None:
        raise SandboxUnavailable(
            "The code sandbox 'landlock' is not installed. "
            "Install the extra with: pip install 'assistctl[code-linux]'"
        )
    from sandlock import landlock_abi_version, min_landlock_abi

    if landlock_abi_version() < min_landlock_abi():
        raise SandboxUnavailable(
            f"The code sandbox 'landlock' needs a Linux kernel with Landlock ABI {min_landlock_abi()} or later, "
            f"and this one has {landlock_abi_version()}. Use: assistctl serve --code-sandbox wasm"
        )
