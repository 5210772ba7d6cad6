"""``assistctl``, started: has a process that ``command_server.py`` forks be the command, and ends like it.

The process gets the arguments, the environment, the folder, every open descriptor under its number, the limits,
the ignored signals and the mask of new files; signals are passed on. What a new interpreter or an import would
take another way than a fork does is left to a real start: a terminal, and the settings that are read so early.

It imports next to nothing, and has asked after 8 ms.
"""

# ``signal`` and ``socket`` make enumerations first, which takes as long as all the rest.
import _signal  # type: ignore[import-not-found]  # typeshed has it as ``signal`` alone
import _socket
import marshal
import os
import resource
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# Read when the interpreter starts, or when a package is imported; those of the tests are the server's too.
EARLY_SETTINGS = (b"PYTHON", b"LC_", b"LANG", b"TZ", b"OPENAI_LOG", b"ANTHROPIC_LOG", b"AZURE_LOG")
PASSED_ON = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT, _signal.SIGTERM, _signal.SIGUSR1, _signal.SIGUSR2)
LIMITS = tuple(getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_"))
NUMBER = 4
"""The bytes of a number on the connection."""


def main(address: str, settings: dict[bytes, bytes]) -> None:
    """Be the command. ``settings`` are the early ones of the server at ``address``."""
    # ``pathlib`` takes longer to import than all of this.
    descriptors = [number for number in map(int, os.listdir("/dev/fd")) if _is_open(number)]  # noqa: PTH208
    if early_settings(os.environb) != settings or any(map(os.isatty, descriptors)):
        program = os.path.join(os.path.dirname(sys.executable), "assistctl")  # noqa: PTH118, PTH120
        os.execv(program, [program, *sys.argv[1:]])  # noqa: S606  # what a shell has started already
    _signal.pthread_sigmask(_signal.SIG_BLOCK, PASSED_ON)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(address)
    _ask(connection, descriptors)
    for number in PASSED_ON:
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, lambda number, _: connection.send(bytes([number])))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, PASSED_ON)
    _end_as(int.from_bytes(connection.recv(NUMBER), sys.byteorder, signed=True))


def early_settings(environment: "Mapping[bytes, bytes]") -> dict[bytes, bytes]:
    """Those of an environment that a process has made use of when it is forked."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(EARLY_SETTINGS) and name != b"PYTHONDONTWRITEBYTECODE"
    }


def _is_open(number: int) -> bool:
    # That of the listing is closed by now.
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _ask(connection: _socket.socket, descriptors: list[int]) -> None:
    mask = os.umask(0o77)
    os.umask(mask)
    ignored = [number for number in PASSED_ON if _signal.getsignal(number) == _signal.SIG_IGN]
    limits = [(number, *resource.getrlimit(number)) for number in LIMITS]
    request = marshal.dumps((sys.argv, dict(os.environb), descriptors, mask, ignored, limits))
    handed_over = [os.open(".", os.O_RDONLY), *descriptors]
    rights = b"".join(number.to_bytes(NUMBER, sys.byteorder) for number in handed_over)
    size = len(request).to_bytes(NUMBER, sys.byteorder)
    connection.sendmsg([size], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    connection.sendall(request)


def _end_as(code: int) -> None:
    """With an exit code, or below 0 by that signal."""
    if code < 0:
        _signal.signal(-code, _signal.SIG_DFL) if -code != _signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)
