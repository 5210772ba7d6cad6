"""An upload, in process and over HTTP, against the openai SDK's own: time, and memory over idle.

Run from anywhere: ``python tests/benchmarks/bench_upload.py [MEGABYTES ...]``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

RUNS = 3
MEGABYTE = 1_000_000
PROBE = """
import asyncio, hashlib, json, resource, sys, time
from pathlib import Path

def memory(name):
    # The kernel's numbers of this process: ru_maxrss would start with those of the process that forked it.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

def measured(work):
    idle, start = memory("VmRSS"), time.perf_counter()
    work()
    print(json.dumps({"seconds": time.perf_counter() - start, "memory": memory("VmHWM") - idle}))
"""
OURS = (
    PROBE
    + """
from assistctl.platforms.base import Connection
from assistctl.platforms.local import Local
from assistctl.platforms.openai.assistants import OpenAIAssistants
from assistctl.model.source_file import Identity, SourceFile

path, folder, url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def source(path):
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SourceFile(path.name, path, path.stat().st_size, Identity(digest, path.name))

async def upload(source):
    connection = Connection("bench", folder, base_url=url or None, api_key="any")
    async with (OpenAIAssistants if url else Local)(connection) as platform:
        await platform.uploads.upload(source, lambda _: None)

small = folder / "small.bin"
small.write_bytes(b"x")
asyncio.run(upload(source(small)))  # what is imported and opened once is idle
large = source(path)
measured(lambda: asyncio.run(upload(large)))
"""
)
SDK = (
    PROBE
    + """
import openai
def upload(file):
    openai.OpenAI(base_url=sys.argv[3], api_key="any").files.create(file=file, purpose="assistants")

upload(("small.bin", b"x"))
measured(lambda: upload(open(sys.argv[1], "rb")))
"""
)


def main(sizes: list[int]) -> None:
    """Print a row per size and way."""
    print(f"{'MB':>5} {'way':>12} {'s':>7} {'SDK s':>7} {'ratio':>6} {'MB over idle':>13} {'SDK':>6}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name, serving(Path(name, "server.db")) as url:
            folder = Path(name)
            path = folder / "large.bin"
            write(path, size)
            for way, address in (("in process", ""), ("over HTTP", url)):
                rounds = [(run(OURS, path, folder, address), run(SDK, path, folder, url)) for _ in range(RUNS)]
                print_row(size, way, rounds)


def print_row(size: int, way: str, rounds: list[tuple[dict[str, float], dict[str, float]]]) -> None:
    """The medians of the times, the largest of the memories."""
    mine, bare = (median(pair[side]["seconds"] for pair in rounds) for side in (0, 1))
    memory, floor = (max(pair[side]["memory"] for pair in rounds) / MEGABYTE for side in (0, 1))
    print(f"{size:>5} {way:>12} {mine:7.2f} {bare:7.2f} {mine / bare:6.2f} {memory:13.1f} {floor:6.1f}")


def write(path: Path, size: int) -> None:
    """A file of ``size`` megabytes that no layer can make smaller."""
    with path.open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(MEGABYTE))


@contextmanager
def serving(database: Path) -> Iterator[str]:
    """``assistctl serve`` in a process of its own; its base URL."""
    command = [sys.executable, "-m", "assistctl", "serve", "--port", "0", "--db", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        said = ""
        while not (found := re.search(r"http://\S+/v1", said)):
            line = server.stdout.readline()
            assert line, said
            said += line
        try:
            yield found[0]
        finally:
            server.terminate()


def run(script: str, path: Path, folder: Path, url: str) -> dict[str, float]:
    """What one process measured."""
    command = [sys.executable, "-c", script, str(path), str(folder), url]
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return answer


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10, 300])
