"""A vector store in the form in which changes and their records keep what was there."""

from __future__ import annotations

from assistctl.model.assistant import Observed
from assistctl.model.knowledge import ObservedStore


def as_observed(store: ObservedStore) -> Observed:
    """A vector store as it is, without its files."""
    return Observed(store.id, store.fields, store.metadata)
