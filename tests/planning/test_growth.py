"""Ten times as much of anything is ten times the planning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import pytest

from assistctl.journal.records import BeforeImage
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import RosterEntry
from assistctl.model.change import Action, QualifiedKey
from assistctl.model.kind import Kind
from assistctl.model.knowledge import DesiredStore, ObservedStore
from assistctl.ownership.file_marks import HeldFile
from assistctl.ownership.references_by_key import id_token, revision_token
from assistctl.planning.assistants import Assistants
from assistctl.planning.identity.inventory import Knowledge, ObservedKnowledge
from assistctl.planning.planner import make_plan
from assistctl.planning.requests import resolved
from assistctl.planning.rollback import declare_rollback
from assistctl.planning.rosters import naming
from assistctl.planning.undone import Present, Undone
from support.assistants_store import CAPABILITIES
from support.growth import TENFOLD, growth, steps_of
from support.knowledge import desired_store, observed_store, store_file
from support.planning import POLICY, ProjectOnStore, declared

Deployed: TypeAlias = tuple[Sequence[Desired], Sequence[Observed]]

PLATFORM = "in-memory"
ROSTERS = replace(
    CAPABILITIES,
    platform_fields=frozenset({"agents"}),
    roster_entry=RosterEntry("id", "version", {"type": "agent"}),
)


def assistants(size: int, said: str) -> list[Desired]:
    return [
        declared(f"a{number}", {"model": "m", "instructions": f"{said} {number}", "metadata": {"team": said}})
        for number in range(size)
    ]


def tools(size: int, said: str) -> list[Desired]:
    functions: list[Json] = [
        {"type": "function", "function": {"name": f"look_up_{number}", "description": said}}
        for number in range(size)
    ]
    return [declared("a", {"model": "m", "tools": functions})]


def properties(size: int, said: str) -> list[Desired]:
    """One tool with as many differences, once what is said of its parameters is another thing."""
    described: dict[str, Json] = {f"p{number}": {"type": "string", "description": said} for number in range(size)}
    function: Json = {"name": "order", "parameters": {"type": "object", "properties": described}}
    return [declared("a", {"model": "m", "tools": [{"type": "function", "function": function}]})]


def ignored(size: int, said: str) -> list[Desired]:
    """Assistants in which a pair each is left to others."""
    rules: dict[str, Json] = {"lifecycle": {"ignore_changes": ["metadata.team"]}}
    return [declared(f"a{number}", {"model": "m", "instructions": said, **rules}) for number in range(size)]


KINDS = pytest.mark.parametrize("made", [assistants, tools, properties, ignored])


@KINDS
@pytest.mark.parametrize("said", ["as it was", "anew"], ids=["no change", "all changed"])
def test_planning_what_is_there(made: Callable[[int, str], list[Desired]], said: str) -> None:
    def deployed(size: int) -> tuple[ProjectOnStore, list[Desired]]:
        project = ProjectOnStore()
        project.apply(made(size, "as it was"))
        return project, made(size, said)

    def plan(given: tuple[ProjectOnStore, list[Desired]]) -> None:
        project, desired = given
        project.plan(desired)

    assert growth(deployed, plan, 10) <= TENFOLD


@KINDS
def test_planning_what_is_new(made: Callable[[int, str], list[Desired]]) -> None:
    assert growth(lambda size: made(size, "new"), lambda desired: ProjectOnStore().plan(desired), 10) <= TENFOLD


def test_planning_metadata_pairs() -> None:
    def desired(size: int) -> list[Desired]:
        return [declared("a", {"model": "m", "metadata": {f"pair{number}": "x" for number in range(size)}})]

    assert growth(desired, lambda given: ProjectOnStore().plan(given), 20) <= TENFOLD


def chain(size: int, said: str) -> list[Desired]:
    """Assistants of which each names the one before it; something is said of the first."""
    return [
        declared(
            f"a{number:05}",
            {"model": "m", "instructions": said if number == 0 else "ask the one before"}
            | ({"platforms": {PLATFORM: {"agents": [{"assistant": f"a{number - 1:05}"}]}}} if number else {}),
        )
        for number in range(size)
    ]


def deployed_chain(size: int, said: str) -> Deployed:
    plan = make_plan(chain(size, "as it was"), (), POLICY, ROSTERS)
    ids = {id_token(change.qualified_key): f"asst_{change.key}" for change in plan.changes}
    ids |= {revision_token(change.qualified_key): "1" for change in plan.changes}
    made = ((change.key, resolved(change.request, ids)) for change in plan.changes if change.request)
    return chain(size, said), [
        Observed(f"asst_{key}", request.fields, request.metadata, "1") for key, request in made
    ]


@pytest.mark.parametrize(("said", "renewed"), [("as it was", False), ("anew", True)])
def test_planning_a_chain_of_who_names_whom(said: str, *, renewed: bool) -> None:
    def plan(given: Deployed) -> None:
        desired, observed = given
        planned = make_plan(desired, observed, POLICY, ROSTERS)
        assert planned.summary.update == (len(desired) if renewed else 0)

    assert growth(lambda size: deployed_chain(size, said), plan, 10) <= TENFOLD


def test_finding_who_is_renewed_along_a_chain() -> None:
    def find(desired: Sequence[Desired]) -> None:
        assert len(naming(desired, PLATFORM, ROSTERS.roster_entry, {desired[0].key})) == len(desired) - 1

    assert growth(lambda size: chain(size, ""), find, 10) <= TENFOLD


def test_planning_the_files_of_a_vector_store() -> None:
    def deployed(size: int) -> Knowledge:
        there = [store_file(f"docs/{number}.md", f"file-{number}") for number in range(size)]
        held = observed_store(desired_store(*(f"docs/{number}.md" for number in range(size))))
        wanted = replace(desired_store(*(f"docs/{number}.md=anew" for number in range(size))), shared=True)
        return Knowledge((wanted,), ObservedKnowledge((held,), {held.id: there}))

    def plan(knowledge: Knowledge) -> None:
        planned = make_plan((), (), POLICY, CAPABILITIES, knowledge)
        assert any(change.kind is Kind.FILE for change in planned.changes)

    assert growth(deployed, plan, 10) <= TENFOLD


def renamed_stores(size: int) -> Knowledge:
    """Vector stores that look like others which nobody declares any more."""
    there = [observed_store(desired_store("a.md", key=f"old{number}"), f"vs_{number}") for number in range(size)]
    return Knowledge(_shared(size, "new"), ObservedKnowledge(there, {store.id: () for store in there}))


def missing_stores(size: int) -> Knowledge:
    """Vector stores whose marks somebody removed."""
    there = [ObservedStore(f"vs_{number}", {"name": f"gone{number}"}, {}) for number in range(size)]
    return Knowledge(_shared(size, "gone"), ObservedKnowledge(there))


def _shared(size: int, called: str) -> list[DesiredStore]:
    return [replace(desired_store("a.md", key=f"{called}{number}"), shared=True) for number in range(size)]


@pytest.mark.parametrize("made", [renamed_stores, missing_stores])
def test_planning_vector_stores(made: Callable[[int], Knowledge]) -> None:
    def plan(knowledge: Knowledge) -> None:
        planned = make_plan((), (), POLICY, CAPABILITIES, knowledge)
        assert sum(change.action is Action.CREATE for change in planned.changes) >= len(knowledge.desired)

    assert growth(made, plan, 10) <= TENFOLD


class ComparedKey(str):
    """A key whose comparisons are counted."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True


