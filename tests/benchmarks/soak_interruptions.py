"""Every mishap at every request of an apply of three assistants with files, of the first and of a second one.

Run from anywhere: ``python tests/benchmarks/soak_interruptions.py [MISHAP ...]``. Exits 1 when a point does not
survive: its report, the journal and the platform tell the same, the next apply converges, one assistant and one
vector store per key, nothing unread that ``gc`` cannot name. All the while there are files of somebody else's
with the names and sizes of the project's, and more of them come in the very moment of the mishap: none may ever
be read or deleted.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from assistctl.cli.main import run as assistctl
from support.agreement import Before
from support.interruptions import KILLS, TIMEOUT, Interruption, Mishap, hurry_uploads, killed_apply, wrong_after
from support.server import RecordingServer, recording_server
from support.stored_objects import StoredObjects

KEYS = ("a", "b", "c")
# After these, an upload may be there that nobody knows of.
LOST = frozenset({Mishap.ANSWER_LOST, Mishap.ERROR_AFTER, Mishap.TRUNCATED, Mishap.LATE})
NAMES = ("one.md", "two.md", "table.csv")


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The result, parsed."""
        return json.loads(self.out)


def main(mishaps: list[Mishap]) -> int:
    """Try all points; print how many survived of each mishap, and the first things that went wrong."""
    tried: Counter[Mishap] = Counter()
    wrong: list[str] = []
    for mishap in mishaps:
        for second in (False, True):
            place = 0
            while (found := try_point(mishap, place, second=second)) is not None:
                tried[mishap] += 1
                wrong += [
                    f"{mishap}, request {place}{', second apply' if second else ''}: {problem}"
                    for problem in found
                ]
                place += 1
        print(f"{mishap:<22} {tried[mishap]:>4} points", flush=True)
    print(f"{'all':<22} {tried.total():>4} points, {len(wrong)} things wrong")
    print(*wrong[:20], sep="\n")
    return 1 if wrong else 0


def try_point(mishap: Mishap, place: int, *, second: bool) -> list[str] | None:
    """One point; what is wrong afterwards. ``None`` when the apply has no such request."""
    with tempfile.TemporaryDirectory() as folder, recording_server(Path(folder, "server.db")) as server:
        project = Path(folder, "project")
        write_project(project, server, timeout=TIMEOUT if mishap is Mishap.LATE else 30)
        hurry_uploads(setattr)
        os.environ["XDG_STATE_HOME"] = str(Path(folder, "state"))
        stored_objects, others = StoredObjects(server.url), StoredObjects(server.url)
        theirs = look_alikes(others)
        os.chdir(project)
        if second:
            run("apply", "--yes")
            edit_project(project)
        interruption = Interruption(mishap, place, meanwhile=lambda: theirs.extend(look_alikes(others)))
        found: list[str] = []
        before = Before(stored_objects)
        interruption.on(server)
        if mishap in KILLS:
            killed_apply(project, interruption)
            interruption.over(server)
        else:
            applied = run("apply", "--yes", "--format", "json")
            interruption.over(server)
            lost = int(mishap in LOST and interruption.hit is not None and interruption.hit.path == "/v1/files")
            found += before.disagreements(run, applied.code, applied.json, lost_uploads=lost)
        if interruption.hit is None:
            return None
        write_project(project, server, timeout=30, documents=False)
        found += [*taken(project, stored_objects, theirs), *wrong_after(run, stored_objects, len(KEYS), theirs)]
        stored_objects.close()
        others.close()
        os.chdir("/")
        return found


def write_project(folder: Path, server: RecordingServer, *, timeout: float, documents: bool = True) -> None:
    """Three assistants with two documents and a table each."""
    folder.mkdir(exist_ok=True)
    (folder / "assistctl.yaml").write_text(
        f"project: acme\ndefault_target: prod\ntargets:\n  prod: {{platform: openai-assistants, "
        f"base_url: '{server.url}', api_key: k, options: {{timeout: {timeout}}}}}\n"
    )
    for key in KEYS if documents else ():
        (folder / f"assistants/{key}").mkdir(parents=True)
        for name in NAMES:
            (folder / f"assistants/{key}/{name}").write_text(f"{name} of {key}")
        (folder / f"assistants/{key}.yaml").write_text(
            "model: m\ntools: [{type: file_search}, {type: code_interpreter}]\nfiles:\n"
            f"  - {{path: '{key}/*.md', tool: file_search}}\n  - {{path: '{key}/*.csv', tool: code_interpreter}}\n"
        )


def edit_project(folder: Path, word: str = "changed") -> None:
    """Change a document, remove one, change a table."""
    for key in KEYS:
        (folder / f"assistants/{key}/one.md").write_text(f"{word}, of {key}")
        (folder / f"assistants/{key}/table.csv").write_text(f"{word}, of {key}")
    (folder / "assistants/a/two.md").unlink(missing_ok=True)


def look_alikes(others: StoredObjects) -> list[str]:
    """Upload files of somebody else's with the name and size of each of the project's, edited ones too."""
    texts = [(name, f"{name} of X") for name in NAMES] + [
        (name, "CHANGED, of X") for name in ("one.md", "table.csv")
    ]
    return [others.upload(name, text.encode()) for name, text in texts]


def taken(project: Path, stored_objects: StoredObjects, theirs: list[str]) -> Iterator[str]:
    """Apply again, edit, apply, collect garbage; and say which of ``theirs`` was read on the way, or is gone."""
    for step in (("apply", "--yes"), ("apply", "--yes"), ("gc", "--yes")):
        run(*step)
        read = uploads_read(stored_objects)
        if read & {*theirs}:
            yield f"after {' '.join(step)} files of somebody else's are read: {read & {*theirs}}"
        gone = {*theirs} - stored_objects.uploads().keys()
        if gone:
            yield f"after {' '.join(step)} files of somebody else's are gone: {gone}"
        edit_project(project, "edited again")


def uploads_read(stored_objects: StoredObjects) -> set[str]:
    """The uploads that anything reads."""
    tools = [each["tool_resources"].get("code_interpreter", {}) for each in stored_objects.assistants()]
    read = {file["id"] for store in stored_objects.stores() for file in stored_objects.files_of(store["id"])}
    return read | {file_id for tool in tools for file_id in tool.get("file_ids", ())}


def run(*args: str) -> Outcome:
    """``assistctl ARGS`` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = assistctl(list(args))
    return Outcome(code, out.getvalue(), err.getvalue())


if __name__ == "__main__":
    sys.exit(main([Mishap(argument) for argument in sys.argv[1:]] or list(Mishap)))
