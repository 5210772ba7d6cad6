"""Generated manifests through loading: never an exception, never a hang, and every message has its place.

Run from anywhere: ``python tests/benchmarks/soak_manifests.py [MANIFESTS] [FIRST]``. Most are manifests that were
in order (this repository's among them) and are not any more, numbered from FIRST; every fourth is made of pieces
that YAML gives a meaning to, or is valid. Exits 1 when something is wrong.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from hypothesis import HealthCheck, Phase, given, seed, settings

from support.bounded import bounded
from support.manifest_text import fields, file_bytes
from support.spoiled_manifests import Case, Workshop, corpus, spoiled_case

BOUND = 10.0
"""How long one manifest may take, in seconds of the processor; the largest that are refused take about one."""

REPOSITORY = Path(__file__).parents[2]
SLOWEST = 5


class Soak:
    """What was found so far."""

    def __init__(self, folder: Path) -> None:
        self.tried: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.slowest: list[tuple[float, str]] = []
        self._workshop = Workshop(folder)

    def run(self, kind: str, name: str, case: Case) -> None:
        """Try one case."""
        self.tried[kind] += 1
        start = time.process_time()
        try:
            with bounded(BOUND):
                found = list(self._workshop.problems(case))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what we look for
            found = [f"{type(error).__name__}: {error}"[:300]]
        self.slowest = sorted([*self.slowest, (time.process_time() - start, f"{kind} {name}")])[-SLOWEST:]
        for problem in found:
            self.wrong.append(f"{kind} {name}: {problem}")
            print(self.wrong[-1], flush=True)


def main(count: int, first: int) -> int:
    """Try so many; print what was found."""
    texts = corpus([REPOSITORY / "assistants", REPOSITORY / "tests/manifest/cases"])
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder))
        began = time.perf_counter()
        generated = count // 4
        for number in range(first, first + count - generated):
            soak.run("spoiled", str(number), spoiled_case(texts, number))
            if not number % 5_000:
                print(f"{soak.tried.total():,} of {count:,}, {len(soak.wrong)} things wrong", flush=True)
        strategies(soak, generated, first)
        seconds = time.perf_counter() - began
    shown = ", ".join(f"{number:,} {kind}" for kind, number in soak.tried.items())
    print(f"{soak.tried.total():,} manifests ({shown}) in {seconds:.0f} s, {len(soak.wrong)} things wrong")
    print("slowest:", *(f"{seconds:.2f} s {name}" for seconds, name in reversed(soak.slowest)), sep="\n  ")
    return 1 if soak.wrong else 0


def strategies(soak: Soak, count: int, first: int) -> None:
    """Cases from hypothesis: bytes, and what is valid."""
    relaxed = settings(
        max_examples=count // 2,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @seed(first)
    @relaxed
    @given(file_bytes)
    def from_bytes(content: bytes) -> None:
        soak.run("bytes", repr(content[:80]), Case(content))

    @seed(first)
    @relaxed
    @given(fields)
    def from_fields(declared: dict[str, Any]) -> None:
        content = json.dumps(declared).encode()
        soak.run("fields", repr(content[:80]), Case(content))

    from_bytes()
    from_fields()


if __name__ == "__main__":
    numbers = dict(enumerate(int(argument) for argument in sys.argv[1:]))
    sys.exit(main(numbers.get(0, 100_000), numbers.get(1, 0)))