def test_going_back_to_vector_stores_that_nobody_declares() -> None:
    def replaced(size: int) -> tuple[Undone, Present]:
        keys = {f"vs_{number}": ComparedKey(f"s{number:05}") for number in range(size)}
        images = {QualifiedKey(Kind.VECTOR_STORE, key): BeforeImage(store, {}) for store, key in keys.items()}
        return Undone("1", images), Present(stores={store: str(key) for store, key in keys.items()})

    def find(given: tuple[Undone, Present]) -> None:
        back = declare_rollback(*given)
        assert len(back.diagnostics) == len(given[0].images)

    assert growth(replaced, find, 20) <= TENFOLD


def test_reading_assistants_beside_uploads_that_nothing_reads() -> None:
    def listed(size: int) -> tuple[Assistants, list[Observed]]:
        unread = [HeldFile(f"file-{number}", f"token-{number}", "") for number in range(size)]
        there = [Observed(f"asst_{number}", {"model": "m"}, {}) for number in range(size)]
        return Assistants(PLATFORM, CAPABILITIES, {}, (), unread), there

    def read(given: tuple[Assistants, list[Observed]]) -> None:
        facts, there = given
        for assistant in there:
            facts.contents(declared(assistant.id.replace("_", "-"), {"model": "m"}), facts.read(assistant, None))

    assert growth(listed, read, 20, steps_of) <= TENFOLD
