"""The vector stores the project owns on the target, which of them counts, and which must be looked into."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.model.knowledge import DesiredStore, ObservedStore, StoreFile
from assistctl.model.plan import Desired, Kind, Observed
from assistctl.model.source_file import Identity
from assistctl.ownership.file_marks import (
    HeldFile,
    file_token,
    held_in_store,
    interpreter_files,
    is_settled,
    tokens_of,
    tokens_of_files,
)
from assistctl.ownership.mark import read_mark
from assistctl.ownership.placeholders import file_ids, store_ids
from assistctl.planning.identity.inventory import classify
from assistctl.planning.options import PlanOptions


@dataclass(frozen=True, slots=True)
class ObservedKnowledge:
    """What is known of the platform's vector stores; ``files`` has the contents of those that were looked into.

    ``recorded`` are the uploads this checkout wrote down and does not know to be in use. ``gone`` are the ids of
    uploads that something of ours refers to and that are not there.
    """

    stores: Sequence[ObservedStore] = ()
    files: Mapping[str, Sequence[StoreFile]] = field(default_factory=dict)
    recorded: Mapping[Identity, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def held(self) -> frozenset[str]:
        """The ids of the uploads of ours in the vector stores that were looked into."""
        files = (file for those in self.files.values() for file in those)
        return frozenset(file.id for file in files if held_in_store(file) is not None)

    def recorded_tokens(self) -> dict[str, str]:
        """The recorded uploads by their tokens."""
        return {file_token(identity): file_id for identity, file_id in self.recorded.items()}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All there is to plan about files: the declared vector stores, and what is known of the platform's."""

    desired: Sequence[DesiredStore] = ()
    observed: ObservedKnowledge = field(default_factory=ObservedKnowledge)

    def without(self, gone: Collection[str]) -> Knowledge:
        """The same, with more uploads that are known to be gone."""
        return replace(self, observed=replace(self.observed, gone=self.observed.gone.union(gone)))


@dataclass(frozen=True, slots=True)
class StoreInventory:
    """The project's vector stores on the target, by key: the one that counts, and the rest.

    ``wanted`` are the declared ones this plan is about.
    """

    live: Mapping[str, ObservedStore]
    spare: Mapping[str, Sequence[ObservedStore]]
    wanted: Mapping[str, DesiredStore]
    moved: Mapping[str, str]

    @property
    def keys_by_id(self) -> dict[str, str]:
        """The keys that the stores have once the plan is carried out, by id."""
        new_keys = {old: new for new, old in self.moved.items()}
        return {store.id: new_keys.get(key, key) for key, store in self.live.items()}

    def there(self, key: str) -> ObservedStore | None:
        """What is there for a declared key, under it or under the one it moves from."""
        return self.live.get(self.moved.get(key, key))


def store_inventory(
    knowledge: Knowledge, desired: Iterable[Desired], observed: Iterable[Observed], plan_options: PlanOptions
) -> StoreInventory:
    """The project's vector stores as this plan sees them."""
    assistants = classify(observed, plan_options.project, plan_options.target.name).owned
    in_use = {one for those in assistants.values() for each in those for one in store_ids(each.fields)}
    owned: dict[str, list[ObservedStore]] = {}
    for store in knowledge.observed.stores:
        mark = read_mark(store.metadata)
        if mark and mark.owned_by(plan_options.project, plan_options.target.name) and not store.expired:
            owned.setdefault(mark.key, []).append(store)
    ranked = {key: ranked_twins(those, in_use) for key, those in owned.items()}
    wanted = _wanted(knowledge.desired, desired, plan_options)
    moved = {
        key: store.moved_from
        for key, store in wanted.items()
        if store.moved_from is not None
        and key not in ranked
        and store.moved_from in ranked
        and store.moved_from not in {one.key for one in knowledge.desired}
    }
    return StoreInventory(
        {key: those[0] for key, those in ranked.items()},
        {key: those[1:] for key, those in ranked.items()},
        wanted,
        moved,
    )


def ranked_twins(stores: Iterable[ObservedStore], in_use: Collection[str]) -> list[ObservedStore]:
    """The vector stores of one key, the one that counts first; ``in_use`` are the ids that assistants search."""
    return sorted(stores, key=lambda store: (store.id not in in_use, -store.completed, store.id))


def uploads_read(assistants: Iterable[Observed]) -> list[HeldFile]:
    """The uploads of ours that the code interpreters of assistants have, by what the assistants say."""
    return [one for each in assistants for one in interpreter_files(each.metadata, file_ids(each.fields))]


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
        there.id
        for key, there in found.live.items()
        if thorough or _must_be_looked_into(key, there, found, plan_options)
    }
    if not changed <= listed:
        return frozenset(changed - listed)
    world = classify(observed, plan_options.project, plan_options.target.name)
    owned = [one for those in world.owned.values() for one in those]
    questions = _in_question(knowledge, found, desired, owned)
    sync_marker = {
        key: store for key, store in found.wanted.items() if (one := found.there(key)) and one.id not in listed
    }
    asked = {key for key, store in sync_marker.items() if questions & tokens_of(store).keys()}
    return frozenset(there.id for key in asked if (there := found.there(key)))


def _must_be_looked_into(key: str, there: ObservedStore, found: StoreInventory, plan_options: PlanOptions) -> bool:
    new_key = found.keys_by_id[there.id]
    wanted = found.wanted.get(new_key)
    if wanted is not None:
        # What it holds stays, whatever that is: others may drop the same uploads.
        return wanted.leaves_files or not is_settled(wanted, there)
    return plan_options.includes(Kind.VECTOR_STORE, key)


def _in_question(
    knowledge: Knowledge, found: StoreInventory, desired: Iterable[Desired], observed: Sequence[Observed]
) -> set[str]:
    """The tokens of what may have to be uploaded or deleted, so that it matters who else has them."""
    held = {
        one.token
        for files in knowledge.observed.files.values()
        for file in files
        if (one := held_in_store(file)) is not None and one.file_id not in knowledge.observed.gone
    }
    gone = knowledge.observed.gone
    read = {one.token for one in uploads_read(observed) if one.file_id not in gone}
    looked_into = [
        store
        for key, store in found.wanted.items()
        if (there := found.there(key)) is None or there.id in knowledge.observed.files
    ]
    wanted = {token for store in looked_into for token in tokens_of(store)}
    wanted |= {token for one in desired for token in tokens_of_files(one.interpreter_files)}
    return (wanted - held - read) | (held - wanted) | (read - wanted)


def _wanted(
    stores: Iterable[DesiredStore], desired: Iterable[Desired], plan_options: PlanOptions
) -> dict[str, DesiredStore]:
    if plan_options.destroy:
        return {}
    needed = {one.store for one in desired if plan_options.includes(Kind.ASSISTANT, one.key)}
    return {
        store.key: store
        for store in sorted(stores, key=lambda store: store.key)
        if plan_options.includes(Kind.VECTOR_STORE, store.key) or store.key in needed
    }
