"""What becomes of each vector store of the project: decided as anything is, from the inventory of stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assistctl.model.kind import Kind
from assistctl.ownership.mark import read_mark
from assistctl.planning.deciding import Decider
from assistctl.planning.decision import Decision
from assistctl.planning.identity.inventory import Inventory, ObservedKnowledge, read_owned
from assistctl.planning.identity.moves import Transfers
from assistctl.planning.options import PlanOptions
from assistctl.planning.references import References
from assistctl.planning.vector_stores.inventory import StoreInventory
from assistctl.planning.vector_stores.stores import VectorStores


def store_decisions(
    stores: StoreInventory,
    known: ObservedKnowledge,
    plan_options: PlanOptions,
    references: Callable[[], References],
) -> Iterator[Decision]:
    """What is to be done about each of ``stores``; ``known`` is what the platform told of their contents.

    ``references`` gives the ids that are named once the plan is carried out.
    """
    facts = VectorStores(plan_options, known)
    marks = {store.id: mark for store in stores.live.values() if (mark := read_mark(store.metadata))}
    inventory = Inventory({key: [store] for key, store in stores.live.items()}, marks=marks)
    return Decider(
        facts,
        plan_options,
        inventory,
        read_owned(facts.read, inventory),
        stores.wanted,
        Transfers(stores.moved, forgotten=plan_options.forget),
        lambda key: key in stores.wanted or plan_options.includes(Kind.VECTOR_STORE, key),
        references,
    ).decisions()
