"""Which vector stores are searched once a plan is carried out, by the assistants it leaves as they are in that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assistctl.model import Desired, Kind, Observed
from assistctl.planning.baseline import read_baseline
from assistctl.planning.ignoring import covers, ignored_paths
from assistctl.planning.ownership import BASELINE, read_mark
from assistctl.planning.policy import Policy
from assistctl.planning.symbols import store_ids
from assistctl.planning.transfer import Transfers

_SEARCH = ("tool_resources", "file_search", "vector_store_ids")


def searched_afterwards(
    observed: Iterable[Observed], wanted: Mapping[str, Desired], moving: Transfers, policy: Policy
) -> frozenset[str]:
    """The ids of vector stores that assistants go on naming, whoever owns them; without what a plan adds."""
    new_keys = {old: new for new, old in moving.moved.items()}
    kept: set[str] = set()
    for one in observed:
        mark = read_mark(one.metadata)
        if mark is None or not mark.owned_by(policy.project, policy.target.name):
            kept.update(store_ids(one.fields))
            continue
        key = new_keys.get(mark.key, mark.key)
        desired = wanted.get(key)
        if desired is not None and policy.includes(Kind.ASSISTANT, key) and _is_managed(desired, one):
            kept.update(store_ids(desired.fields))
        elif desired is not None or not _ends(one, key, moving, policy):
            kept.update(store_ids(one.fields))
    return frozenset(kept)


def _ends(one: Observed, key: str, moving: Transfers, policy: Policy) -> bool:
    """Whether the plan deletes an assistant that is declared no longer."""
    return policy.includes(Kind.ASSISTANT, key) and key not in moving.forgotten and policy.may_delete(one.id)


def _is_managed(desired: Desired, one: Observed) -> bool:
    """Whether the plan decides which vector stores an assistant searches."""
    if covers(ignored_paths(desired.lifecycle.ignore_changes), _SEARCH):
        return False
    declared = desired.store is not None or bool(store_ids(desired.fields))
    return declared or read_baseline(one.metadata.get(BASELINE)).has(_SEARCH)
