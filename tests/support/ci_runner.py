"""Runs the jobs of a GitHub workflow or a GitLab pipeline: their own scripts, with a shell, in a fresh checkout.

Actions are stood in for by what they do to files; ``pip`` by a script that notes what it was to install. Steps in
Python run in forks of one interpreter, which has imported what they take.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support.forked_interpreters import ForkedInterpreters
from support.git_project import git, head

STEPS_IMPORT = "import json, os, pathlib, urllib.error, urllib.request"
"""The beginning of the interpreters that run steps in Python."""
Contexts = dict[str, Any]
Secrets = Mapping[str, Mapping[str, str]]
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"'[^']*'|&&|\|\||!=|==|!|\(|\)|[\w.-]+")


@dataclass
class JobRun:
    """What became of one job."""

    code: int
    log: str
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class CiRunner:
    """Machines in ``folder`` on which jobs of ``repository`` run; ``artifacts`` go from one to the next."""

    repository: Path
    folder: Path
    environment: Mapping[str, str]
    python: ForkedInterpreters | None = None
    artifacts: dict[str, bytes] = field(default_factory=dict)
    machines: int = 0

    def __post_init__(self) -> None:
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "pip").write_text(f'#!/bin/sh\necho "$@" >> {self.folder}/installed\n')
        (programs / "pip").chmod(0o755)
        (programs / "python").symlink_to(sys.executable)

    @property
    def installed(self) -> list[str]:
        """What ``pip`` was asked for, line by line."""
        return (self.folder / "installed").read_text().splitlines()

    def machine(self, ref: str) -> tuple[Path, str]:
        """A folder of its own with a fresh clone, detached at the branch ``ref``; the commit that it is at."""
        self.machines += 1
        place = self.folder / str(self.machines)
        place.mkdir()
        commit = head(self.repository, ref)
        fresh = self.folder / commit
        if not fresh.exists():
            git(self.folder, "clone", "--quiet", "--template=", "--branch", ref, str(self.repository), commit)
            (fresh / ".git/HEAD").write_text(f"{commit}\n")
        shutil.copytree(fresh, place / "checkout", symlinks=True)
        return place, commit

    def run(self, script: str, folder: Path, own: Mapping[str, str], shell: str = "bash") -> tuple[int, str]:
        """Run a script as both systems do; the exit code and what it printed.

        Raises ``AssertionError`` with the traceback when one in Python ends with one.
        """
        environment = {
            **os.environ,
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "CI": "true",
            **self.environment,
            **own,
        }
        if shell == "python":
            assert self.python is not None
            begin = f"os.chdir({str(folder)!r}); os.environ.clear(); os.environ.update({environment!r})"
            return 0, self.python.run(f"import os; {begin}\n{script}")
        command = ["bash", "-eo", "pipefail", "-c", script]
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=-1, stderr=-2, text=True, check=False, timeout=120
        )
        return done.returncode, done.stdout

    def github(
        self, workflow: Path, event: Mapping[str, Any], secrets: Secrets, ref: str, only: str | None = None
    ) -> dict[str, JobRun]:
        """Run the jobs that ``event`` starts, in order; those that are skipped are left out.

        ``event`` has what the context ``github`` has. ``secrets`` are by environment; ``""`` has the repository's.
        ``only`` is a job that needs no other, to run without the others.
        """
        document = yaml.load(workflow.read_text(), yaml.CSafeLoader)
        done: dict[str, JobRun] = {}
        for name, job in document["jobs"].items():
            if only not in {None, name}:
                continue
            needs = job.get("needs", [])
            names = [needs] if isinstance(needs, str) else needs
            needed = {other: done.get(other) for other in names}
            contexts: Contexts = {
                "github": {"token": "ghs_token", **event},
                "needs": {other: {"outputs": run.outputs} for other, run in needed.items() if run},
            }
            if any(run is None or run.code for run in needed.values()) or not truth(
                job.get("if", "true"), contexts
            ):
                continue
            contexts["secrets"] = {**secrets.get("", {}), **secrets.get(job.get("environment", ""), {})}
            done[name] = self._github_job(document, job, contexts, *self.machine(ref))
        return done

    def _github_job(self, document: Any, job: Any, contexts: Contexts, place: Path, commit: str) -> JobRun:
        folder = place / "checkout" / document["defaults"]["run"]["working-directory"]
        summary, output, temporary = place / "summary.md", place / "output", place / "temporary"
        temporary.mkdir()
        for file in (summary, output):
            file.touch()
        contexts |= {"runner": {"temp": str(temporary)}, "steps": {}, "cancelled": False}
        run = JobRun(0, "")
        given = {
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_SHA": commit,
            "RUNNER_TEMP": str(temporary),
            **document["env"],
            **job.get("env", {}),
        }
        for step in job["steps"]:
            condition = str(step.get("if", "success()"))
            anyway = re.search(r"(always|cancelled)\(\)", condition)
            if (run.code and not anyway) or not truth(condition, contexts):
                contexts["steps"][step.get("id", "")] = {"outcome": "skipped"}
                continue
            if "uses" in step:
                self._use(step, contexts)
                continue
            own = {name: filled(str(text), contexts) for name, text in step.get("env", {}).items()}
            code, said = self.run(step["run"], folder, {**given, **own}, step.get("shell", "bash"))
            run.code, run.log = run.code or code, run.log + said
            outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs, "outcome": "failure" if code else "success"}
        run.summary = summary.read_text()
        run.outputs = {name: filled(text, contexts) for name, text in job.get("outputs", {}).items()}
        return run

    def _use(self, step: Any, contexts: Contexts) -> None:
        action = step["uses"].partition("@")[0]
        if action in {"actions/checkout", "actions/setup-python"}:
            return
        name, path = step["with"]["name"], Path(filled(step["with"]["path"], contexts))
        if action == "actions/upload-artifact":
            self.artifacts[name] = path.read_bytes()
            self.artifacts[f"{name}/name"] = path.name.encode()
        else:
            assert action == "actions/download-artifact"
            (path / self.artifacts[f"{name}/name"].decode()).write_bytes(self.artifacts[name])

    def gitlab(self, pipeline: Path, names: Sequence[str], own: Secrets, ref: str) -> dict[str, JobRun]:
        """Run the jobs called ``names``. ``own`` are variables by environment; ``""`` has those of all jobs."""
        document = yaml.load(pipeline.read_text(), yaml.CSafeLoader)
        done: dict[str, JobRun] = {}
        for name in names:
            job = document[name]
            base = document[job["extends"]]
            environment = job.get("environment", "")
            machine, commit = self.machine(ref)
            place = machine / "checkout"
            for path, content in self.artifacts.items():
                if any(path.startswith(f"{needed}:") for needed in job.get("needs", ())):
                    (place / path.partition(":")[2]).write_bytes(content)
            given = {
                "CI_PROJECT_DIR": str(place),
                "CI_DEFAULT_BRANCH": "main",
                "CI_COMMIT_SHA": commit,
                "CI_JOB_URL": "https://git.example.com/jobs/1",
                **base["variables"],
                **job.get("variables", {}),
                **own.get("", {}),
                **own.get(environment if isinstance(environment, str) else environment["name"], {}),
            }
            code, said = self.run("\n".join([*base["before_script"], *job["script"]]), place, given)
            for path in job.get("artifacts", {}).get("paths", ()):
                if (place / path).is_file():
                    self.artifacts[f"{name}:{path}"] = (place / path).read_bytes()
            done[name] = JobRun(code, said)
            if code:
                break
        return done


def filled(text: str, contexts: Contexts) -> str:
    """``text`` with its ``${{ … }}`` filled."""
    return _EXPRESSION.sub(lambda found: str(evaluated(found[1], contexts)), text)


def truth(condition: str, contexts: Contexts) -> bool:
    """Whether an ``if:`` lets something run, with or without ``${{ }}``."""
    return bool(evaluated(_EXPRESSION.sub(r"\1", condition), contexts))


def evaluated(expression: str, contexts: Contexts) -> Any:
    """An expression of GitHub's: operators, strings, names of contexts and the functions of ``if:``."""
    words = {"&&": " and ", "||": " or ", "!": " not ", "true": "True"}
    functions = {"always": lambda: True, "success": lambda: True, "cancelled": lambda: False}

    def word(found: re.Match[str]) -> str:
        token = found[0]
        if token in words or token[0] in "'()=!" or token in functions:
            return words.get(token, token)
        return f"at({token!r})"

    def at(path: str) -> Any:
        value: Any = contexts
        for part in path.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        return value

    return eval(_TOKEN.sub(word, expression).strip(), {"__builtins__": {}, "at": at, **functions})  # noqa: S307  # ours
