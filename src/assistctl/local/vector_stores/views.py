"""Vector stores, their files and batches as they are answered."""

from __future__ import annotations

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored
from assistctl.local.vector_stores import stores
from assistctl.local.vector_stores.attachments import Attachment, Counts

Fields = dict[str, Json]

_STATUSES = ("in_progress", "completed", "failed", "cancelled")


def store(stored: Stored, counts: Counts) -> Fields:
    """The ``VectorStoreObject``. It has no ``description``, and a string for the name in any case.

    ``expires_after`` is null without a policy (recorded in OpenGPTs-platform/assistants-api issue 27), though the
    description knows no null there.
    """
    busy = "in_progress" if counts.in_progress else "completed"
    return {
        "id": stored.id,
        "object": "vector_store",
        "created_at": stored.created_at,
        "name": stored.body["name"] or "",
        "usage_bytes": counts.usage_bytes,
        "file_counts": _file_counts(counts),
        "status": "expired" if stores.is_expired(stored) else busy,
        "expires_after": stored.body["expires_after"],
        "expires_at": stores.expires_at(stored),
        "last_active_at": stored.body["last_active_at"],
        "metadata": stored.body["metadata"],
    }


def file(attachment: Attachment) -> Fields:
    """The ``VectorStoreFileObject``; ``auto`` is answered as the numbers it stands for."""
    error = attachment.error
    chunking = attachment.chunking
    return {
        "id": attachment.file_id,
        "object": "vector_store.file",
        "usage_bytes": attachment.usage_bytes,
        "created_at": attachment.created_at,
        "vector_store_id": attachment.vector_store_id,
        "status": attachment.status,
        "last_error": None if error is None else {"code": error[0], "message": error[1]},
        "chunking_strategy": {
            "type": "static",
            "static": {
                "max_chunk_size_tokens": chunking.max_chunk_size_tokens,
                "chunk_overlap_tokens": chunking.chunk_overlap_tokens,
            },
        },
        "attributes": attachment.attributes,
    }


def batch(stored: Stored, counts: Counts) -> Fields:
    """The ``VectorStoreFileBatchObject``; it is ``completed`` also when some of its files failed."""
    done = "cancelled" if stored.body["cancelled"] else "completed"
    return {
        "id": stored.id,
        "object": "vector_store.files_batch",
        "created_at": stored.created_at,
        "vector_store_id": stored.body["vector_store_id"],
        "status": "in_progress" if counts.in_progress else done,
        "file_counts": _file_counts(counts),
    }


def content(texts: list[str]) -> Fields:
    """The ``VectorStoreFileContentResponse`` with all of a file's text."""
    return {
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": text} for text in texts],
        "has_more": False,
        "next_page": None,
    }


def _file_counts(counts: Counts) -> Fields:
    numbers: Fields = {status: counts.by_status.get(status, 0) for status in _STATUSES}
    return {**numbers, "total": sum(counts.by_status.values())}
