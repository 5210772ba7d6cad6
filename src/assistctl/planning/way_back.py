"""From what an apply found to what is to be declared so that it is so again: a rollback is an ordinary plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from assistctl.knowledge import DesiredStore
from assistctl.model import Desired, Diagnostic, Json, Kind, Lifecycle, Position, Severity
from assistctl.planning.baseline import read_baseline
from assistctl.planning.canonical import canonical_units
from assistctl.planning.ownership import BASELINE, is_marked, read_mark, users_pairs
from assistctl.planning.symbols import file_ids, store_ids
from assistctl.secrets.template import Template


class Image(Protocol):
    """One thing as it was before an apply; ``withheld`` names the fields and pairs that held a secret."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def fields(self) -> Mapping[str, Json]:
        """Its fields."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Its pairs."""

    @property
    def withheld(self) -> Mapping[str, str]:
        """What was left out, by path."""


@dataclass(slots=True)
class WayBack:
    """What is to be declared for a rollback: ``keys`` are those it is about, ``diagnostics`` what it cannot do.

    ``release`` are the keys of assistants that nobody owned.
    """

    keys: set[str] = field(default_factory=set)
    release: set[str] = field(default_factory=set)
    desired: list[Desired] = field(default_factory=list)
    stores: list[DesiredStore] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def way_back(
    images: Mapping[tuple[Kind, str], Image | None],
    declared: Iterable[Desired],
    stores: Iterable[DesiredStore],
    apply_id: str,
    forgotten: Collection[str] = (),
) -> WayBack:
    """What makes things be as ``images`` has them (``None``: not there at all).

    The assistants of keys that were ``forgotten`` are still there, and taken over again. What the journal does
    not hold comes from what is ``declared`` now: fields with secrets, and files, which no platform gives back.
    """
    back = WayBack()
    now = {one.key: one for one in declared}
    shelves = {store.key: store for store in stores}
    position = Position(f"apply {apply_id}")
    for (kind, key), image in sorted(images.items()):
        if kind is Kind.FILE:
            continue
        back.keys.add(key)
        if image is None:
            continue
        if kind is Kind.ASSISTANT:
            desired = _assistant(key, image, now.get(key), position, back)
            back.desired.append(replace(desired, import_id=image.id) if key in forgotten else desired)
        elif key in shelves:
            back.stores.append(replace(shelves[key], fields=_store_fields(image)))
    _with_their_stores(back, shelves)
    return back


def _assistant(key: str, image: Image, now: Desired | None, position: Position, back: WayBack) -> Desired:
    fields = _managed_fields(image)
    resources = fields.pop("tool_resources", None)
    for path in sorted(image.withheld):
        name = path.split(".", 1)[0]
        if now is not None and name in now.fields:
            fields[name] = now.fields[name]
            if not any(secret.startswith(name) for secret in now.secret_paths):
                text = f"{path} held a secret, and what the manifest says in its place holds none"
                back.diagnostics.append(_lost(key, position, text))
        elif path != BASELINE:
            back.diagnostics.append(_lost(key, position, f"{path} held a secret, which no journal keeps"))
    mark = read_mark(image.metadata)
    if not is_marked(image.metadata):
        # What it read was nobody's of ours, and is there still.
        back.release.add(key)
        fields = fields if resources is None else {**fields, "tool_resources": resources}
        return Desired(key, fields, position, secret_paths=_secrets_of(now), templates=_templates_of(now))
    files = bool(file_ids({"tool_resources": resources}))
    searched = bool(store_ids({"tool_resources": resources}))
    if (files or searched) and now is None:
        what = "its files are gone from the platform, and no manifest declares them"
        back.diagnostics.append(_lost(key, position, what))
    return Desired(
        key,
        fields,
        position,
        Lifecycle(prevent_destroy=bool(mark and mark.prevent_destroy)),
        _secrets_of(now),
        interpreter_files=now.interpreter_files if now is not None and files else (),
        store=now.store if now is not None and searched else None,
        templates=_templates_of(now),
    )


def _secrets_of(now: Desired | None) -> frozenset[str]:
    return now.secret_paths if now is not None else frozenset()


def _templates_of(now: Desired | None) -> Mapping[str, Template]:
    return now.templates if now is not None else {}


def _managed_fields(image: Image) -> dict[str, Json]:
    """What this project managed of it then; all of it, if it was nobody's."""
    baseline = read_baseline(image.metadata.get(BASELINE))
    pairs = users_pairs(image.metadata)
    if not baseline.entries:
        return {**image.fields, "metadata": pairs}
    units = canonical_units(image.fields, pairs)
    names = {str(unit[0]) for unit in units if baseline.has(unit)}
    fields = {name: value for name, value in image.fields.items() if name in names}
    if "metadata" in names:
        fields["metadata"] = {key: value for key, value in pairs.items() if baseline.has(("metadata", key))}
    return fields


def _store_fields(image: Image) -> dict[str, Json]:
    return {**image.fields, "metadata": users_pairs(image.metadata)}


def _with_their_stores(back: WayBack, shelves: Mapping[str, DesiredStore]) -> None:
    """Everything an assistant searches has to be declared, whether the apply touched it or not."""
    there = {store.key for store in back.stores}
    needed = dict.fromkeys(one.store for one in back.desired if one.store is not None)
    back.stores += [shelves[key] for key in needed if key not in there and key in shelves]


def _lost(key: str, position: Position, what: str) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        f"{key} does not go back in full: {what}",
        "Check out the commit of that apply, and apply it, to have that as well.",
        key=key,
        position=position,
    )
