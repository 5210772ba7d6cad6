"""The files that an assistant gets back when an apply is undone: for its code interpreter, and to search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.counting import first_named
from assistctl.model.kind import Kind
from assistctl.model.source_file import SourceFile
from assistctl.ownership.file_marks import interpreter_files, tokens_of_files
from assistctl.ownership.placeholders import file_ids, store_ids
from assistctl.planning.images import manages
from assistctl.planning.undone import Image, Present, Undone

GivenBack: TypeAlias = tuple[Desired, tuple[str, ...]]
"""An assistant as it is to be again, and what of it does not come back, in words."""

_GONE = "its files are gone from the platform, and no manifest declares them"
# So many documents are named in a message.
_NAMED = 5


def uploads_to_look_for(undone: Undone, declared: Mapping[str, Desired]) -> frozenset[str]:
    """The ids of uploads that matter for the way back, as no manifest declares what they are."""
    return frozenset(
        file_id
        for about, image in undone.images.items()
        if image is not None and about.kind is Kind.ASSISTANT and not _declared_files(declared.get(about.key))
        for file_id in file_ids(image.fields)
    )


def given_files(desired: Desired, image: Image, declared: Desired | None, present: Present) -> GivenBack:
    """``desired`` with the code interpreter's files: the declared ones, else those that are still there.

    ``declared`` is the assistant as its manifest has it now.
    """
    ids = file_ids(image.fields)
    if not ids or not manages(image, ("tool_resources", "code_interpreter", "file_ids")):
        return desired, ()
    files, held = _declared_files(declared), interpreter_files(image.metadata, ids)
    if files and not (held and all(file_id in present.kept for file_id in ids)):
        tokens = tokens_of_files(files)
        gone = [upload.path or upload.file_id for upload in held if upload.token not in tokens]
        lost = (f"not in the checkout as it was then: {first_paths(gone)}",) if gone else ()
        return replace(desired, interpreter_files=files), lost
    existing = [file_id for file_id in ids if file_id in present.uploads or file_id in present.kept]
    lost = (_GONE,) if len(existing) < len(ids) else ()
    return _with_ids(desired, "code_interpreter", "file_ids", existing), lost


def given_store(desired: Desired, image: Image, declared: Desired | None, present: Present) -> GivenBack:
    """``desired`` with the vector store it searched: what it is declared to be, else as it is there.

    ``declared`` is the assistant as its manifest has it now.
    """
    ids = store_ids(image.fields)
    if not ids or not manages(image, ("tool_resources", "file_search", "vector_store_ids")):
        return desired, ()
    existing = [store_id for store_id in ids if store_id in present.stores]
    keys = [key for store_id in existing if (key := present.stores[store_id]) is not None]
    if len(ids) == len(keys) == 1 and keys[0] in present.declared_stores:
        return replace(desired, store=keys[0]), ()
    is_lost = len(existing) < len(ids)
    if is_lost and declared is not None and declared.store is not None:
        return replace(desired, store=declared.store), ()
    return _with_ids(desired, "file_search", "vector_store_ids", existing), (_GONE,) if is_lost else ()


def first_paths(paths: Sequence[str]) -> str:
    """The first few of ``paths``, and how many more there are."""
    return first_named(paths, _NAMED)


def _declared_files(declared: Desired | None) -> tuple[SourceFile, ...]:
    return declared.interpreter_files if declared is not None else ()


def _with_ids(desired: Desired, tool: str, name: str, ids: list[str]) -> Desired:
    if not ids:
        return desired
    declared = desired.fields.get("tool_resources")
    resources = declared if isinstance(declared, dict) else {}
    return replace(
        desired, fields={**desired.fields, "tool_resources": {**resources, tool: {name: list[Json](ids)}}}
    )
