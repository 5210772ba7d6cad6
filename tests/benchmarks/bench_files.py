"""1,000 small documents for file search and 20 tables for the code interpreter: requests and seconds of each step.

Run from anywhere: ``python tests/benchmarks/bench_files.py [DOCUMENTS]``. The least possible number of requests
that change something is what a step takes when everything is known beforehand: its uploads, one attachment, one
request for the word that all is in, one for each thing that goes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.server import RecordingServer, recording_server

ASSISTCTL = [sys.executable, "-m", "assistctl"]
TABLES = 20


def main(documents: int) -> None:
    """Print a row for each step."""
    print(f"{'step':<26} {'seconds':>8} {'changing':>9} {'least':>6} {'polls':>6} {'reads':>6} {'uploads':>8}")
    with tempfile.TemporaryDirectory() as folder, recording_server(Path(folder, "server.db")) as server:
        project = Path(folder, "project")
        write_project(project, server.url, documents)
        docs = project / "assistants" / "docs"

        def edit(change: Callable[[], object]) -> Callable[[], None]:
            def step() -> None:
                change()
                run(project, "apply", "--yes")

            return step

        (docs / "moved").mkdir()
        steps = (
            ("first apply", edit(lambda: None), documents + TABLES + 4),
            ("no-op plan", lambda: run(project, "plan"), 0),
            ("one changed", edit(lambda: (docs / "d1.md").write_text("changed")), 5),
            ("one moved", edit(lambda: (docs / "d2.md").rename(docs / "moved/d2.md")), 2),
            ("one renamed", edit(lambda: (docs / "d3.md").rename(docs / "renamed.md")), 5),
            ("one removed", edit((docs / "d4.md").unlink), 3),
            ("a table changed", edit(lambda: (project / "assistants/t1.csv").write_text("x")), 3),
            ("manifest removed", edit((project / "assistants/desk.yaml").unlink), documents - 1 + TABLES + 2),
        )
        for name, step, least in steps:
            tell(name, step, least, server)


def tell(name: str, step: Callable[[], None], least: int, server: RecordingServer) -> None:
    """Do a step, and print what it asked for."""
    server.clear()
    start = time.perf_counter()
    step()
    seconds = time.perf_counter() - start
    polls = sum("/file_batches/" in asked.path for asked in server.asked)
    kinds = Counter(asked.method == "GET" for asked in server.asked)
    uploads = sum((asked.method, asked.path) == ("POST", "/v1/files") for asked in server.asked)
    print(
        f"{name:<26} {seconds:8.2f} {kinds[False]:>9} {least:>6} {polls:>6} {kinds[True] - polls:>6} {uploads:>8}"
    )


def write_project(folder: Path, url: str, documents: int) -> None:
    """One assistant that reads so many documents, and the tables."""
    (folder / "assistants" / "docs").mkdir(parents=True)
    target = f"{{platform: openai-assistants, base_url: '{url}', api_key: k}}"
    (folder / "assistctl.yaml").write_text(f"project: bench\ndefault_target: it\ntargets:\n  it: {target}\n")
    for number in range(documents):
        (folder / f"assistants/docs/d{number}.md").write_text(f"# Document {number}\n\nOf topic {number}.\n")
    for number in range(TABLES):
        (folder / f"assistants/t{number}.csv").write_text(f"a,b\n1,{number}\n")
    (folder / "assistants/desk.yaml").write_text(
        "model: m\ntools: [{type: file_search}, {type: code_interpreter}]\nfiles:\n"
        "  - {path: 'docs/**/*.md', tool: file_search}\n  - {path: '*.csv', tool: code_interpreter}\n"
    )


def run(folder: Path, *args: str) -> None:
    """``assistctl ARGS``; its failure is ours."""
    subprocess.run([*ASSISTCTL, "-q", *args], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
