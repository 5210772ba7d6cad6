"""The files that ``assistctl init`` writes: a project that plans and applies as it stands, and its pipeline."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assistctl.checkout.untrusted_files import read_regular
from assistctl.errors import AssistctlError
from assistctl.export.write_files import write_whole
from assistctl.manifest import Project
from assistctl.manifest.project.discovery import discover
from assistctl.manifest.project.project import DEFAULT_TARGET, PROJECT_FILE
from assistctl.manifest.syntax.key_text import key_from
from assistctl.scaffold.pipeline import CI_SYSTEMS, PLAN_KEY, Pipeline, filled, read_text
from assistctl.scaffold.surroundings import default_branch, installed_requirement, repository_of
from assistctl.scaffold.wishes import Plans, Wishes, settled

__all__ = ["CI_SYSTEMS", "Scaffolded", "Wishes", "project_name", "scaffold"]

_IGNORED = (".assistctl/", ".env", "*.plan")
_MODEL = "gpt-6-luna"
_LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scaffolded:
    """The paths from the project's folder that were written, and those that were there already and left alone.

    ``notes`` are sentences on what is left to do.
    """

    created: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]


def scaffold(directory: Path, wishes: Wishes, environ: Mapping[str, str]) -> Scaffolded:
    """Write a new project's files into ``directory``, and its pipeline; nothing there is overwritten.

    Raises ``AssistctlError`` when a file cannot be written, and what ``settled`` raises.
    """
    directory = directory.resolve()
    plans = settled(wishes, directory, environ)
    repository = repository_of(directory)
    root = repository.root.resolve() if repository else directory
    requirement, reachable = installed_requirement(plans.extras)
    pipeline = Pipeline(
        wishes.ci,
        wishes.branch or default_branch(repository),
        directory.relative_to(root).as_posix(),
        plans.manifests,
        wishes.requirement or requirement,
        plans.target,
        plans.staging,
        wishes.checks,
    )
    place, included = pipeline.place(root)
    files = [*((directory, name, text) for name, text in _project_files(wishes, plans, directory))]
    files.append((root, place, pipeline.text(place)))
    created, kept = _written(files, directory)
    if _ignore(directory / ".gitignore"):
        created.append(".gitignore")
    told = [*_without_effect(wishes, plans, files, directory, kept)]
    if _shown(root / place, directory) in created:
        reachable = reachable or wishes.requirement is not None
        told += _notes(pipeline, plans, place if included else None, reachable=reachable)
    return Scaffolded(tuple(created), tuple(kept), tuple(told))


def project_name(directory: Path) -> str:
    """A project name made from the folder's."""
    folder = directory.resolve().name
    written = re.sub(r"[^A-Za-z0-9._-]+", "-", folder) if folder.isascii() else key_from(folder)
    return written.strip("-._")[:64] or "my-assistants"


def _project_files(wishes: Wishes, plans: Plans, directory: Path) -> Iterator[tuple[str, str]]:
    from assistctl.manifest.validation.schema import FOR_EDITORS, schema_text

    targets = [filled("target.yaml", {"TARGET": target.name, "KEY": target.key_variable}) for target in plans.new]
    values = {
        "PROJECT": wishes.project,
        "TARGETS": "".join(targets).rstrip("\n") + "\n",
        "JOURNAL": json.dumps(wishes.journal),
    }
    sections = {"journal" if wishes.journal else "no_journal", "targets" if targets else "no_remote"}
    yield "assistctl.yaml", filled("assistctl.yaml", values, sections)
    yield from _example(plans, directory)
    for name in FOR_EDITORS:
        yield f"schemas/{name}.schema.json", schema_text(name)


def _example(plans: Plans, directory: Path) -> Iterator[tuple[str, str]]:
    """A first assistant, where none is declared: it would be deployed beside the others."""
    folder = PurePosixPath(plans.manifests)
    declared, _ = discover(Project(directory, None, directory / folder), None)
    if declared:
        return
    # The variable is one of the assistctl.yaml that comes with it.
    model = _MODEL if os.path.lexists(directory / PROJECT_FILE) else "${var:model}"
    values = {"MODEL": model, "SCHEMAS": Path(os.path.relpath("schemas", folder)).as_posix()}
    yield str(folder / "helper.yaml"), filled("helper.yaml", values)
    yield str(folder / "prompts/helper.md"), filled("helper.md", {})


