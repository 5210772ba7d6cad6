"""No digest that leaves the platform is made of a secret: with another secret, every one of them is the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assistctl.applying.journaling import _were_secret
from assistctl.journal.records import BeforeImage
from assistctl.journal.redact import digests, without_secrets
from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.plan import Plan, PlanScope
from assistctl.operations.saved_plan import save_plan
from assistctl.ownership.sensitive import digest_without_secrets
from assistctl.secrets.template import Named, Template
from support.planning import ProjectOnStore, declared

TOOL: Json = {"type": "function", "function": {"name": "f", "description": "with SECRET"}}
PLAIN: Json = {"type": "function", "function": {"name": "g", "description": "plain"}}
DESK: dict[str, Json] = {
    "model": "m",
    "instructions": "use SECRET to log in",
    "description": "SECRET",
    "metadata": {"pin": "SECRET", "team": "support"},
    "tools": [PLAIN, TOOL],
    "secret": ["instructions", "description", "metadata.pin", "tools[1].function.description"],
}
EDITED: dict[str, Json] = {**DESK, "instructions": "please use SECRET to log in", "temperature": 0.2}
OPEN: dict[str, Json] = {"model": "m", "instructions": "no more of it", "metadata": {"team": "support"}}
IGNORED: dict[str, Json] = {**EDITED, "lifecycle": {"ignore_changes": ["tools", "metadata.pin"]}}


def filled(manifest: dict[str, Json], secret: str) -> Desired:
    """What is declared while the variable has that value."""
    desired = declared("desk", manifest)
    fields = json.loads(json.dumps(desired.fields).replace("SECRET", secret))
    templates = {
        path: Template(tuple(Named("S", secret) if isinstance(piece, Named) else piece for piece in made.pieces))
        for path, made in desired.templates.items()
    }
    return replace(desired, fields=fields, templates=templates)


def written(plan: Plan, folder: Path) -> list[Json]:
    """What is saved of a plan and recorded of its apply."""
    path = folder / "x.plan"
    save_plan(plan, PlanScope(), path)
    found: list[Json] = [json.loads(path.read_text())]
    for change in plan.changes:
        paths = change.secret_paths | (_were_secret(change.before) if change.before else frozenset())
        image = without_secrets(BeforeImage.of(change.before), paths) if change.before else BeforeImage("", {})
        found += [dict(image.fields), dict(image.metadata), dict(image.withheld)]
        found.append(dict(digests(change.request, paths)))
    return found


Series = Callable[[ProjectOnStore, str], Plan]
SERIES: dict[str, Series] = {
    "created": lambda project, secret: project.plan([filled(DESK, secret)]),
    "edited around it": lambda project, secret: after(project, secret, EDITED, secret),
    "another value": lambda project, secret: after(project, secret, DESK, f"{secret}0"),
    "no longer declared": lambda project, secret: after(project, secret, OPEN, secret),
    "ignored": lambda project, secret: after(project, secret, IGNORED, "7777"),
    "edited outside": lambda project, secret: after(project, secret, EDITED, secret, edited="theirs"),
    "deleted": lambda project, secret: after(project, secret, None, secret),
}


def after(
    project: ProjectOnStore, secret: str, manifest: dict[str, Json] | None, now: str, edited: str | None = None
) -> Plan:
    project.apply([filled(DESK, secret)])
    assert project.plan([filled(DESK, secret)]).changes == ()
    if edited is not None:
        metadata = project.store.assistants["asst_1"].metadata
        project.store.update("asst_1", {"instructions": f"{edited} {secret}"}, metadata)
    return project.plan([filled(manifest, now)] if manifest is not None else [])


@pytest.mark.parametrize("series", SERIES.values(), ids=SERIES)
def test_nothing_that_is_written_depends_on_the_value(series: Series, tmp_path: Path) -> None:
    plan, other = (series(ProjectOnStore(), secret) for secret in ("1234", "5678"))
    assert plan.changes
    assert written(plan, tmp_path) == written(other, tmp_path)


def test_what_is_around_the_secret_still_counts(tmp_path: Path) -> None:
    project = ProjectOnStore()
    project.apply([filled(DESK, "1234")])
    changed = {**EDITED, "instructions": "kindly use SECRET to log in"}
    plan, other = (project.plan([filled(manifest, "1234")]) for manifest in (EDITED, changed))
    assert written(plan, tmp_path)[0]["requests"] != written(other, tmp_path)[0]["requests"]  # type: ignore[index, call-overload]  # JSON


def test_an_edit_of_somebody_else_still_makes_a_plan_stale() -> None:
    project = ProjectOnStore()
    project.apply([filled(DESK, "1234")])
    before = project.plan([filled(EDITED, "1234")])
    metadata = project.store.assistants["asst_1"].metadata
    project.store.update("asst_1", {"instructions": "theirs"}, metadata)
    after_it = project.plan([filled(EDITED, "1234")])
    assert before.seen != after_it.seen
    assert before.fingerprint != after_it.fingerprint


def test_a_digest_is_the_same_where_secrets_are_not_looked_for() -> None:
    project, desired = ProjectOnStore(), filled({**OPEN, "tools": [PLAIN], "metadata": {"pin": "1"}}, "")
    project.apply([desired])
    observed = project.store.listed()
    assert [*project.plan([desired]).seen.values()] == [
        digest_without_secrets(assistant, desired) for assistant in observed
    ]
