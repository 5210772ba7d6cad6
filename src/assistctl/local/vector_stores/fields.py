"""The fields of requests about vector stores.

The limits are those of the request schemas in OpenAI's OpenAPI description (``CreateVectorStoreRequest`` and so
on) and of its field descriptions.
"""

from __future__ import annotations

from assistctl.json_value import Json
from assistctl.local.http.errors import ApiError
from assistctl.local.http.metadata import Metadata
from assistctl.local.http.shapes import (
    Boolean,
    Choice,
    Decimal,
    Integer,
    Items,
    Nullable,
    Record,
    Shape,
    Tagged,
    Text,
    key_path,
    wrong_type,
)
from assistctl.local.vector_stores.attachments import AttachmentRequest, Chunking
from assistctl.local.vector_stores.filters import Filter

MAX_FILES = 500
"""How many files a new store may be given at once."""

MAX_BATCH = 2000
"""How many files a batch may have."""

_TYPE = Text()
_OVERLAP = Integer(minimum=0, maximum=2048)
_IDS = "an array of strings"
_WEIGHT = Decimal(minimum=0, maximum=1_000_000)


class AttributeValue:
    """A string, a number or a boolean."""

    _text = Text(max_length=512)

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        if isinstance(value, int | float):
            return
        if not isinstance(value, str):
            raise wrong_type(value, path, "a string, a number or a boolean")
        self._text.check(value, path)


class ChunkingStrategy:
    """``auto``, or ``static`` with an overlap of at most half a chunk."""

    _shape = Tagged(
        {
            "auto": Record({"type": _TYPE}),
            "static": Record(
                {
                    "type": _TYPE,
                    "static": Record(
                        {
                            "max_chunk_size_tokens": Integer(minimum=100, maximum=4096),
                            "chunk_overlap_tokens": _OVERLAP,
                        },
                        required=("max_chunk_size_tokens", "chunk_overlap_tokens"),
                    ),
                },
                required=("static",),
            ),
        }
    )

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        self._shape.check(value, path)
        chunking = chunking_of(value)
        if chunking.chunk_overlap_tokens * 2 > chunking.max_chunk_size_tokens:
            where = key_path(path, "static.chunk_overlap_tokens")
            message = f"Invalid '{where}': it must not exceed half of 'max_chunk_size_tokens'."
            raise ApiError(message, param=where, code="invalid_value")


class Queries:
    """One query, or several."""

    _one = Text(required=True)
    _several = Items(_one, max_items=32, noun="a string or an array of strings", required=True)

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``."""
        shape: Shape = self._one if isinstance(value, str) else self._several
        shape.check(value, path)


_EXPIRES_AFTER = Record(
    {"anchor": Choice(("last_active_at",)), "days": Integer(minimum=1, maximum=365)},
    required=("anchor", "days"),
)
_ATTRIBUTES = Nullable(Metadata(AttributeValue()))

_CREATE_FILE: dict[str, Shape] = {
    "file_id": Text(required=True),
    "attributes": _ATTRIBUTES,
    "chunking_strategy": ChunkingStrategy(),
}

CREATE = Record(
    {
        "name": Nullable(Text()),
        "description": Nullable(Text()),
        "file_ids": Items(Text(), max_items=MAX_FILES, noun=_IDS),
        "chunking_strategy": ChunkingStrategy(),
        "expires_after": Nullable(_EXPIRES_AFTER),
        "metadata": Nullable(Metadata()),
    }
)
UPDATE = Record(
    {"name": Nullable(Text()), "expires_after": Nullable(_EXPIRES_AFTER), "metadata": Nullable(Metadata())}
)
HELPER = Record(
    {
        "file_ids": Items(Text(), max_items=10_000, noun=_IDS),
        "chunking_strategy": ChunkingStrategy(),
        "metadata": Nullable(Metadata()),
    }
)
"""A store to be made for an assistant: ``tool_resources.file_search.vector_stores[]``."""

CREATE_FILE = Record(_CREATE_FILE, required=("file_id",))
UPDATE_FILE = Record({"attributes": _ATTRIBUTES}, required=("attributes",))
SEARCH = Record(
    {
        "query": Queries(),
        "rewrite_query": Boolean(),
        "max_num_results": Integer(minimum=1, maximum=50),
        "filters": Filter(),
        "ranking_options": Record(
            {
                "ranker": Choice(("none", "auto", "default-2024-11-15")),
                "score_threshold": Decimal(minimum=0, maximum=1),
                # Documented for the tool file_search of the Responses API.
                "hybrid_search": Record({"embedding_weight": _WEIGHT, "text_weight": _WEIGHT}),
            }
        ),
    },
    required=("query",),
)
FILE_STATUS = Choice(("in_progress", "completed", "failed", "cancelled"))

_CREATE_BATCH = Record(
    {
        "file_ids": Items(Text(), max_items=MAX_BATCH, noun=_IDS, required=True),
        "files": Items(CREATE_FILE, max_items=MAX_BATCH, required=True),
        "attributes": _ATTRIBUTES,
        "chunking_strategy": ChunkingStrategy(),
    }
)


def check_batch(sent: dict[str, Json]) -> None:
    """Raise ``ApiError`` 400 unless ``sent`` is a new batch: ``file_ids`` or ``files``, and not both."""
    _CREATE_BATCH.check(sent)
    if ("file_ids" in sent) == ("files" in sent):
        message = "Exactly one of 'file_ids' and 'files' must be given."
        raise ApiError(message, param="file_ids", code="mutually_exclusive_parameters")


def chunking_of(value: Json) -> Chunking:
    """The chunking a checked ``chunking_strategy`` asks for; that of ``auto`` when there is none."""
    static = value.get("static") if isinstance(value, dict) else None
    if not isinstance(static, dict):
        return Chunking()
    size, overlap = static["max_chunk_size_tokens"], static["chunk_overlap_tokens"]
    return Chunking(int(str(size)), int(str(overlap)))


def wish_of(sent: dict[str, Json]) -> AttachmentRequest:
    """The file a checked ``CREATE_FILE`` asks for."""
    attributes = sent.get("attributes")
    chunking = chunking_of(sent.get("chunking_strategy"))
    return AttachmentRequest(str(sent["file_id"]), attributes if isinstance(attributes, dict) else {}, chunking)


def wishes_of(sent: dict[str, Json]) -> list[AttachmentRequest]:
    """The files a checked new store or batch asks for. With ``files``, each says for itself how."""
    files = sent.get("files")
    if isinstance(files, list):
        return [wish_of(file) for file in files if isinstance(file, dict)]
    ids = sent.get("file_ids")
    return [wish_of({**sent, "file_id": file_id}) for file_id in ids] if isinstance(ids, list) else []
