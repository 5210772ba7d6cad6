"""Notes on what is left to do when a pipeline has been written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.manifest.project.project import DEFAULT_TARGET
from assistctl.scaffold.pipeline import PLAN_KEY, Pipeline
from assistctl.scaffold.wishes import Plans


def notes(pipeline: Pipeline, plans: Plans, include: str | None, *, reachable: bool) -> Iterator[str]:
    """A sentence or two for each thing; ``include`` is a file that the pipeline at the root must include.

    ``reachable`` is whether a runner can install what the pipeline names.
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


def of_no_effect(path: str, options: Sequence[str]) -> str:
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
