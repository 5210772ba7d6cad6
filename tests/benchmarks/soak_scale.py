"""5,000 assistants that read 20,000 files: seconds, requests and peak memory of each step, over HTTP (Linux).

Run from anywhere: ``python tests/benchmarks/soak_scale.py [ASSISTANTS ...]``. Each assistant has two documents for
file search and two tables for the code interpreter, and a page of instructions. Every step is a process of its
own; exits 1 when a step does not do what it should.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.server import RecordingServer, recording_server

# The kernel's numbers of this process: ru_maxrss would start with those of the process that forked it.
MEASURED = """
import sys
from pathlib import Path
from assistctl.cli.main import run

code = run(sys.argv[2:])
lines = Path("/proc/self/status").read_text().splitlines()
Path(sys.argv[1]).write_text(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
sys.exit(code)
"""
FILES_EACH = 4
KILOBYTES_IN_MEGABYTE = 1024


@dataclass(frozen=True)
class Step:
    """A command line, and the exit code it must have."""

    name: str
    arguments: tuple[str, ...]
    code: int = 0


STEPS = (
    Step("validate", ("validate",)),
    Step("plan", ("plan", "--detailed-exitcode"), 2),
    Step("plan as JSON", ("plan", "--format", "json", "--detailed-exitcode"), 2),
    Step("plan as HTML", ("plan", "--format", "html", "--detailed-exitcode"), 2),
    Step("apply", ("apply", "--yes")),
    Step("no-op plan", ("plan", "--detailed-exitcode")),
)
AFTER_A_CHANGE = (
    Step("plan, one changed", ("plan", "--detailed-exitcode"), 2),
    Step("apply, one changed", ("apply", "--yes")),
    Step("no-op plan again", ("plan", "--detailed-exitcode")),
    Step("destroy", ("destroy", "--yes")),
)


def main(sizes: list[int]) -> int:
    """A table for each size; 1 when a step failed."""
    return max(table(size) for size in sizes)


def table(size: int) -> int:
    """Do all steps with so many assistants, and print a row for each."""
    print(f"{size:,} assistants, {size * FILES_EACH:,} files")
    print(f"{'step':<20} {'exit':>4} {'seconds':>8} {'peak MB':>8} {'reads':>7} {'changing':>9}", flush=True)
    with tempfile.TemporaryDirectory() as folder, recording_server(Path(folder, "server.db")) as server:
        project = Path(folder, "project")
        write_project(project, server.url, size)
        failed = sum(not tell(step, project, server) for step in STEPS)
        (project / "assistants/a00000/one.md").write_text("changed")
        failed += sum(not tell(step, project, server) for step in AFTER_A_CHANGE)
    return 1 if failed else 0


def tell(step: Step, project: Path, server: RecordingServer) -> bool:
    """Do a step, print what it took, and say whether its exit code was right."""
    server.clear()
    peak = project.parent / "peak"
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(peak), *step.arguments],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    kinds = Counter(asked.method == "GET" for asked in server.asked)
    megabytes = int(peak.read_text()) / KILOBYTES_IN_MEGABYTE
    print(
        f"{step.name:<20} {done.returncode:>4} {seconds:8.1f} {megabytes:8.0f} {kinds[True]:>7,} "
        f"{kinds[False]:>9,}",
        flush=True,
    )
    if done.returncode != step.code:
        print(done.stderr[-2000:])
    return done.returncode == step.code


def write_project(folder: Path, url: str, size: int) -> None:
    """So many assistants with four files each."""
    folder.mkdir()
    target = {"platform": "openai-assistants", "base_url": url, "api_key": "any"}
    project = {"project": "scale", "default_target": "it", "targets": {"it": target}}
    (folder / "assistctl.yaml").write_text(json.dumps(project))
    for number in range(size):
        write_assistant(folder / "assistants", f"a{number:05}")


def write_assistant(folder: Path, key: str) -> None:
    """One manifest, and what its assistant reads."""
    (folder / key).mkdir(parents=True)
    for name in ("one.md", "two.md"):
        (folder / key / name).write_text(f"# {name} of {key}\n\nWhat it says is said here.\n")
    for name in ("one.csv", "two.csv"):
        (folder / key / name).write_text(f"name,of\n{name},{key}\n")
    page = "".join(f"  Line {line} of what {key} is told to do, in so many words.\n" for line in range(40))
    (folder / f"{key}.yaml").write_text(
        "model: gpt-4.1\ntools: [{type: file_search}, {type: code_interpreter}]\nfiles:\n"
        f"  - {{path: '{key}/*.md', tool: file_search}}\n  - {{path: '{key}/*.csv', tool: code_interpreter}}\n"
        f"instructions: |\n{page}"
    )


if __name__ == "__main__":
    sys.exit(main([int(size) for size in sys.argv[1:]] or [5_000]))
