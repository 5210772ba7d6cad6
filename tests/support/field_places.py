"""What becomes of each field that a request of an SDK takes: found by our own code, or said with its reason.

A body with the field is read as an answer, declared as ``dump`` would, checked as ``validate`` does, and sent as
``apply`` does. A field that comes back as it was has its place in the manifest; what does not, has to be explained
in ``support/sdk_requests.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assistctl.diagnostics import Position, Severity
from assistctl.export.from_observed import declared
from assistctl.manifest.validation.schema import ASSISTANT, violations
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Level
from assistctl.planning.capability_check import check_expressible, support_of, to_platform
from assistctl.platforms.registry import capabilities_of
from support.sdk_fields import Path, TakenField, fields_taken, found_at, text_of
from support.sdk_request import BELOW, How, Place, SdkRequest

KEY = "desk"


@dataclass(frozen=True, slots=True)
class Row:
    """A field of a request, which of its two takes it (both, if it says nothing), and its place."""

    path: Path
    alone: str
    place: Place | None


def rows_of(request: SdkRequest) -> list[Row]:
    """All fields of a request; ``place`` is ``None`` where nothing is known of one."""
    fields: dict[Path, TakenField] = {}
    taken: dict[Path, list[str]] = {}
    for name, kinds in (("create", request.create), ("update", request.update)):
        for field in fields_taken(kinds or {}, request.base):
            fields.setdefault(field.path, field)
            taken.setdefault(field.path, []).append(name)
    expected = ["create"] if request.update is None else ["create", "update"]
    reached = _reached(request)
    return [
        Row(path, "" if taken[path] == expected else taken[path][0], _place(field, request, reached))
        for path, field in fields.items()
    ]


def sent_for_each_field(request: SdkRequest) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What is sent for each field that a manifest can have, by the field's path."""
    for field in fields_taken(request.create or request.update or {}, request.base):
        for manifest in (_document(field.body, request), _under_platforms(field, field.body, request)):
            if manifest and not _errors(manifest, request.platform):
                yield text_of(field.path), _sent(manifest, request)


def stale_explanations(request: SdkRequest) -> list[str]:
    """What is explained without being there, or although it has its place by now."""
    fields = [*fields_taken(request.create, request.base), *fields_taken(request.update or {}, request.base)]
    stale = []
    for said, place in request.explained.items():
        meant = [field for field in fields if _explains(said, field.path)]
        found = [_probed(field, request) for field in meant] if place.how is How.REFUSED else []
        if not meant or any(
            found_place is not None and found_place.how is not How.REFUSED for found_place in found
        ):
            stale.append(said)
    return stale


def _place(field: TakenField, request: SdkRequest, reached: Mapping[str, Any]) -> Place | None:
    said = [name for name in request.explained if _explains(name, field.path)]
    if said:
        return request.explained[max(said, key=len)]
    found = _probed(field, request)
    if found is None or found.how is not How.PLATFORMS or not found_at(reached, field.path):
        return found
    return Place(How.MAPPED, f"`tools[mcp]`, or as it is under `platforms.{request.platform}`")


def _explains(said: str, path: Path) -> bool:
    text, start = text_of(path), said.removesuffix(BELOW)
    return text == start or (said.endswith(BELOW) and text.startswith((f"{start}.", f"{start}[")))


def _probed(field: TakenField, request: SdkRequest) -> Place | None:
    """Where a manifest has the field, as far as it comes back from there as it was."""
    if request.translation is None:
        return None
    as_dumped = [_document(body, request) for body in (field.body, field.without)]
    found = _from_manifest(field, request, *as_dumped)
    if found is not None and found.how is not How.REFUSED:
        return found
    by_hand = [_under_platforms(field, body, request) for body in (field.body, field.without)]
    declared_there = _from_manifest(field, request, *by_hand) if by_hand[0] else None
    return found if declared_there is None or declared_there.how is How.REFUSED else declared_there


def _from_manifest(
    field: TakenField, request: SdkRequest, manifest: Mapping[str, Any], less: Mapping[str, Any]
) -> Place | None:
    """How ``manifest`` has the field; ``less`` is the same without it."""
    errors, before = (_errors(document, request.platform) for document in (manifest, less))
    told = [note for path, note in errors.items() if path not in before]
    if told:
        return Place(How.REFUSED, told[0].replace("sample", "ID"))
    sent, sent_without = _sent(manifest, request), _sent(less, request)
    is_sent = any(_has(found, field.value) for found in found_at(sent, field.path))
    if not is_sent or _read(sent, request) == _read(sent_without, request):
        return None
    return _landing(field, request, manifest, less)


