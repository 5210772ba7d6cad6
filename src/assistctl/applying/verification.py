"""Compare the platform's answer with what was sent, value by value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Request
from assistctl.ownership.canonical import PLATFORMS, Path, canonical_units, default_of, dotted, own_fields, same
from assistctl.ownership.mark import differs_in_form_alone
from assistctl.ownership.projection import declared_part


def rejected_fields(request: Request, answer: Observed, capabilities: Capabilities) -> tuple[str, ...]:
    """The paths of what was sent, or was there before, and is not in the answer.

    Values are told apart as the planner does it.

    Fields that are ``write_only`` and missing from the answer cannot be judged, and are left out; so are
    ``computed`` ones, and a platform's own, for which null was sent: the answer is then the platform's choice.
    """
    return (*_lost(request, answer, capabilities), *_reset(request, answer, capabilities))


def _lost(request: Request, answer: Observed, capabilities: Capabilities) -> Iterator[str]:
    defaults = capabilities.field_defaults
    kept = canonical_units(answer.fields, dict(answer.metadata), defaults)
    for unit, value in canonical_units(request.fields, dict(request.metadata), defaults).items():
        if unit not in kept and unit[0] in capabilities.write_only:
            continue
        if _is_left_to_platform(unit, value, request, capabilities.computed):
            continue
        kept_value = kept.get(unit, default_of(unit, defaults))
        answered = declared_part(unit, kept_value, value, capabilities.write_only_in_tools)
        # What it keeps in another form is told by the plan; what it dropped fails.
        if not same(value, answered) and not differs_in_form_alone(value, answered):
            yield dotted(unit)
    yield from (
        f"metadata.{pair} (which should be gone)" for pair in sorted(request.removed & answer.metadata.keys())
    )


def _reset(request: Request, answer: Observed, capabilities: Capabilities) -> Iterator[str]:
    """The fields that an update reset although nobody asked for that, as far as the answer shows them."""
    shown = {field: value for field, value in request.kept.items() if field in answer.fields}
    platforms = shown.get(PLATFORMS)
    if isinstance(platforms, dict):
        answered_fields = own_fields(answer.fields)
        ours = {name: part for name, part in own_fields(request.kept).items() if name in answered_fields}
        shown[PLATFORMS] = dict.fromkeys(platforms, ours)
    unchanged = replace(request, fields=shown, metadata={}, removed=frozenset())
    yield from (f"{path} (which was not to change)" for path in _lost(unchanged, answer, capabilities))


def _is_left_to_platform(unit: Path, value: Json, request: Request, computed: frozenset[str]) -> bool:
    if unit[0] in computed:
        return request.fields[str(unit[0])] is None
    return unit[0] == PLATFORMS and value is None
