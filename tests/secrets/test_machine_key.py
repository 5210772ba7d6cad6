"""The key that no checkout holds: made once, for its owner alone, and never believed when others could have it."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistctl.errors import ProjectError
from assistctl.secrets.machine_key import VARIABLE, MachineKey, machine_key


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the key will be."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/assistctl/record.key"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Some project's folder."""
    (tmp_path / "checkout").mkdir()
    return tmp_path / "checkout"


def made(checkout: Path) -> MachineKey:
    key = machine_key(checkout, create=True)
    assert key is not None
    return key


def test_it_is_made_when_it_is_needed_and_the_same_from_then_on(place: Path, checkout: Path) -> None:
    assert machine_key(checkout) is None
    assert not place.parent.exists()
    seal = made(checkout).seal("p", b"text")
    assert (stat.S_IMODE(place.stat().st_mode), stat.S_IMODE(place.parent.stat().st_mode)) == (0o600, 0o700)
    assert [path.name for path in place.parent.iterdir()] == [place.name]
    again = machine_key(checkout)
    assert again is not None
    assert again.holds("p", b"text", seal)
    assert not any(
        [again.holds("q", b"text", seal), again.holds("p", b"test", seal), again.holds("p", b"text", 7)]
    )
    assert not again.holds("p", b"text", "\N{LATIN SMALL LETTER E WITH ACUTE}")
    assert place.read_bytes().hex() not in repr(again)


def test_those_who_make_it_at_once_have_the_same(place: Path, checkout: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: made(checkout), range(32)))
    assert len(set(keys)) == 1
    assert place.exists()


def loosened(place: Path) -> None:
    place.chmod(0o644)


def cut_off(place: Path) -> None:
    place.write_bytes(place.read_bytes()[:7])


def linked(place: Path) -> None:
    place.rename(place.with_name("elsewhere"))
    place.symlink_to("elsewhere")


def a_pipe(place: Path) -> None:
    place.unlink()
    os.mkfifo(place, 0o600)


@pytest.mark.parametrize("spoil", [loosened, cut_off, linked, a_pipe])
def test_one_that_others_could_have_is_replaced(place: Path, checkout: Path, spoil: object) -> None:
    old = made(checkout)
    assert callable(spoil)
    spoil(place)
    assert machine_key(checkout) is None
    new = made(checkout)
    assert new != old
    assert machine_key(checkout) == new
    assert stat.S_IMODE(place.lstat().st_mode) == 0o600


@pytest.mark.parametrize("inside", ["", "deep/in/it"])
def test_one_in_the_checkout_is_none(checkout: Path, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    """A repository may bring any file along; its root counts, not the project's folder."""
    (checkout / ".git").mkdir()
    project = checkout / inside
    project.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(checkout / "state"))
    assert machine_key(project, create=True) is None
    assert not (checkout / "state").exists()


def test_without_a_home_there_is_none(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is ``~`` on some machines; it would be a folder of that name in the checkout."""
    monkeypatch.chdir(checkout)
    monkeypatch.setattr("platformdirs.user_state_path", lambda *_, **__: Path("~/.local/state/assistctl"))
    assert machine_key(checkout, create=True) is None
    assert list(checkout.iterdir()) == []


def test_one_in_the_environment_counts_and_leaves_no_file(
    place: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "k" * 32)
    key = made(checkout)
    assert machine_key(checkout) == key
    monkeypatch.setenv(VARIABLE, "j" * 32)
    assert machine_key(checkout) != key
    assert not place.parent.exists()
    monkeypatch.setenv(VARIABLE, "k" * 31)
    with pytest.raises(ProjectError, match="too short"):
        machine_key(checkout)
    monkeypatch.setenv(VARIABLE, "")
    assert machine_key(checkout) is None
