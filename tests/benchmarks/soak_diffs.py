"""Pairs of texts through the formats of a plan: every line shown is a line of its text, and none is lacking.

Run from anywhere: ``python tests/benchmarks/soak_diffs.py [PAIRS] [FIRST]``. Pairs are numbered from FIRST. Exits
with 1 when a line is false.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.shown_diffs import falsehoods, in_markdown, in_text
from support.text_pairs import text_pair


def main(count: int, first: int) -> int:
    """Try so many; print what was found."""
    wrong = 0
    started = time.monotonic()
    for number in range(first, first + count):
        old, new = text_pair(random.Random(number))  # noqa: S311 - no secret
        for shown in (in_text, in_markdown):
            for falsehood in falsehoods(old, new, shown(old, new)):
                wrong += 1
                print(f"{number} {shown.__name__}: {falsehood}", flush=True)
    print(f"{count:,} pairs, {wrong} false, {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*(arguments + [100_000, 0][len(arguments) :])))
