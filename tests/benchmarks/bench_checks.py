"""``check`` of 100 questions to a model that takes 300 ms, over the time that the model alone takes of it.

The command runs in a process of its own, with its imports and its reading of manifests in the figure; the model is
a scripted one in this process. With a folder as the argument it is profiled in this process instead, and the
profile goes there.
"""

from __future__ import annotations

import cProfile
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assistctl.testing import Reply, ScriptedModel

QUESTIONS = 100
PARALLEL = 8
MODEL_SECONDS = 0.3
FACTOR = 1.2
ROUNDS = 3


def main() -> None:
    """Measure, and print."""
    with ScriptedModel() as model, tempfile.TemporaryDirectory() as folder:
        model.on(None, Reply("Hello there, friend.", delay=MODEL_SECONDS))
        os.environ["ASSISTCTL_MODEL_URL"] = model.url
        _write_project(Path(folder))
        assert _run(folder, "apply", "--yes") == 0
        if len(sys.argv) > 1:
            _profile(folder, Path(sys.argv[1]))
            return
        for _ in range(ROUNDS):
            _measure(folder)


def _measure(folder: str) -> None:
    before, begin = os.times(), time.perf_counter()
    assert _run(folder, "check", "--parallel", str(PARALLEL)) == 0
    taken, after = time.perf_counter() - begin, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    alone = QUESTIONS * MODEL_SECONDS / PARALLEL
    verdict = "within" if taken <= FACTOR * alone else "over"
    print(
        f"{QUESTIONS} checks, {PARALLEL} at a time: {taken:.2f} s, {cpu:.2f} s of them its own work;"
        f" the model alone {alone:.2f} s: {taken / alone:.2f} times that, {verdict} {FACTOR}"
    )


def _run(folder: str, *args: str) -> int:
    command = [sys.executable, "-m", "assistctl", "-C", folder, "-q", *args]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode


def _profile(folder: str, place: Path) -> None:
    from assistctl.cli.main import run

    profile = cProfile.Profile()
    profile.runcall(run, ["-C", folder, "-q", "check", "--parallel", str(PARALLEL), "--format", "json"])
    profile.dump_stats(place / "check.prof")


def _write_project(folder: Path) -> None:
    (folder / "assistants").mkdir()
    (folder / "assistctl.yaml").write_text("project: acme\n", encoding="utf-8")
    checks = [{"ask": f"Question {number}?", "expect": {"contains": "friend"}} for number in range(QUESTIONS)]
    manifest = {"model": "gpt-4o-mini", "checks": checks}
    (folder / "assistants" / "desk.yaml").write_text(json.dumps(manifest), encoding="utf-8")


if __name__ == "__main__":
    main()
