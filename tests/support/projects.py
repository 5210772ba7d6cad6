"""A project in a temporary folder, and the command run in it as a user would."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assistctl.cli.main import run


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The result, parsed."""
        return json.loads(self.out)


@dataclass
class ProjectFolder:
    """A folder with ``assistctl.yaml``; ``run`` is ``assistctl`` in it."""

    path: Path
    capture: pytest.CaptureFixture[str]
    enter: Callable[[Path], None]
    written: list[Path] = field(default_factory=list)

    def write(self, name: str, text: str | bytes) -> Path:
        """A file below the folder; text is dedented."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        self.written.append(path)
        return path

    def use(self, platform: str, address: str, *, api_key: str = "test-key") -> ProjectFolder:
        """Make ``cloud`` its one target: a platform on a server at ``address``. The project itself."""
        self.write(
            "assistctl.yaml",
            f"""\
            project: acme
            default_target: cloud
            targets:
              cloud: {{platform: {platform}, base_url: "{address}", api_key: {api_key}}}
            """,
        )
        return self

    def manifest(self, key: str, **fields: object) -> Path:
        """A manifest with these fields."""
        return self.write(f"assistants/{key}.yaml", json.dumps({"model": "gpt-4.1", **fields}))

    def remove(self, key: str) -> None:
        """Take a manifest away."""
        (self.path / f"assistants/{key}.yaml").unlink()

    def run(self, *args: str | Path) -> Outcome:
        """``assistctl ARGS`` in the folder."""
        self.enter(self.path)
        self.capture.readouterr()
        code = run([str(arg) for arg in args])
        streams = self.capture.readouterr()
        assert "Traceback" not in streams.err
        return Outcome(code, streams.out, streams.err)

    def snapshot(self) -> Mapping[str, bytes]:
        """Every file below the folder, and what is in it."""
        return {str(path): path.read_bytes() for path in sorted(self.path.rglob("*")) if path.is_file()}


def applied(project: ProjectFolder, *options: str) -> None:
    """Apply, for a test that goes on from there."""
    done = project.run("apply", "--yes", *options)
    assert done.code == 0, done.out + done.err


def key_of(case: str) -> str:
    """A key for the assistant of a case that is described so."""
    return re.sub(r"\W+", "-", case.lower())


def settled(project: ProjectFolder, *options: str) -> None:
    """Apply, with nothing left to do and nobody accused afterwards."""
    applied(project, *options)
    nothing_to_do(project)


def nothing_to_do(project: ProjectFolder) -> None:
    """Nothing is left to do, nobody is accused, and nothing is missing.

    ``drift`` says no more than a plan does, unless there are vector stores, into which it looks.
    """
    plan = project.run("plan", "--format", "json", "--detailed-exitcode")
    assert plan.code == 0, plan.out + plan.err
    found = plan.json
    assert [found[name] for name in ("changes", "drift", "missing")] == [[], [], []], plan.out
