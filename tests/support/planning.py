"""Planning and applying in a test: declared assistants from plain values, and a project on a store of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from assistctl.applying.engine import carry_out
from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Lifecycle
from assistctl.model.change import Result, Status
from assistctl.model.plan import Plan, PlanOptions, TargetName
from assistctl.ownership.canonical import parse
from assistctl.planning.planner import make_plan
from assistctl.secrets.template import Named, Piece, Template
from support.assistants_store import CAPABILITIES, AssistantsStore
from support.logging_platform import Call, LoggingPlatform

POLICY = PlanOptions("acme", TargetName("prod", "in-memory"))


def declared(key: str, manifest: Mapping[str, Json]) -> Desired:
    """What a manifest declares; ``secret`` lists the paths of texts in which ``SECRET`` came from ``${env:S}``."""
    fields: dict[str, Json] = {"name": key, **manifest}
    lifecycle, secret = fields.pop("lifecycle", None), fields.pop("secret", None)
    platforms = fields.pop("platforms", None)
    import_id, moved_from = fields.pop("import", None), fields.pop("moved_from", None)
    paths = [str(path) for path in secret] if isinstance(secret, list) else []
    templates = {path: _template(dict(manifest), path) for path in paths}
    rules = lifecycle if isinstance(lifecycle, dict) else {}
    prevent, ignored = rules.get("prevent_destroy"), rules.get("ignore_changes")
    return Desired(
        key,
        fields,
        Position(f"assistants/{key}.yaml"),
        Lifecycle(
            prevent if isinstance(prevent, bool) else None,
            tuple(str(path) for path in ignored) if isinstance(ignored, list) else (),
        ),
        frozenset(templates),
        {name: part for name, part in platforms.items() if isinstance(part, dict)}
        if isinstance(platforms, dict)
        else {},
        import_id if isinstance(import_id, str) else None,
        moved_from if isinstance(moved_from, str) else None,
        templates=templates,
    )


def _template(manifest: Json, path: str) -> Template:
    text = manifest
    for step in parse(path):
        text = text[int(step)] if isinstance(text, list) else text[str(step)] if isinstance(text, dict) else text
    pieces: list[Piece] = []
    for part in str(text).split("SECRET"):
        pieces += (part, Named("S", "SECRET"))
    return Template(tuple(pieces[:-1]))


@dataclass(slots=True)
class ProjectOnStore:
    """A project's target on a store: plans with the real planner and applies with the real engine."""

    store: AssistantsStore = field(default_factory=AssistantsStore)
    plan_options: PlanOptions = POLICY

    def plan(self, desired: Iterable[Desired], *, adopt: bool | None = None, destroy: bool = False) -> Plan:
        """What apply would do."""
        plan_options = replace(self.plan_options, adopt=adopt, destroy=destroy)
        return make_plan(tuple(desired), self.store.listed(), plan_options, CAPABILITIES)

    def carry_out(self, plan: Plan) -> tuple[Result, ...]:
        """Make the changes, whatever rule would refuse them."""
        return asyncio.run(carry_out(plan, LoggingPlatform(self.store), alone=True))

    def calls_of(self, plan: Plan) -> list[Call]:
        """The requests that change something when the plan is carried out."""
        platform = LoggingPlatform(self.store)
        asyncio.run(carry_out(plan, platform, alone=True))
        return platform.changing_calls

    def apply(self, desired: Iterable[Desired], *, adopt: bool | None = None, destroy: bool = False) -> Plan:
        """Plan and make the changes, all of which must succeed; the plan that was carried out."""
        plan = self.plan(desired, adopt=adopt, destroy=destroy)
        results = self.carry_out(plan)
        assert [result.error for result in results if result.status is not Status.OK] == []
        return plan
