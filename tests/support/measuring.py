"""Two commands in turn, so that a slow moment of the machine hits both; and a server in a process of its own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

KILOBYTES_IN_MEGABYTE = 1024
SERVER = Path(__file__).parents[1] / "benchmarks/counting_server.py"


@dataclass(frozen=True)
class Run:
    """A process that ended well: its seconds by the clock and of the processor, and its peak memory."""

    wall: float
    cpu: float
    megabytes: float


@dataclass(frozen=True)
class Row:
    """One comparison. ``ratios`` are ours over the floor, pair by pair: median, least and greatest.

    ``reach`` is what the ratio is to be at most, ``requests`` how many ours made.
    """

    name: str
    ours: float
    floor: float
    ratios: tuple[float, float, float]
    cpu_ratio: float
    megabytes: float
    reach: float | None = None
    requests: dict[str, int] | None = None

    def text(self) -> str:
        """The row of a table."""
        median, least, greatest = self.ratios
        reach = f"{self.reach:.2f}" if self.reach else ""
        asked = "{reading} + {changing}".format(**self.requests) if self.requests else ""
        return (
            f"{self.name:<34} {self.ours:8.3f} {self.floor:8.3f} {median:6.2f} {least:6.2f}-{greatest:<6.2f}"
            f"{self.cpu_ratio:6.2f} {reach:>6} {self.megabytes:6.0f} {asked:>12}"
        )


HEAD = (
    f"{'':<34} {'ours s':>8} {'floor s':>8} {'ratio':>6} {'spread':^14}{'cpu':>5} {'reach':>6} {'MB':>6} "
    f"{'requests':>12}"
)


def as_json(rows: Sequence[Row]) -> str:
    """The rows for programs."""
    return json.dumps([asdict(row) for row in rows], indent=2)


@dataclass(frozen=True)
class Server:
    """A server that counts: its ``url``, and its process."""

    url: str
    _process: subprocess.Popen[str]

    def counted(self) -> dict[str, int]:
        """The numbers of reading and changing requests since this was asked last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        counts: dict[str, int] = json.loads(self._process.stdout.readline())
        return counts


@contextmanager
def server(database: Path, latency: float = 0.0) -> Iterator[Server]:
    """The embedded platform in a process of its own; each request waits ``latency`` seconds."""
    command = [sys.executable, str(SERVER), str(database), str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip(), process)
        finally:
            process.stdin.close()
            process.wait()


def run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> Run:
    """Run one process to its end; its failure is ours."""
    # Bytecode is written, as it is where a package is installed.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env={**environ, **(environment or {})}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / KILOBYTES_IN_MEGABYTE)


def compared(
    name: str,
    ours: Callable[[], Run],
    floor: Callable[[], Run],
    *,
    runs: int,
    reach: float | None = None,
    counted: Callable[[], dict[str, int]] | None = None,
) -> Row:
    """Both in turn, after once that does not count."""
    if counted:
        counted()
    ours()
    requests = counted() if counted else None
    floor()
    pairs = [(ours(), floor()) for _ in range(runs)]
    ratios = [mine.wall / bare.wall for mine, bare in pairs]
    return Row(
        name,
        statistics.median(mine.wall for mine, _ in pairs),
        statistics.median(bare.wall for _, bare in pairs),
        (statistics.median(ratios), min(ratios), max(ratios)),
        statistics.median(mine.cpu / bare.cpu for mine, bare in pairs),
        max(mine.megabytes for mine, _ in pairs),
        reach,
        requests,
    )
