"""Every figure of the command beside the least that anything could take for the same, as ratios (Linux).

Run from anywhere: ``python tests/benchmarks/bench_all.py [--json FILE] [--runs N] [--hashed MB] [WORD ...]``; with
words, only the rows that have one of them in their name. Both sides are whole processes and run in turn; the
server is a third one.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support import floors
from support.benchmark_project import write_project
from support.measuring import HEAD, Row, Run, Server, as_json, compared, run, server

ASSISTCTL = (sys.executable, "-m", "assistctl")
SIZES = (10, 100, 1_000, 10_000)
VALIDATED = (3, 1_000, 10_000)
CREATES = 200
LATENCY = 0.03
PARALLELISM = 10
SYNCED = 1_000
HASHED_MEGABYTES = 2048
_PIECE = 1024 * 1024
# As the command reads what it uploads: looking for private keys on the way.
_HASHING = """
import hashlib, os, sys
from assistctl.checkout.untrusted_files import ReaderOfNoKey
with ReaderOfNoKey(os.open(sys.argv[1], os.O_RDONLY)) as opened:
    print(hashlib.file_digest(opened, "sha256").hexdigest())
"""

TYPED_REACH = {1_000: 0.85, 10_000: 1.6}
RAW_REACH = {1_000: 1.5}


@dataclass(frozen=True)
class Bench:
    """What to measure: rows whose names have one of ``words``, each by so many ``runs`` of both sides.

    ``hashed_megabytes`` is the size of the file that is hashed.
    """

    words: tuple[str, ...]
    runs: int
    hashed_megabytes: int = HASHED_MEGABYTES
    rows: list[Row] = field(default_factory=list)

    def wants(self, *names: str) -> bool:
        """Whether any of these rows is asked for."""
        return not self.words or any(word in name for word in self.words for name in names)

    def row(
        self,
        name: str,
        ours: Callable[[], Run],
        floor: Callable[[], Run],
        *,
        reach: float | None = None,
        counted: Callable[[], dict[str, int]] | None = None,
    ) -> None:
        """Measure and print one, if it is asked for."""
        if self.wants(name):
            self.rows.append(compared(name, ours, floor, runs=self.runs, reach=reach, counted=counted))
            print(self.rows[-1].text(), flush=True)


def main() -> None:
    """Print the table, and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--runs", type=int, default=5, help="pairs that count, of each row")
    parser.add_argument("--hashed", type=int, default=HASHED_MEGABYTES, help="MB of the file that is hashed")
    parser.add_argument("words", nargs="*", help="only rows with one of these in their name")
    given = parser.parse_args()
    bench = Bench(tuple(given.words), given.runs, given.hashed)
    print(HEAD)
    for part in (startup, validating, plans, plans_with_files, creates, one_update, one_file, hashing):
        with tempfile.TemporaryDirectory() as folder:
            part(bench, Path(folder))
    if given.json:
        given.json.write_text(as_json(bench.rows) + "\n")


def startup(bench: Bench, folder: Path) -> None:
    """``--version`` against importing what it is made of."""
    floor = partial(floors.of, floors.IMPORTS, folder)
    bench.row("--version", partial(run, [*ASSISTCTL, "--version"], folder), floor, reach=0.6)


def validating(bench: Bench, folder: Path) -> None:
    """``validate`` against parsing the same files."""
    for size in VALIDATED:
        name = f"validate {size:,} manifests"
        if not bench.wants(name):
            continue
        place = project(folder / str(size), size, "http://127.0.0.1:1/v1")
        few = size == VALIDATED[0]
        floor = partial(floors.of, floors.IMPORTS if few else floors.PARSING, place)
        bench.row(name, partial(run, [*ASSISTCTL, "validate"], place), floor, reach=1.2 if few else 2.0)


def plans(bench: Bench, folder: Path) -> None:
    """A plan without changes against a loop over the SDK's list, and one that reads raw pages."""
    for size in SIZES:
        typed, raw = (f"no-op plan of {size:,}, {kind}" for kind in ("typed", "raw"))
        if not bench.wants(typed, raw):
            continue
        with applied(folder / str(size), size) as (place, at):
            plan = partial(run, [*ASSISTCTL, "plan"], place)
            for name, loop, reach in ((typed, floors.TYPED, TYPED_REACH), (raw, floors.RAW, RAW_REACH)):
                floor = partial(floors.of, loop, place, at.url)
                bench.row(name, plan, floor, reach=reach.get(size), counted=at.counted)


