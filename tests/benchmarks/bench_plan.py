"""A no-op plan of N assistants over HTTP against a bare loop over the openai SDK's list; and start-up.

Run from anywhere: ``python tests/benchmarks/bench_plan.py [N ...]``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.benchmark_project import write_project
from support.server import RecordingServer, recording_server

RUNS = 5
LOOP = """
import warnings; warnings.simplefilter("ignore")
import openai
client = openai.OpenAI()
print(sum(1 for _ in client.beta.assistants.list(limit=100)))
"""
ASSISTCTL = [sys.executable, "-m", "assistctl"]


def main(sizes: list[int]) -> None:
    """Print a row per size, then start-up."""
    print(
        f"{'assistants':>10} {'plan s':>8} {'loop s':>8} {'ratio':>6} {'plan requests':>14} {'loop requests':>14}"
    )
    for size in sizes:
        plan_of(size)
    floor = [sys.executable, "-c", "import click, yaml, jsonschema"]
    with tempfile.TemporaryDirectory() as folder:
        write_project(Path(folder), 6, "http://127.0.0.1:1/v1")
        for name in ("--version", "validate"):
            mine, bare = in_turn(partial(run, [*ASSISTCTL, name], folder), partial(run, floor, folder))
            print(
                f"{name:>10} {mine:8.3f} {bare:8.3f} {mine / bare:6.2f}   (floor: import click, yaml, jsonschema)"
            )


def plan_of(size: int) -> None:
    """One row: the medians of both, and what each asked the server for."""
    with tempfile.TemporaryDirectory() as folder, recording_server(Path(folder, "server.db")) as server:
        write_project(Path(folder), size, server.url)
        run([*ASSISTCTL, "apply", "--yes", "-q"], folder)
        environment = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "any"}

        def plan() -> None:
            run([*ASSISTCTL, "plan", "--format", "json"], folder)

        def loop() -> None:
            run([sys.executable, "-c", LOOP], folder, environment)

        mine, bare = in_turn(plan, loop)
        counts = [asked_by(server, work) for work in (plan, loop)]
    print(f"{size:>10} {mine:8.3f} {bare:8.3f} {mine / bare:6.2f} {counts[0]:>14} {counts[1]:>14}")


def run(command: list[str], folder: str, environment: dict[str, str] | None = None) -> None:
    """Run one process to its end; its failure is ours."""
    subprocess.run(
        command, cwd=folder, env={**os.environ, **(environment or {})}, check=True, stdout=subprocess.DEVNULL
    )


def in_turn(first: Callable[[], None], second: Callable[[], None]) -> tuple[float, float]:
    """The medians of both, run in turn so that a slow moment hits both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for work, kept in zip((first, second), times, strict=True):
            start = time.perf_counter()
            work()
            kept.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def asked_by(server: RecordingServer, work: Callable[[], None]) -> int:
    """How many requests ``work`` makes."""
    server.clear()
    work()
    return len(server.asked)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10, 100, 1000])
