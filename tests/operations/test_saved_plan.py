"""Saved plans: they read back, they go stale when something moved, and garbage is no plan."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import AssistctlError, ExitCode, RefusedError
from assistctl.json_value import Json
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, PlanScope, TargetName
from assistctl.operations.saved_plan import SavedPlan, load_plan, save_plan
from assistctl.operations.stale_plan import check_still_holds
from assistctl.planning.planner import make_plan
from assistctl.secrets.redaction import register
from support.assistants_store import CAPABILITIES
from support.planning import POLICY, ProjectOnStore, declared

MANIFESTS: dict[str, dict[str, Json]] = {
    "desk": {"model": "m", "instructions": "the SECRET", "secret": ["instructions"]},
    "night": {"model": "m", "temperature": 0.2},
}
DESIRED = [declared(key, manifest) for key, manifest in MANIFESTS.items()]
MOVED = [DESIRED[0], declared("night", {"model": "m", "temperature": 0.3}), declared("noon", {"model": "m"})]


@pytest.fixture
def project() -> ProjectOnStore:
    """Two assistants that are as declared in ``DESIRED``."""
    project = ProjectOnStore()
    project.apply(DESIRED)
    return project


def saved_and_loaded(plan: Plan, folder: Path, scope: PlanScope | None = None) -> SavedPlan:
    path = folder / "change.plan"
    save_plan(plan, scope or PlanScope(), path)
    return load_plan(path)


@pytest.mark.parametrize("adopt", [None, True, False])
@pytest.mark.parametrize("destroy", [True, False])
def test_what_is_saved_reads_back(
    project: ProjectOnStore, tmp_path: Path, adopt: bool | None, destroy: bool
) -> None:
    plan, scope = project.plan(MOVED), PlanScope(("desk", "night"), destroy, adopt)
    saved = saved_and_loaded(plan, tmp_path, scope)
    assert saved == SavedPlan.of(plan, scope)
    check_still_holds(saved, project.plan(MOVED))


def test_an_empty_plan_can_be_saved_and_goes_stale_like_any(tmp_path: Path) -> None:
    project = ProjectOnStore()
    saved = saved_and_loaded(project.plan([]), tmp_path)
    check_still_holds(saved, project.plan([]))
    with pytest.raises(RefusedError, match="manifests or variables of noon"):
        check_still_holds(saved, project.plan([declared("noon", {"model": "m"})]))


def test_only_its_owner_can_read_it_and_no_secret_is_in_it(project: ProjectOnStore, tmp_path: Path) -> None:
    plan = project.plan([declared("desk", {**MANIFESTS["desk"], "instructions": "another SECRET"})])
    path = tmp_path / "change.plan"
    save_plan(plan, PlanScope(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "SECRET" not in path.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["change.plan"]


def test_a_plan_replaces_an_older_one(project: ProjectOnStore, tmp_path: Path) -> None:
    saved_and_loaded(project.plan(DESIRED), tmp_path)
    assert saved_and_loaded(project.plan(MOVED), tmp_path).requests.keys() == {
        "assistant update night asst_2",
        "assistant create noon ",
    }


Change = Callable[[ProjectOnStore], object]
ON_THE_PLATFORM: dict[str, tuple[Change, str]] = {
    "edited": (
        lambda project: project.store.update(
            "asst_2", {"instructions": "theirs"}, project.store.assistants["asst_2"].metadata
        ),
        r"night \(asst_2\) was changed",
    ),
    "a pair was added": (
        lambda project: project.store.assistants["asst_1"].metadata.update(theirs="1"),
        r"desk \(asst_1\) was changed",
    ),
    "deleted": (lambda project: project.store.delete("asst_1"), r"desk \(asst_1\) is gone"),
    "an unowned one of a declared name": (
        lambda project: project.store.create({"name": "noon", "model": "m"}, {}),
        r"noon \(asst_3\) is new",
    ),
    "a twin": (
        lambda project: project.store.create({"model": "m"}, project.store.assistants["asst_1"].metadata),
        r"desk \(asst_3\) is new",
    ),
}


@pytest.mark.parametrize("case", ON_THE_PLATFORM)
def test_what_moves_on_the_platform_makes_it_stale_and_is_named(
    project: ProjectOnStore, tmp_path: Path, case: str
) -> None:
    move, named = ON_THE_PLATFORM[case]
    saved = saved_and_loaded(project.plan(MOVED), tmp_path)
    move(project)
    with pytest.raises(RefusedError, match=named) as caught:
        check_still_holds(saved, project.plan(MOVED))
    assert caught.value.exit_code == ExitCode.REFUSED
    assert "Plan again" in caught.value.hint


@pytest.mark.parametrize(
    "move",
    [
        lambda project: project.store.create({"name": "somebody's", "model": "m"}, {}),
        lambda project: project.store.create(
            {"name": "desk", "model": "m"}, {"assistctl": "project=b target=c key=d"}
        ),
    ],
)
def test_what_others_do_with_their_own_does_not_matter(
    project: ProjectOnStore, tmp_path: Path, move: Change
) -> None:
    saved = saved_and_loaded(project.plan(MOVED), tmp_path)
    move(project)
    check_still_holds(saved, project.plan(MOVED))


IN_THE_MANIFESTS = {
    "another value": ([DESIRED[0], declared("night", {"model": "m", "temperature": 0.4}), MOVED[2]], "night"),
    "another secret": ([declared("desk", {**MANIFESTS["desk"], "instructions": "x"}), *MOVED[1:]], "desk"),
    "one more": ([*MOVED, declared("late", {"model": "m"})], "late"),
    "one less": (MOVED[1:], "desk"),
    "back": ([*DESIRED, MOVED[2]], "night"),
}


@pytest.mark.parametrize("case", IN_THE_MANIFESTS)
def test_what_moves_in_the_manifests_makes_it_stale_and_is_named(
    project: ProjectOnStore, tmp_path: Path, case: str
) -> None:
    desired, key = IN_THE_MANIFESTS[case]
    saved = saved_and_loaded(project.plan(MOVED), tmp_path)
    with pytest.raises(RefusedError, match=f"manifests or variables of {key} are not what was planned"):
        check_still_holds(saved, project.plan(desired))


def test_applied_once_it_is_stale(project: ProjectOnStore, tmp_path: Path) -> None:
    saved = saved_and_loaded(project.apply(MOVED), tmp_path)
    with pytest.raises(RefusedError, match=r"night \(asst_2\) was changed; noon \(asst_3\) is new"):
        check_still_holds(saved, project.plan(MOVED))


@pytest.mark.parametrize(
    "plan_options",
    [
        replace(POLICY, project="other"),
        replace(POLICY, target=TargetName("staging", "in-memory")),
        replace(POLICY, target=TargetName("prod", "another-platform")),
    ],
)
def test_it_is_for_one_project_target_and_platform(
    project: ProjectOnStore, tmp_path: Path, plan_options: object
) -> None:
    saved = saved_and_loaded(project.plan(MOVED), tmp_path)
    assert isinstance(plan_options, type(POLICY))
    with pytest.raises(RefusedError, match=r"the plan (was made for|is stale)"):
        check_still_holds(saved, make_plan(MOVED, project.store.listed(), plan_options, CAPABILITIES))


def document_of(project: ProjectOnStore, folder: Path) -> dict[str, Json]:
    saved_and_loaded(project.plan(MOVED), folder)
    document: dict[str, Json] = json.loads((folder / "change.plan").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize(
    "garbage",
    [
        b"", b"{", b"null", b"[]", b"7", b'"text"', b"{}", b"NaN", b"\xff\xfe\x00", b"\x00" * 9, b"[" * 100_000,
        b"9" * 5000, b"project: acme\n", b'{"format_version": "1.0"}', b'{"format_version": "9.0"}',
        b'{"format_version": null}',
    ],
)  # fmt: skip
def test_what_is_no_plan_is_said_to_be_none(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "change.plan"
    path.write_bytes(garbage)
    with pytest.raises(AssistctlError, match="plan"):
        load_plan(path)


def test_a_plan_with_a_part_missing_is_none(project: ProjectOnStore, tmp_path: Path) -> None:
    document = document_of(project, tmp_path)
    for part in ("format_version", "project", "target", "fingerprint", "options", "observed", "requests"):
        less = {name: value for name, value in document.items() if name != part}
        (tmp_path / "less.plan").write_text(json.dumps(less), encoding="utf-8")
        with pytest.raises(AssistctlError, match="is not a saved plan"):
            load_plan(tmp_path / "less.plan")


PARTS = st.sampled_from(
    [
        *("project", "target", "fingerprint", "options", "observed", "requests", "format_version", "digest"),
        *("changes", "drift", "diagnostics", "summary", "files"),
    ]
)
WRONG: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "id", "digest", "name", "keys", "destroy", "adopt", "x"]), inner)
    ),
    max_leaves=6,
)


@pytest.fixture
def document(project: ProjectOnStore, tmp_path: Path) -> dict[str, Json]:
    """What the file of a plan holds."""
    return document_of(project, tmp_path)


@settings(
    max_examples=150,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(part=PARTS, value=WRONG)
def test_a_plan_with_a_wrong_part_is_refused_and_never_a_surprise(
    project: ProjectOnStore, document: dict[str, Json], tmp_path: Path, part: str, value: Json
) -> None:
    path = tmp_path / "wrong.plan"
    path.write_text(json.dumps({**document, part: value}), encoding="utf-8")
    try:
        saved = load_plan(path)
        check_still_holds(saved, project.plan(MOVED))
    except AssistctlError:
        return
    assert value == document.get(part), "a forged plan was taken for a true one"


def test_a_plan_that_is_not_there_says_what_was_looked_for(tmp_path: Path) -> None:
    for path in (tmp_path / "none.plan", tmp_path, tmp_path / "none" / "x.plan"):
        with pytest.raises(AssistctlError, match="is neither a key nor a saved plan") as caught:
            load_plan(path)
        assert str(path) in caught.value.summary


def test_a_path_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(AssistctlError, match="plan"):
        load_plan(tmp_path / "a\0b")


@pytest.mark.parametrize("name", ["missing/change.plan", "folder"])
def test_a_plan_that_cannot_be_saved_leaves_nothing(project: ProjectOnStore, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    plan = project.plan(MOVED)
    with pytest.raises(AssistctlError, match="cannot be saved to"):
        save_plan(plan, PlanScope(), tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_what_is_known_to_be_secret_only_by_now_is_no_difference(project: ProjectOnStore, tmp_path: Path) -> None:
    """The job that applies may have keys that the one that planned had not, and a text may hold one of them."""
    told = [*DESIRED, declared("noon", {"model": "m", "description": "the word is swordfish"})]
    saved = saved_and_loaded(project.plan(told), tmp_path)
    register("WORD", "swordfish")
    check_still_holds(saved, project.plan(told))
    other = [*DESIRED, declared("noon", {"model": "m", "description": "the word is starfish"})]
    with pytest.raises(RefusedError, match="variables of noon"):
        check_still_holds(saved, project.plan(other))


def with_messages(plan: Plan, *messages: Diagnostic) -> Plan:
    return replace(plan, diagnostics=(*plan.diagnostics, *messages))


RETIRES = Diagnostic(Severity.WARNING, "the model 'm' will be shut down on 2027-01-14", key="noon", path="model")
MENTIONS = Diagnostic(Severity.WARNING, "mentions a tool", key="noon", position=Position("noon.yaml", 3))


def test_a_message_that_depends_on_the_day_or_the_line_does_not_make_it_stale(
    project: ProjectOnStore, tmp_path: Path
) -> None:
    saved = saved_and_loaded(with_messages(project.plan(MOVED), MENTIONS), tmp_path)
    lower = replace(MENTIONS, position=Position("noon.yaml", 4))
    check_still_holds(saved, with_messages(project.plan(MOVED), RETIRES, lower))


def test_messages_in_another_order_do_not_make_it_stale(project: ProjectOnStore, tmp_path: Path) -> None:
    other = replace(MENTIONS, summary="mentions another tool")
    saved = saved_and_loaded(with_messages(project.plan(MOVED), MENTIONS, other), tmp_path)
    check_still_holds(saved, with_messages(project.plan(MOVED), other, MENTIONS))


@pytest.mark.parametrize("messages", [(), (replace(MENTIONS, severity=Severity.INFO),), (MENTIONS, MENTIONS)])
def test_other_messages_do(project: ProjectOnStore, tmp_path: Path, messages: tuple[Diagnostic, ...]) -> None:
    saved = saved_and_loaded(with_messages(project.plan(MOVED), MENTIONS), tmp_path)
    with pytest.raises(RefusedError, match="does not show what would be done: its diagnostics would be different"):
        check_still_holds(saved, with_messages(project.plan(MOVED), *messages))


def test_an_assistant_and_a_vector_store_of_one_key_are_two_requests(tmp_path: Path) -> None:
    plan = ProjectOnStore().plan([declared("noon", {"model": "m"})])
    [change] = plan.changes
    both = replace(plan, changes=(change, replace(change, kind=Kind.VECTOR_STORE)))
    assert saved_and_loaded(both, tmp_path).requests.keys() == {
        "assistant create noon ",
        "vector_store create noon ",
    }
