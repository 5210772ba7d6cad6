"""A vector store's own fields, in the form in which fields are planned."""

from __future__ import annotations

from assistctl.knowledge import DesiredStore, ObservedStore
from assistctl.model import Desired, Observed


def as_desired(store: DesiredStore) -> Desired:
    """A vector store's own fields, as the comparison of fields takes them."""
    return Desired(
        store.key,
        store.fields,
        store.position,
        store.lifecycle,
        frozenset(path for path in store.secret_paths if not path.startswith("files")),
        positions=store.positions,
        templates={path: made for path, made in store.templates.items() if not path.startswith("files")},
    )


def as_observed(there: ObservedStore) -> Observed:
    """A vector store as it is, without its files."""
    return Observed(there.id, there.fields, there.metadata)
