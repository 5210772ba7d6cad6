"""Platforms that answer nonsense: a slice of ``tests/benchmarks/soak_answers.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.answer_player import offered_in
from support.bounded import bounded
from support.played_commands import Scene, played, problems, scenes

RUNS_OF_EACH = 2


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Scene]]:
    """What the platforms answered when all went well."""
    folder = tmp_path_factory.mktemp("played")
    with offered_in(folder / "site"):
        yield scenes(folder / "scenes")


def test_every_command_ends_with_words_and_an_exit_code(recorded: list[Scene], tmp_path: Path) -> None:
    found: list[str] = []
    codes: Counter[int] = Counter()
    spoiled = 0
    for seed in range(RUNS_OF_EACH * len(recorded)):
        scene = recorded[seed % len(recorded)]
        with bounded(20):
            player, outcome = played(scene, seed, tmp_path / "play")
        found += [f"{scene.name} {seed}: {problem}" for problem in problems(outcome)]
        codes[outcome.code] += 1
        spoiled += player.count
    assert found == []
    assert spoiled > len(recorded), "the answers are spoiled"
    assert codes.keys() >= {0, 1, 4}, "some commands get through, some do not, some half way"


def test_what_is_played_as_it_was_recorded_goes_well(recorded: list[Scene], tmp_path: Path) -> None:
    for scene in recorded:
        _, outcome = played(scene, 0, tmp_path / "play", percent=0)
        assert outcome.code in {0, 2}, (scene.name, outcome)
