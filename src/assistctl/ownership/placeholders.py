"""Ids that come and go, as tokens that stay: so that files and vector stores compare by what they are.

An assistant names its files and its vector store by ids, and those of its desired state are not known before they
are uploaded. Both sides are therefore compared as tokens, and the baseline remembers tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.change import FieldDiff
from assistctl.ownership.canonical import RESOURCE_LISTS
from assistctl.ownership.file_marks import (
    FILE_TOKEN,
    STORE_TOKEN,
    HeldFile,
    interpreter_files,
    store_token,
    tokens_of_files,
)
from assistctl.ownership.references_by_key import REFERRING_FIELDS, shown_by_key

FIELDS_WITH_TOKENS = ("tool_resources", *REFERRING_FIELDS)
"""The fields that may hold ids of what has a token."""

_INTERPRETER = "tool_resources.code_interpreter.file_ids"
_SEARCH = "tool_resources.file_search.vector_store_ids"
_SHOWN_CHARACTERS = 7


def labelled(diffs: Iterable[FieldDiff], labels: Mapping[str, str]) -> tuple[FieldDiff, ...]:
    """``diffs`` as people know what tokens stand for: files by path, and what has a key by that."""
    shown = (
        shown_by_key(diff) if diff.path.startswith(REFERRING_FIELDS) else _labelled(diff, labels) for diff in diffs
    )
    return tuple(diff for diff in shown if diff is not None)


def labels_of(desired: Desired, held: Iterable[HeldFile], lost: Iterable[HeldFile]) -> dict[str, str]:
    """The names that people know the tokens of one assistant's files by.

    ``held`` are the uploads it has, ``lost`` those that are gone: what only is named is not what is declared.
    """
    labels = {upload.token: _file_label(upload.path or upload.file_id, upload.token) for upload in held}
    labels |= {upload.file_id: f"{upload.path or upload.file_id} (gone)" for upload in lost}
    if not desired.interpreter_files:
        return labels
    wanted = tokens_of_files(desired.interpreter_files)
    return labels | {token: _file_label(file.path, token) for token, file in wanted.items()}


def with_tokens(desired: Desired) -> Desired:
    """``desired`` with what its ``files`` and ``vector_store`` come to in ``tool_resources``."""
    if not desired.interpreter_files and desired.store is None:
        return desired
    declared = desired.fields.get("tool_resources")
    resources = dict(declared) if isinstance(declared, dict) else {}
    if desired.interpreter_files:
        resources["code_interpreter"] = {"file_ids": list(tokens_of_files(desired.interpreter_files))}
    if desired.store is not None:
        resources["file_search"] = {"vector_store_ids": [store_token(desired.store)]}
    return replace(desired, fields={**desired.fields, "tool_resources": resources})


def uploads_read(assistants: Iterable[Observed]) -> list[HeldFile]:
    """The uploads of ours that the code interpreters of assistants have, by what the assistants say."""
    return [
        upload
        for assistant in assistants
        for upload in interpreter_files(assistant.metadata, file_ids(assistant.fields))
    ]


def file_ids(fields: Mapping[str, Json]) -> list[str]:
    """The ids of the code interpreter's files in an assistant's fields; what is no text is none."""
    return [file_id for file_id in _ids(fields, "code_interpreter") if isinstance(file_id, str)]


def store_ids(fields: Mapping[str, Json]) -> list[str]:
    """The ids of the vector stores in an assistant's fields; what is no text is none."""
    return [store_id for store_id in _ids(fields, "file_search") if isinstance(store_id, str)]


def replaced_ids(fields: Mapping[str, Json], exchange: Callable[[str], str]) -> Mapping[str, Json]:
    """``fields`` with every id (or token) in ``tool_resources`` exchanged; themselves where there is none."""
    resources = fields.get("tool_resources")
    if not isinstance(resources, dict) or not resources:
        return fields
    exchanged = {
        tool: {
            **resource,
            RESOURCE_LISTS[tool]: [_exchanged(object_id, exchange) for object_id in _ids(fields, tool)],
        }
        for tool, resource in resources.items()
        if tool in RESOURCE_LISTS and isinstance(resource, dict) and _ids(fields, tool)
    }
    if not exchanged:
        return fields
    return {**fields, "tool_resources": {**resources, **exchanged}}


def tokens_in(fields: Mapping[str, Json]) -> set[str]:
    """The tokens in ``tool_resources``."""
    ids = (*file_ids(fields), *store_ids(fields))
    return {object_id for object_id in ids if is_token(object_id)}


def is_token(text: str) -> bool:
    """Whether a text stands for a file or vector store, and is no id."""
    return text.startswith((FILE_TOKEN, STORE_TOKEN))


def shortened(digest: str) -> str:
    """Enough of a digest to see that two versions of a file differ."""
    return digest[:_SHOWN_CHARACTERS]


def has_token(value: Json) -> bool:
    """Whether a value is a token, or a list with one."""
    if isinstance(value, list):
        return any(has_token(item) for item in value)
    return isinstance(value, str) and is_token(value)


def _labelled(diff: FieldDiff, labels: Mapping[str, str]) -> FieldDiff:
    """A diff under the name that the manifest has for it, when it is about a token."""
    for path, name in ((_INTERPRETER, "files"), (_SEARCH, "vector_store")):
        if diff.path == path and (has_token(diff.old) or has_token(diff.new)):
            old, new = _shown(diff.old, labels), _shown(diff.new, labels)
            return replace(diff, path=name, old=_others(old, new), new=_others(new, old))
    return diff


def _shown(value: Json, labels: Mapping[str, str]) -> list[str]:
    texts = map(str, value) if isinstance(value, list) else ()
    return sorted(labels.get(text, text.removeprefix(STORE_TOKEN)) for text in texts)


def _ids(fields: Mapping[str, Json], tool: str) -> list[Json]:
    resources = fields.get("tool_resources")
    resource = resources.get(tool) if isinstance(resources, dict) else None
    ids = resource.get(RESOURCE_LISTS[tool]) if isinstance(resource, dict) else None
    return ids if isinstance(ids, list) else []


def _exchanged(object_id: Json, exchange: Callable[[str], str]) -> Json:
    return exchange(object_id) if isinstance(object_id, str) else object_id


def _others(items: list[str], others: list[str]) -> Json:
    """The part found only among ``items``; ``None`` if there is none."""
    return [item for item in items if item not in others] or None


def _file_label(path: str, token: str) -> str:
    return f"{path} ({shortened(token.removeprefix(FILE_TOKEN))})"