def _under_platforms(field: TakenField, body: Any, request: SdkRequest) -> Mapping[str, Any]:
    """A manifest that has the field as the request has it, where its platform takes it so."""
    own, path = body, field.path[len(request.within) :]
    for step in request.within if field.path[: len(request.within)] == request.within else ():
        own = own[step] if isinstance(step, str) else own
    head = text_of(path[:1])
    if head not in capabilities_of(request.platform).platform_fields or head not in own:
        return {}
    return {"platforms": {request.platform: {head: own[head]}}}


def _document(body: Any, request: SdkRequest) -> Mapping[str, Any]:
    """What a manifest says of the answer ``body``."""
    observed = Observed("asst_1", {**_read(body, request)}, {})
    return declared(observed, KEY, capabilities_of(request.platform)).document


def _read(body: Any, request: SdkRequest) -> Mapping[str, Any]:
    assert request.translation is not None
    return request.translation.from_wire(body)


def _desired(document: Mapping[str, Any]) -> Desired:
    fields = {"name": KEY, "model": "m", **document}
    own = fields.pop("platforms", {})
    return Desired(KEY, fields, Position("desk.yaml"), platform_fields=own)


def _errors(document: Mapping[str, Any], platform: str) -> dict[str, str]:
    """Each error in a manifest by its place, with what is said about it."""
    found = check_expressible(_desired(document), platform, capabilities_of(platform))
    errors = {diagnostic.path: diagnostic.detail for diagnostic in found if diagnostic.severity is Severity.ERROR}
    own = document.get("platforms", {}).get(platform)
    both = [(ASSISTANT, {"model": "m", **document}), (f"{platform}-fields", own)]
    for schema, value in both if own else both[:1]:
        errors |= {violation.json_path: violation.message for violation in violations(schema, value)}
    return errors


def _sent(document: Mapping[str, Any], request: SdkRequest) -> Mapping[str, Any]:
    assert request.translation is not None
    desired = to_platform(_desired(document), request.platform, capabilities_of(request.platform))
    return request.translation.to_wire(desired.fields)


def _has(found: Any, wanted: Any) -> bool:
    """Whether ``found`` is ``wanted``, or has all that is in it."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(name in found and _has(found[name], value) for name, value in wanted.items())
    return bool(found == wanted)


def _landing(
    field: TakenField, request: SdkRequest, manifest: Mapping[str, Any], less: Mapping[str, Any]
) -> Place | None:
    """Where ``manifest`` has what the one with ``less`` lacks."""
    path = field.path[len(request.within) :] if field.path[: len(request.within)] == request.within else field.path

    def is_new_at(path: Path) -> bool:
        return field.value in found_at(manifest, path) and field.value not in found_at(less, path)

    if is_new_at(("platforms", request.platform, *path)):
        return Place(How.PLATFORMS)
    support = support_of(text_of(path[:1]), capabilities_of(request.platform).fields)
    if is_new_at(path) and (support is None or support.level is Level.NATIVE):
        return Place(How.NATIVE)
    before = {*_flat(less)}
    places = [place for place, value in _flat(manifest) if (place, value) not in before]
    last = text_of(path[-1:])
    nearest = next((place for place in places if place.rpartition(".")[2] == last), next(iter(places), ""))
    shown = re.sub(r"(\.key)+$|\.type$", "", nearest)
    is_own = nearest.startswith(f"platforms.{request.platform}")
    return Place(How.PLATFORMS if is_own else How.MAPPED, f"`{shown}`") if nearest else None


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The plain values in a document, each with its place: ``tools[web_search].location.city``."""
    if isinstance(value, list) and value:
        for item in value:
            yield from _flat(item, path)
    elif isinstance(value, dict) and value:
        kind = value.get("type")
        here = f"{path}[{kind}]" if path and isinstance(kind, str) else path
        for name, inner in value.items():
            yield from _flat(inner, f"{here}.{name}" if here else name)
    else:
        yield path, repr(value)


def _reached(request: SdkRequest) -> Mapping[str, Any]:
    """What a manifest with an MCP server makes of a request; nothing where it cannot have one."""
    if request.translation is None:
        return {}
    capabilities = capabilities_of(request.platform)
    server: dict[str, Any] = {
        "type": "mcp",
        "server_label": "orders",
        "server_url": "https://mcp.example.com",
        "allowed_tools": ["look_up"],
        "require_approval": "never",
        "credential": "vault",
        "headers": {"key": "value"},
    }
    refused = {
        finding.path.rpartition(".")[2]
        for finding in (capabilities.findings({"tools": [server]}, {}) if capabilities.findings else ())
        if finding.level is Level.UNSUPPORTED
    }
    tools: list[Any] = [{name: value for name, value in server.items() if name not in refused}]
    support = support_of("tools.mcp", capabilities.fields)
    if support is None or support.level is Level.UNSUPPORTED:
        return {}
    return _sent({"tools": tools}, request)