def plans_with_files(bench: Bench, folder: Path) -> None:
    """The same of assistants that search four files each."""
    for size in SIZES[:3]:
        name = f"no-op plan of {size:,}, 4 files each"
        if bench.wants(name):
            with applied(folder / str(size), size, files=4) as (place, at):
                plan = partial(run, [*ASSISTCTL, "plan"], place)
                bench.row(name, plan, partial(floors.of, floors.TYPED, place, at.url), counted=at.counted)


def creates(bench: Bench, folder: Path) -> None:
    """An apply that creates everything against as many creates at once, on a server that is far away."""
    name = f"apply of {CREATES} creates, {LATENCY * 1000:.0f} ms"
    if not bench.wants(name):
        return
    with server(folder / "server.db", LATENCY) as at:
        place = project(folder / "project", CREATES, at.url)
        command = [*ASSISTCTL, "apply", "--yes", "-q", "--parallelism", str(PARALLELISM)]

        def emptied(work: Callable[[], Run]) -> Run:
            floors.of(floors.DELETING, place, at.url)
            at.counted()
            return work()

        floor = partial(floors.of, floors.CREATING, place, at.url, str(CREATES), str(PARALLELISM))
        bench.row(
            name,
            partial(emptied, partial(run, command, place)),
            partial(emptied, floor),
            reach=1.1,
            counted=at.counted,
        )


def one_update(bench: Bench, folder: Path) -> None:
    """An apply of one change in a thousand, against listing all and changing one."""
    name = "apply of 1 change in 1,000"
    if not bench.wants(name):
        return
    with applied(folder / "project", SYNCED) as (place, at):
        changed = changing(place / "assistants/a00000.yaml", "temperature: 0.2", "temperature: 0.{}")
        apply = partial(run, [*ASSISTCTL, "apply", "--yes", "-q"], place)
        floor = partial(floors.of, floors.UPDATING, place, at.url)
        bench.row(name, lambda: (next(changed), apply())[1], floor, counted=at.counted)


def one_file(bench: Bench, folder: Path) -> None:
    """An apply after one of a thousand files was changed, against listing and one upload."""
    name = "sync of 1,000 files, 1 changed"
    if not bench.wants(name):
        return
    with applied(folder / "project", 1, files=SYNCED) as (place, at):
        changed = changing(place / "assistants/a00000/0000.md", "changed 0 times", "changed {} times")
        apply = partial(run, [*ASSISTCTL, "apply", "--yes", "-q"], place)
        floor = partial(floors.of, floors.UPLOADING, place, at.url)
        bench.row(name, lambda: (next(changed), apply())[1], floor, counted=at.counted)


def hashing(bench: Bench, folder: Path) -> None:
    """Reading one large file against ``sha256sum``."""
    name = f"hashing of {bench.hashed_megabytes:,} MB"
    if not bench.wants(name):
        return
    large = folder / "large.bin"
    seed = hashlib.shake_128(b"piece").digest(_PIECE)
    with large.open("wb") as file:
        for _ in range(bench.hashed_megabytes):
            file.write(seed)
    ours = partial(floors.of, _HASHING, folder, str(large))
    bench.row(name, ours, partial(run, ["sha256sum", str(large)], folder))


def project(folder: Path, size: int, url: str, files: int = 0) -> Path:
    """A project of so many assistants, each of which searches so many files."""
    folder.mkdir(parents=True)
    write_project(folder, size, url)
    for number in range(size if files else 0):
        key = f"a{number:05}"
        (folder / "assistants" / key).mkdir()
        for place in range(files):
            text = f"# {place} of {key}\n\nchanged 0 times\n"
            (folder / "assistants" / key / f"{place:04}.md").write_text(text)
        with (folder / f"assistants/{key}.yaml").open("a") as manifest:
            manifest.write(f"tools: [{{type: file_search}}]\nfiles: ['{key}/*.md']\n")
    return folder


class applied:  # noqa: N801  # used like a function
    """A server with a project that is as declared, and the folder of that project."""

    def __init__(self, folder: Path, size: int, files: int = 0) -> None:
        folder.mkdir(parents=True)
        self._server = server(folder / "server.db")
        self._folder, self._size, self._files = folder, size, files

    def __enter__(self) -> tuple[Path, Server]:
        at = self._server.__enter__()
        place = project(self._folder / "project", self._size, at.url, self._files)
        run([*ASSISTCTL, "apply", "--yes", "-q", "--parallelism", "16"], place)
        return place, at

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(None, None, None)


def changing(file: Path, old: str, new: str) -> Iterator[None]:
    """Each step writes ``file`` with another number in place of ``old``."""
    text = file.read_text()
    for number in range(1, 1_000):
        file.write_text(text.replace(old, new.format(number)))
        yield


if __name__ == "__main__":
    main()