def _without_effect(
    wishes: Wishes, plans: Plans, files: Sequence[tuple[Path, str, str]], directory: Path, kept: Collection[str]
) -> Iterator[str]:
    """Notes on options that are for files that were kept, the last of ``files`` being the pipeline."""
    if wishes.named and plans.project is not None and plans.project != wishes.project:
        yield _of_no_effect(PROJECT_FILE, ["--project"])
    root, place, text = files[-1]
    shown = _shown(root / place, directory)
    if wishes.of_the_pipeline and shown in kept and read_text(root / place) != text:
        yield _of_no_effect(shown, wishes.of_the_pipeline)


def _shown(path: Path, directory: Path) -> str:
    return Path(os.path.relpath(path, directory)).as_posix()


def _written(files: list[tuple[Path, str, str]], directory: Path) -> tuple[list[str], list[str]]:
    """Write each ``(folder, name, text)`` that is not there; the paths from ``directory`` written and kept."""
    created, kept = [], []
    for folder, name, text in files:
        path = folder / name
        shown = _shown(path, directory)
        if os.path.lexists(path):
            kept.append(shown)
            continue
        _stay_inside(path, folder)
        write_whole(path, text)
        created.append(shown)
    return created, kept


def _stay_inside(path: Path, directory: Path) -> None:
    if not path.resolve().is_relative_to(directory.resolve()):
        raise AssistctlError(f"{path} leaves {directory}, through a link", "Remove the link, and run it again.")


def _ignore(path: Path) -> bool:
    """Add what must not be committed; whether there was anything to add."""
    try:
        text = read_regular(path, _LARGEST).decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise AssistctlError(f"{path} cannot be read: {error}") from error
    missing = [line for line in _IGNORED if line not in text.splitlines()]
    if missing:
        _stay_inside(path, path.parent)
        _append(path, "".join(f"{line}\n" for line in missing), on_new_line=text.endswith("\n") or not text)
    return bool(missing)


def _append(path: Path, text: str, *, on_new_line: bool) -> None:
    """Add to what is there, which a full disk does not take away."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text if on_new_line else f"\n{text}")
    except OSError as error:
        raise AssistctlError(f"{path} cannot be written: {error.strerror}") from error


def _notes(pipeline: Pipeline, plans: Plans, include: str | None, *, reachable: bool) -> Iterator[str]:
    """A sentence or two for each thing that is left to do.

    ``include`` is a file that the pipeline at the root must include, ``reachable`` whether a runner can install
    what the pipeline names.
    """
    yield from _about_targets(pipeline)
    if not reachable:
        wheel = pipeline.requirement.partition("[")[0]
        yield (
            "This assistctl came from a folder or file of this machine, where a runner cannot get it. Put its "
            f"wheel at {wheel} and commit that (pip wheel --no-deps --wheel-dir vendor CLONE), "
            "or set ASSISTCTL_REQUIREMENT in the pipeline to a git address."
        )
    if include is not None:
        yield f'Add to .gitlab-ci.yml:  include: [{{local: "{include}"}}]'
    if plans.new:
        yield "Set base_url of the new target in assistctl.yaml."
    if not plans.has_journal:
        yield (
            "Without a shared `journal:` in assistctl.yaml, history and rollback end with the runner "
            "(`assistctl help interrupted-applies`)."
        )


def _of_no_effect(path: str, options: Sequence[str]) -> str:
    """A sentence or two on ``options`` that only say what ``path`` is to hold, which was there and was kept."""
    have = "has" if len(options) == 1 else "have"
    return (
        f"{path} is there already and was not changed, so {', '.join(options)} {have} no effect. "
        "Change it by hand, or move it away and run this again to have it written anew."
    )


def _about_targets(pipeline: Pipeline) -> Iterator[str]:
    name = pipeline.target.name
    if name == DEFAULT_TARGET:
        yield (
            f"The pipeline deploys to {name!r}, the embedded platform, which is gone with the runner. Declare "
            "a target in assistctl.yaml, and name it and its key in the pipeline "
            "(`assistctl help continuous-integration`)."
        )
        return
    secrets = [f"{PLAN_KEY} (may only read)", pipeline.target.key_variable]
    if pipeline.staging:
        secrets.append(pipeline.staging.key_variable)
    order = f"{pipeline.staging.name}, then {name}" if pipeline.staging else name
    yield f"The pipeline deploys {pipeline.branch} to {order}. It needs the secrets {', '.join(secrets)}."
