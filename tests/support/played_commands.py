"""Commands on a project whose platform answers nonsense, and what must hold of them."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import shutil
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import httpx2
from starlette.applications import Starlette

from assistctl.cli.main import run
from assistctl.local.app import create_app
from support.answer_player import Answer, Player, Tape, through
from support.clock import FastLoop
from support.managed_agents import ManagedAgents

Found = TypeVar("Found")

# 2 is not among them: no command here is asked for it but `drift`, and `plan --detailed-exitcode`.
EXIT_CODES = frozenset({0, 1, 2, 3, 4})
DEFECTS = ("something went wrong inside assistctl", "Traceback (most recent call last)")

_DESK = """\
name: Order desk
model: {model}
instructions: Answer questions about orders.
metadata: {{team: support}}
lifecycle: {{ignore_changes: [description]}}
tools:
  - type: function
    function:
      name: order_status
      description: Where an order is
      parameters: {{type: object, properties: {{id: {{type: string}}}}}}
"""
_SEARCH = """\
  - {type: file_search, file_search: {max_num_results: 8}}
  - type: code_interpreter
files:
  - {path: "docs/*.md", tool: file_search}
  - {path: "*.csv", tool: code_interpreter}
temperature: 0.2
response_format: {type: json_object}
"""
_APPLY = ("apply", "--yes")
_SLOW = ("--timeout", "20s")
# One after another, so that the answers come in the order in which they were given.
_IN_ORDER = ("--wait", "30s", "--parallelism", "1")


@dataclass(frozen=True, slots=True)
class Scene:
    """A command in a project, ``folder`` as it was before, and what the platform answered when all went well."""

    name: str
    folder: Path
    arguments: tuple[str, ...]
    answers: Mapping[str, list[Answer]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left: its exit code and all it said."""

    code: int
    said: str


def scenes(folder: Path) -> list[Scene]:
    """All scenes, recorded in ``folder``."""
    found: list[Scene] = []
    for platform, app, model in (
        ("played-assistants", create_app(None), "gpt-4.1"),
        ("played-agents", create_app(None), "gpt-4.1"),
        ("played-anthropic", ManagedAgents().app(), "claude-opus-5-5"),
    ):
        found += _Recording(folder / platform, platform, app, model).scenes()
        if hasattr(app.state, "database"):
            app.state.database.close()
    return found


def played(scene: Scene, seed: int, folder: Path, *, percent: int | None = None) -> tuple[Player, Outcome]:
    """The scene once more, in ``folder``, with answers spoiled by the number ``seed``: so many in a hundred."""
    random = Random(seed)  # noqa: S311  # to be the same again
    player = Player(scene.answers, random, random.choice((5, 15, 40)) if percent is None else percent)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(scene.folder, folder)
    with through(player), _jumping_clock():
        return player, _ran(folder, scene.arguments)


def problems(outcome: Outcome) -> Iterator[str]:
    """What should not be."""
    if outcome.code not in EXIT_CODES:
        yield f"exit code {outcome.code}"
    for line in outcome.said.splitlines():
        if any(defect in line for defect in DEFECTS):
            yield line[:300]


@dataclass(slots=True)
class _Recording:
    folder: Path
    platform: str
    app: Starlette
    model: str

    def scenes(self) -> Iterator[Scene]:
        now = self.folder / "now"
        self._write(now)
        yield self._scene("first plan", "plan", "--format", "json")
        yield self._scene("first apply", *_APPLY)
        yield self._scene("no-op plan", "plan", "--detailed-exitcode")
        yield self._scene("list", "list")
        yield self._scene("output", "output", "--format", "json")
        self._edit(now)
        yield self._scene("plan of a change", "plan", "--format", "markdown")
        yield self._scene("apply of a change", *_APPLY, "--format", "json")
        (now / "assistants/desk.yaml").rename(now / "desk.yaml")
        yield self._scene("dump", "dump")
        shutil.rmtree(now / "assistants")
        shutil.copytree(self.folder / "no-op-plan/assistants", now / "assistants")
        yield self._scene("drift", "drift")
        yield self._scene("apply again", *_APPLY)
        (now / "assistants/desk.yaml").unlink()
        yield self._scene("apply of a removal", *_APPLY)
        if self.platform == "played-assistants":
            yield self._scene("gc", "gc", "--yes", "--unproven")
        yield self._scene("destroy", "destroy", "--yes")

    def _write(self, folder: Path) -> None:
        (folder / "assistants/docs").mkdir(parents=True)
        url = "http://127.0.0.1:1" if self.platform == "played-anthropic" else "http://127.0.0.1:1/v1"
        target = f"{{platform: {self.platform}, base_url: '{url}', api_key: k}}"
        settings = "project: acme\ndefault_target: it\nsafety: {max_delete_percent: 100}\ntargets:\n  it: "
        (folder / "assistctl.yaml").write_text(f"{settings}{target}\n")
        own = _SEARCH if self.platform == "played-assistants" else ""
        (folder / "assistants/desk.yaml").write_text(_DESK.format(model=self.model) + own)
        (folder / "assistants/night.yaml").write_text(f"model: {self.model}\ninstructions: Say good night.\n")
        for name in ("docs/one.md", "docs/two.md", "prices.csv"):
            (folder / "assistants" / name).write_text(f"This is {name}.\n")

    def _edit(self, folder: Path) -> None:
        desk = folder / "assistants/desk.yaml"
        desk.write_text(
            desk.read_text().replace("questions about orders", "all questions").replace("team", "unit")
        )
        (folder / "assistants/docs/one.md").write_text("Changed.\n")
        (folder / "assistants/docs/two.md").unlink()
        (folder / "assistants/docs/three.md").write_text("New.\n")
        (folder / "assistants/prices.csv").write_text("changed\n")

    def _scene(self, name: str, *arguments: str) -> Scene:
        before = self.folder / name.replace(" ", "-")
        shutil.copytree(self.folder / "now", before, ignore=shutil.ignore_patterns("dumped"))
        tape = Tape(httpx2.ASGITransport(app=self.app))
        more = (*_SLOW, *(_IN_ORDER if arguments[0] == "apply" else ()))
        with through(tape):
            outcome = _ran(self.folder / "now", (*arguments, *more))
        assert outcome.code == 0, outcome
        return Scene(f"{self.platform}, {name}", before, (*arguments, *more), tape.answers)


def _ran(folder: Path, arguments: tuple[str, ...]) -> Outcome:
    said = io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run(list(arguments))
    finally:
        os.chdir(before)
    return Outcome(code, said.getvalue())


@contextlib.contextmanager
def _jumping_clock() -> Iterator[None]:
    """Let nothing that is run wait for a time: nothing here takes any."""
    real = asyncio.run

    def jumping(work: Coroutine[Any, Any, Found]) -> Found:
        with asyncio.Runner(loop_factory=FastLoop) as runner:
            return runner.run(work)

    asyncio.run = jumping  # type: ignore[assignment]  # asyncio knows no other way to give it a loop
    try:
        yield
    finally:
        asyncio.run = real
