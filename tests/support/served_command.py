"""``assistctl`` as a program to start from a shell, without the second that its imports take.

The program in ``folder`` is a small client; the process that it speaks for is a fork of one that has imported all
(``command_client.py`` and ``command_server.py`` say how, and ``cli/test_served_command.py`` holds it against the
real one). Its process is no child of the shell: what kills it without a signal that a program can see, or looks at
its process group, starts the real program.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support import command_client

REAL = Path(sys.executable).parent
"""The folder of the installed program."""
# Without compiled modules: Python would leave such behind that are cut off.
_LIMIT = """\
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.execv(sys.argv[2], sys.argv[2:])
"""


@contextmanager
def served_command(environment: Mapping[str, str]) -> Iterator[Path]:
    """The folder of the program while it is served; where nothing can be forked so, that of the real one.

    Whoever starts it with other settings than ``environment`` has for the interpreter, starts the real one.
    """
    if sys.platform != "linux":
        yield REAL
        return
    # The address of a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="assistctl-"))
    settings = command_client.early_settings(
        {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
    )
    call = f"main({str(folder / 'socket')!r}, {settings!r})"
    program = folder / "assistctl"
    program.write_text(f"#!{sys.executable} -IS\n{Path(command_client.__file__).read_text()}\n\n{call}\n")
    program.chmod(0o755)
    server = Path(__file__).with_name("command_server.py")
    command = [sys.executable, "-P", str(server), str(folder / "socket")]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, cwd="/", env=environment, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield folder
        finally:
            assert process.stdin is not None
            process.stdin.close()
            shutil.rmtree(folder)


def with_file_limit(size: int, *arguments: str | Path) -> list[str | Path]:
    """``assistctl ARGUMENTS`` where no file can grow beyond ``size`` bytes, as on a disk that is full."""
    program = shutil.which("assistctl")
    assert program is not None
    return [sys.executable, "-IS", "-c", _LIMIT, str(size), program, *arguments]
