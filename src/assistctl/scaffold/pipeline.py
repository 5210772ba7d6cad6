"""The pipeline of a project: a plan on pull requests, that plan applied on the default branch, drift at night."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from assistctl.checkout.untrusted_files import read_regular
from assistctl.errors import AssistctlError

CI_SYSTEMS = ("github", "gitlab")
"""The systems whose pipelines can be written, the first being the usual one."""
PLAN_KEY = "ASSISTANTS_PLAN_KEY"
"""The secret with the key that plans."""

_GITLAB = ".gitlab-ci.yml"
_LARGEST = 1024 * 1024
# What means nothing to YAML, a shell, a regular expression of paths or a ref.
_SAFE = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._/-]*")
_SECTION = re.compile(r"^#@if (\w+)\n(.*?)^#@end\n", re.MULTILINE | re.DOTALL)
_VALUE = re.compile(r"@([A-Z_]+)@")


@dataclass(frozen=True, slots=True)
class DeployTarget:
    """A target that the pipeline deploys to, the variable that has its key, and the extra that it needs."""

    name: str
    key_variable: str
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All that a pipeline depends on. ``folder`` is the project's, ``manifests`` that of its manifests within it.

    ``folder`` begins at the repository's root, where it is ``.``; ``requirement`` is what pip installs.
    """

    ci: str
    branch: str
    folder: str
    manifests: str
    requirement: str
    target: DeployTarget
    staging: DeployTarget | None = None
    checks: bool = False

    @property
    def name(self) -> str:
        """The name of workflow and jobs; its own for each project of a repository."""
        return "assistants" + self._suffix

    @property
    def _suffix(self) -> str:
        return "" if self.folder == "." else "-" + self.folder.replace("/", "-")

    def place(self, root: Path) -> tuple[str, bool]:
        """The path from the repository's ``root``, and whether another file has to include it."""
        if self.ci == "github":
            return f".github/workflows/assistctl{self._suffix}.yml", False
        text = read_text(root / _GITLAB)
        if text is None or f".{self.name}:" in text.splitlines():
            return _GITLAB, False
        return f".gitlab/assistctl{self._suffix}.yml", True

    def text(self, place: str) -> str:
        """The file as it goes to ``place``. Raises ``AssistctlError`` for a name that a pipeline cannot hold."""
        return filled(
            "workflow.yml" if self.ci == "github" else "gitlab-ci.yml", self._values(place), set(self._sections())
        )

    def _sections(self) -> Iterator[str]:
        if self.staging is None:
            yield "no_staging"
        else:
            yield "staging"
            if not self.checks:
                yield "staging_only"
        if self.checks:
            yield "checks_before" if self.staging else "checks_after"
            yield "checks_on_branches"

    def _values(self, place: str) -> dict[str, str]:
        staging = self.staging or self.target
        for text in (self.branch, self.folder, self.manifests, self.target.name, staging.name):
            _require_safe(text)
        prefix = "" if self.folder == "." else f"{self.folder}/"
        values = {
            "NAME": self.name,
            "BRANCH": self.branch,
            "FOLDER": self.folder,
            "FOLDER_PATH": prefix,
            "REQUIREMENT": json.dumps(self.requirement),
            "PATHS": self._paths(prefix, place),
            "TARGET": self.target.name,
            "KEY": self.target.key_variable,
            "KEY_LABEL": self.target.key_variable.ljust(len(PLAN_KEY)),
            "STAGING": staging.name,
            "STAGING_KEY": staging.key_variable,
            "STAGING_KEY_LABEL": staging.key_variable.ljust(len(PLAN_KEY)),
            "STAGE_JOBS": "staging` and `release" if self.staging else "release",
            "CHECK_KEY": staging.key_variable,
        }
        values["CHECK_STEPS"] = filled(f"checks.{self.ci}.yml", values)
        return values

    def _paths(self, prefix: str, place: str) -> str:
        """The paths that a change must touch: all of a project's own folder, else manifests and settings."""
        own = [f"{prefix}**"] if prefix else [f"{self.manifests}/**", "assistctl.yaml"]
        if self.ci == "gitlab":
            own = [f"{path}/*" if path.endswith("**") else path for path in own]
        indent = " " * (6 if self.ci == "github" else 8)
        return "\n".join(f'{indent}- "{path}"' for path in (*own, place))


def _require_safe(text: str) -> None:
    if not _SAFE.fullmatch(text):
        raise AssistctlError(
            f"{text!r} cannot stand in a pipeline",
            "Branches, folders and targets there have letters, digits, '.', '_', '-' and '/'.",
        )


def read_text(path: Path) -> str | None:
    """The text of a pipeline: ``None`` where there is no file, empty where it cannot be read."""
    try:
        return read_regular(path, _LARGEST).decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return ""


def filled(name: str, values: Mapping[str, str], sections: Collection[str] = ()) -> str:
    """The scaffolded file ``name`` with its ``values`` and, of what may be left out, these ``sections``.

    In it ``@NAME@`` stands for a value, and what is between ``#@if NAME`` and ``#@end`` may be left out. Raises
    ``KeyError`` for a name without a value.
    """
    text = (resources.files("assistctl.scaffold") / "files" / name).read_text(encoding="utf-8")
    text = _SECTION.sub(lambda found: found[2] if found[1] in sections else "", text)
    return _VALUE.sub(lambda found: values[found[1]], text)
