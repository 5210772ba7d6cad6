"""What the documents of a project must agree on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import did_you_mean
from assistctl.manifest.documents.declaration import Declaration
from assistctl.manifest.project.project import Target
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.assistant import Desired
from assistctl.model.kind import Kind


def keys_declared_twice(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """An error for each sound document whose key another one has before it."""
    first: dict[str, Declaration] = {}
    messages = []
    for declaration in declarations:
        other = first.setdefault(declaration.key, declaration) if declaration.is_sound else declaration
        if other is not declaration:
            messages.append(_declared_twice(declaration, other))
    return messages


def names_used_twice(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """A warning for each assistant whose name another one has before it."""
    first: dict[str, Declaration] = {}
    messages = []
    for declaration in declarations:
        name = declaration.assistant.fields.get("name") if declaration.assistant else None
        if not isinstance(name, str):
            continue
        other = first.setdefault(name, declaration)
        if other is not declaration and other.key != declaration.key:
            messages.append(_named_alike(declaration, other))
    return messages


def stores_not_declared(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """An error for each assistant that names a shared vector store which no document declares."""
    stores = {declaration.key for declaration in declarations if declaration.kind is Kind.VECTOR_STORE}
    assistants = {declaration.key for declaration in declarations if declaration.kind is Kind.ASSISTANT}
    return [
        Diagnostic(
            Severity.ERROR,
            f"no document declares a vector store with the key {assistant.store!r}",
            _way_to_store(assistant.store, stores, assistants),
            key=assistant.key,
            path="vector_store",
            position=assistant.position_of("vector_store"),
        )
        for assistant in _searching_shared(declarations)
        if assistant.store is not None and assistant.store not in stores
    ]


def stores_not_searched(declarations: Sequence[Declaration]) -> list[Diagnostic]:
    """A warning for each shared vector store that no assistant searches."""
    searched = {assistant.store for assistant in _searching_shared(declarations)}
    return [
        Diagnostic(
            Severity.WARNING,
            "no assistant searches this vector store",
            f"An assistant with file_search does when it says `vector_store: {declaration.key}`.",
            key=declaration.key,
            position=declaration.position,
        )
        for declaration in declarations
        if declaration.kind is Kind.VECTOR_STORE and declaration.key not in searched
    ]


def overrides_of_nothing(target: Target, keys: Collection[str]) -> list[Diagnostic]:
    """An error for each override of ``target`` whose key no manifest has."""
    return [
        Diagnostic(
            Severity.ERROR,
            f"no manifest declares the key {key!r}",
            did_you_mean(key, keys) or "An override adds to a manifest; it does not make one.",
            path=f"targets.{target.name}.overrides.{key}",
            position=node.position,
        )
        for key, node in target.overrides.items()
        if key not in keys
    ]


def _searching_shared(declarations: Sequence[Declaration]) -> list[Desired]:
    """The assistants that search a store which is not their own."""
    return [
        declaration.assistant
        for declaration in declarations
        if declaration.assistant and declaration.assistant.store and not declaration.store
    ]


def _way_to_store(key: str, stores: Collection[str], assistants: Collection[str]) -> str:
    if key in assistants:
        return "That is an assistant; the vector store of its `files` is its own."
    return sentences(did_you_mean(key, stores)) or f"Write a manifest with `kind: vector_store` and `key: {key}`."


def _named_alike(declaration: Declaration, other: Declaration) -> Diagnostic:
    desired = declaration.assistant
    is_secret = desired is not None and "name" in desired.secret_paths
    return Diagnostic(
        Severity.WARNING,
        f"{'this' if is_secret or desired is None else repr(desired.fields.get('name'))} is the name of "
        f"{other.key!r} too, at {other.position}",
        "Nobody can tell the two apart where they are listed, and neither is found by its name to be adopted.",
        key=declaration.key,
        path="name",
        position=(desired.positions.get("name") if desired else None) or declaration.position,
    )


def _declared_twice(declaration: Declaration, other: Declaration) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        f"the key {declaration.key!r} is declared twice: first at {other.position}",
        "A key is one identity in the project, whatever it is of. Give one of the two another `key:`.",
        key=declaration.key,
        path="key",
        position=declaration.position,
    )
