"""The vector stores the project owns on the target, which of them counts, and which must be looked into."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from assistctl.model.assistant import Desired, Observed
from assistctl.model.kind import Kind
from assistctl.model.knowledge import DesiredStore, ObservedStore
from assistctl.model.plan import PlanOptions
from assistctl.ownership.file_marks import held_in_store, is_settled, tokens_of, tokens_of_files
from assistctl.ownership.placeholders import store_ids, uploads_read
from assistctl.planning.identity.inventory import Knowledge, classify
from assistctl.planning.named_ids import ids_named


@dataclass(frozen=True, slots=True)
class StoreInventory:
    """The project's vector stores on the target, by key: of several, the one that counts.

    ``wanted`` are the declared ones this plan is about. ``moved`` maps new keys to those they come from, and
    ``former`` those of stores that have moved already; ``keys_by_id`` has the keys that the stores have once the
    plan is carried out, by id.
    """

    live: Mapping[str, ObservedStore] = field(default_factory=dict)
    wanted: Mapping[str, DesiredStore] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    former: Mapping[str, str] = field(default_factory=dict)
    keys_by_id: Mapping[str, str] = field(default_factory=dict)

    def existing(self, key: str) -> ObservedStore | None:
        """The existing store of a declared key, under it or under the one it moves from."""
        return self.live.get(self.moved.get(key, key))


def store_inventory(
    knowledge: Knowledge, desired: Iterable[Desired], observed: Iterable[Observed], plan_options: PlanOptions
) -> StoreInventory:
    """The project's vector stores as this plan sees them."""
    project, target = plan_options.project, plan_options.target.name
    assistants = classify(observed, project, target).owned
    in_use = {store_id for assistant in chain(*assistants.values()) for store_id in store_ids(assistant.fields)}
    stores = classify((store for store in knowledge.observed.stores if not store.expired), project, target).owned
    live = {key: ranked_twins(same_key, in_use)[0] for key, same_key in stores.items()}
    wanted = _wanted(knowledge.desired, desired, plan_options)
    declared = {store.key for store in knowledge.desired}
    moved = {
        key: store.moved_from
        for key, store in wanted.items()
        if store.moved_from in live and store.moved_from not in declared and key not in live
    }
    former = {
        store.key: store.moved_from
        for store in knowledge.desired
        if store.moved_from and store.moved_from not in {*live, *declared} and store.key in live
    }
    new_keys = {old: new for new, old in moved.items()}
    keys_by_id = {store.id: new_keys.get(key, key) for key, store in live.items()}
    return StoreInventory(live, wanted, moved, former, keys_by_id)


def ranked_twins(stores: Iterable[ObservedStore], in_use: Collection[str]) -> list[ObservedStore]:
    """The vector stores of one key, the one that counts first; ``in_use`` are the ids that assistants search."""
    return sorted(stores, key=lambda store: (store.id not in in_use, -store.completed, store.id))


def stores_to_look_into(
    knowledge: Knowledge,
    desired: Sequence[Desired],
    observed: Sequence[Observed],
    plan_options: PlanOptions,
    *,
    thorough: bool = False,
) -> frozenset[str]:
    """The ids of the vector stores whose files must be listed before there can be a plan.

    None, where all say they hold what is declared. To be asked again when those are listed: what is to be uploaded
    or deleted may be in others. ``thorough`` asks for all that are owned.
    """
    found = store_inventory(knowledge, desired, observed, plan_options)
    listed = knowledge.observed.files.keys()
    changed = {
        store.id
        for key, store in found.live.items()
        if thorough or _must_be_looked_into(key, store, found, plan_options)
    }
    if not changed <= listed:
        return frozenset(changed - listed)
    owned = classify(observed, plan_options.project, plan_options.target.name).owned
    questions = _in_question(knowledge, found, desired, [*chain(*owned.values())])
    not_listed = {
        key: store
        for key, store in found.wanted.items()
        if (live := found.existing(key)) and live.id not in listed
    }
    asked = {key for key, store in not_listed.items() if questions & tokens_of(store).keys()}
    return frozenset(live.id for key in asked if (live := found.existing(key)))


def stores_beside_plan(
    knowledge: Knowledge, desired: Sequence[Desired], observed: Sequence[Observed], plan_options: PlanOptions
) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of the vector stores that were not looked into and that the plan is not about: ours, and the others.

    Any of them may hold what the plan would delete. What counts no longer of the project's is garbage, and among
    neither, unless an assistant names it.
    """
    found = store_inventory(knowledge, desired, observed, plan_options)
    owned = classify(knowledge.observed.stores, plan_options.project, plan_options.target.name).owned
    live = {store.id for store in found.live.values()}
    spare = {store.id for store in chain(*owned.values())} - live
    if spare:
        spare -= frozenset[str]().union(*(ids_named(thing.fields, thing.metadata) for thing in observed))
    # What one that is declared and not looked into holds is what is declared.
    declared = {store.id for key in found.wanted if (store := found.existing(key)) is not None}
    beside = {store.id for store in knowledge.observed.stores} - {*knowledge.observed.files, *declared, *spare}
    return frozenset(beside & live), frozenset(beside - live)


def as_observed(store: ObservedStore) -> Observed:
    """A vector store as it is, without its files."""
    return Observed(store.id, store.fields, store.metadata)


def _must_be_looked_into(key: str, store: ObservedStore, found: StoreInventory, plan_options: PlanOptions) -> bool:
    new_key = found.keys_by_id[store.id]
    wanted = found.wanted.get(new_key)
    if wanted is not None:
        # What it holds stays, whatever that is: others may drop the same uploads.
        return wanted.leaves_files or not is_settled(wanted, store)
    return plan_options.includes(Kind.VECTOR_STORE, key)


def _in_question(
    knowledge: Knowledge, found: StoreInventory, desired: Iterable[Desired], observed: Sequence[Observed]
) -> set[str]:
    """The tokens of what may have to be uploaded or deleted, so that it matters who else has them."""
    held = {
        upload.token
        for files in knowledge.observed.files.values()
        for file in files
        if (upload := held_in_store(file)) is not None and upload.file_id not in knowledge.observed.gone
    }
    gone = knowledge.observed.gone
    read = {upload.token for upload in uploads_read(observed) if upload.file_id not in gone}
    looked_into = [
        store
        for key, store in found.wanted.items()
        if (live := found.existing(key)) is None or live.id in knowledge.observed.files
    ]
    wanted = {token for store in looked_into for token in tokens_of(store)}
    wanted |= {token for assistant in desired for token in tokens_of_files(assistant.interpreter_files)}
    return (wanted - held - read) | (held - wanted) | (read - wanted)


def _wanted(
    stores: Iterable[DesiredStore], desired: Iterable[Desired], plan_options: PlanOptions
) -> dict[str, DesiredStore]:
    if plan_options.destroy:
        return {}
    needed = {assistant.store for assistant in desired if plan_options.includes(Kind.ASSISTANT, assistant.key)}
    return {
        store.key: store
        for store in sorted(stores, key=lambda store: store.key)
        if plan_options.includes(Kind.VECTOR_STORE, store.key) or store.key in needed
    }
