"""Digests of the requests of a plan's changes: enough to tell whether they are still the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.model.change import Change
from assistctl.model.file_operations import StoreOperations
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan
from assistctl.ownership.canonical import digest

# Enough to tell two requests apart.
_DIGEST_CHARACTERS = 8


def request_digests(plan: Plan) -> Iterator[tuple[str, str]]:
    """The name and the digest of each change's request."""
    for change in plan.changes:
        yield request_name(change), _digest(change, plan.knowledge.stores)


def request_name(change: Change) -> str:
    """The name of a change's request."""
    return f"{change.kind} {change.action} {change.key} {change.id or ''}"


def _digest(change: Change, stores: Mapping[str, StoreOperations]) -> str:
    if change.file is not None:
        return digest([change.file.token, [*change.file.discards]], length=_DIGEST_CHARACTERS)
    request = change.request
    sent: list[Json] = []
    if request is not None:
        sent += [request.digested, [*sorted(request.removed)], dict(request.reads.items()), request.store]
    if change.kind is Kind.VECTOR_STORE and change.key in stores:
        sent.append(_contents(stores[change.key]))
    return digest(sent, salt=change.key, length=_DIGEST_CHARACTERS) if sent else ""


def _contents(work: StoreOperations) -> Json:
    """The operations on a store's files; ``sync_marker`` stands for their attributes, without secrets."""
    attach: list[Json] = [
        [
            addition.token,
            addition.path,
            dict(addition.chunking.items()) if addition.chunking else None,
            [*addition.replaces],
            addition.renew,
        ]
        for addition in work.attach
    ]
    return [
        attach,
        dict(work.pending.items()),
        [*sorted(work.retag)],
        [*work.detach],
        work.sync_marker,
        work.holding,
    ]
