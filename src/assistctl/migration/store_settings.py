"""What somebody set on a vector store and its files, without what the platform and assistctl put there."""

from __future__ import annotations

from assistctl.json_value import Json
from assistctl.model.knowledge import ObservedStore, StoreFile
from assistctl.ownership.file_marks import same_chunking
from assistctl.ownership.mark import users_pairs

# What an answer says of files whose chunking the platform does not know any more.
_UNKNOWN_CHUNKING = "other"


def store_settings(store: ObservedStore) -> dict[str, Json]:
    """``expires_after`` and ``metadata``, as far as they are set."""
    found = {
        "expires_after": store.fields.get("expires_after"),
        "metadata": users_pairs(dict(store.metadata)),
    }
    return {name: value for name, value in found.items() if value}


def file_settings(file: StoreFile) -> dict[str, Json]:
    """``attributes`` and ``chunking_strategy``, as far as they are set."""
    found: dict[str, Json] = {"attributes": users_pairs(dict(file.attributes))}
    chunking = file.chunking
    if chunking and chunking.get("type") != _UNKNOWN_CHUNKING and not same_chunking(chunking, None):
        found["chunking_strategy"] = dict(chunking)
    return {name: value for name, value in found.items() if value}
