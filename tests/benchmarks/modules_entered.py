"""How many modules a plan, and an apply, of one changed field enter; and how often one calls another.

Run from anywhere: ``python tests/benchmarks/modules_entered.py [--list] [plan]``. A module counts once a function
in it is called; what runs while a module is imported does not count. A switch is a call of a function from another
module. The embedded platform runs in the command's process and is counted apart: any other is a server elsewhere.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

import assistctl
from assistctl.cli.main import run

SOURCE = str(Path(assistctl.__file__).parent) + os.sep
SERVER = "local"
MANIFEST = "model: gpt-4o\ninstructions: Answer briefly.\ntemperature: {temperature}\n"


@dataclass
class Walk:
    """The modules that were entered, and the calls of one of them from another, by its package."""

    modules: set[str] = field(default_factory=set)
    switches: Counter[str] = field(default_factory=Counter)
    _names: dict[CodeType, str | None] = field(default_factory=dict)
    _importing: Counter[int] = field(default_factory=Counter)

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note one call; to be given to ``sys.setprofile``."""
        if event not in {"call", "return"}:
            return
        code, thread = frame.f_code, threading.get_ident()
        if code.co_name == "<module>":
            self._importing[thread] += 1 if event == "call" else -1
        elif event == "call" and not self._importing[thread]:
            self._enter(frame, code)

    def _enter(self, frame: FrameType, code: CodeType) -> None:
        name = self._module(code)
        if name is None:
            return
        self.modules.add(name)
        if self._caller(frame) not in {name, None}:
            self.switches[package(name)] += 1

    def _caller(self, frame: FrameType) -> str | None:
        """The module of ours that called, through whatever lies between."""
        before = frame.f_back
        while before is not None:
            name = self._module(before.f_code)
            if name is not None:
                return name
            before = before.f_back
        return None

    def _module(self, code: CodeType) -> str | None:
        if code not in self._names:
            is_function = bool(code.co_flags & inspect.CO_OPTIMIZED)
            ours = is_function and code.co_filename.startswith(SOURCE)
            self._names[code] = code.co_filename.removeprefix(SOURCE) if ours else None
        return self._names[code]


def package(module: str) -> str:
    """The room of the house that a module is in."""
    parts = Path(module).parts
    return parts[0] if len(parts) > 1 else "."


def walked(*args: str) -> Walk:
    """What the command ``args`` enters. Raises ``SystemExit`` when it fails."""
    walk = Walk()
    threading.setprofile(walk.profile)
    sys.setprofile(walk.profile)
    try:
        quietly(*args)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return walk


def quietly(*args: str) -> None:
    """Run the command ``args``. Raises ``SystemExit`` when it fails."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = run([*args])
    if code:
        sys.exit(f"{' '.join(args)} ended with {code}:\n{out.getvalue()}")


def show(title: str, walk: Walk, *, names: bool) -> None:
    """Print a row for each package, and the sums, those of the command and those of the server it spoke to."""
    counts = Counter(package(module) for module in walk.modules)
    for part, packages in (
        (title, counts.keys() - {SERVER}),
        (f"its server, in {title}", counts.keys() & {SERVER}),
    ):
        modules, switches = (sum(each[name] for name in packages) for each in (counts, walk.switches))
        print(f"{part}: {modules} modules, {switches} switches")
        for name in sorted(packages, key=lambda name: (-counts[name], name)):
            print(f"  {name:12} {counts[name]:4} modules {walk.switches[name]:6} switches")
            for module in sorted(walk.modules) if names else ():
                if package(module) == name:
                    print(f"    {module}")


def main() -> None:
    """Apply a project of one assistant, change its temperature, and count for a plan and an apply.

    With the argument ``plan``, for that alone.
    """
    names = "--list" in sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("assistants").mkdir()
        Path("assistctl.yaml").write_text("project: reach\n")
        manifest = Path("assistants", "desk.yaml")
        manifest.write_text(MANIFEST.format(temperature=0.2))
        quietly("apply", "--yes")
        manifest.write_text(MANIFEST.format(temperature=0.5))
        show("plan", walked("plan"), names=names)
        if "plan" not in sys.argv[1:]:
            show("apply", walked("apply", "--yes"), names=names)
        os.chdir("/")


if __name__ == "__main__":
    main()
