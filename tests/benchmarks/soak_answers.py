"""Platforms that answer nonsense, to every command: never a traceback, never a hang, an exit code that is one.

Run from anywhere: ``python tests/benchmarks/soak_answers.py [ANSWERS] [FIRST]``. What platforms answered when all
went well is played again, to the real SDK clients, with something wrong in some of the answers, until ANSWERS of
them had something wrong; the runs are numbered from FIRST. Exits 1 when something is wrong with a command.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.answer_player import offered_in
from support.bounded import bounded
from support.played_commands import Scene, played, problems, scenes

BOUND = 20.0
"""How long a command may take, in seconds of the processor; its waits are jumped over."""

SLOWEST = 3


class Soak:
    """What was found so far: exit codes by scene, what is wrong, and what took longest."""

    def __init__(self, folder: Path) -> None:
        self.answers = self.runs = self.wrong = 0
        self.codes: dict[str, Counter[int]] = {}
        self.slowest: list[tuple[float, str]] = []
        self._folder = folder

    def run(self, scene: Scene, seed: int) -> None:
        """Try one."""
        self.runs += 1
        start = time.process_time()
        try:
            with bounded(BOUND):
                player, outcome = played(scene, seed, self._folder)
            self.answers += player.count
            self.codes.setdefault(scene.name, Counter())[outcome.code] += 1
            found = list(problems(outcome))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what we look for
            found = [f"{type(error).__name__}: {error}"[:300]]
        self.slowest = sorted([*self.slowest, (time.process_time() - start, f"{scene.name} {seed}")])[-SLOWEST:]
        for problem in found:
            self.wrong += 1
            print(f"{scene.name} {seed}: {problem}", flush=True)


def main(answers: int, first: int) -> int:
    """Try until so many answers were spoiled; print what was found."""
    with tempfile.TemporaryDirectory() as name, offered_in(Path(name, "site")):
        recorded = scenes(Path(name, "scenes"))
        soak, began = Soak(Path(name, "play")), time.perf_counter()
        while soak.answers < answers:
            seed = first + soak.runs
            soak.run(recorded[seed % len(recorded)], seed)
            if not soak.runs % 2_000:
                print(f"{soak.answers:,} answers, {soak.wrong} things wrong", flush=True)
        seconds = time.perf_counter() - began
    for scene, codes in soak.codes.items():
        print(f"{scene:<45}", *(f"exit {code}: {count:>5}" for code, count in sorted(codes.items())))
    print(f"{soak.answers:,} answers in {soak.runs:,} runs, {seconds:.0f} s, {soak.wrong} things wrong")
    print("slowest:", *(f"{seconds:.2f} s {name}" for seconds, name in reversed(soak.slowest)), sep="\n  ")
    return 1 if soak.wrong else 0


if __name__ == "__main__":
    numbers = dict(enumerate(int(argument) for argument in sys.argv[1:]))
    sys.exit(main(numbers.get(0, 20_000), numbers.get(1, 0)))
