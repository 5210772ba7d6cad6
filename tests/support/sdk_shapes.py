"""JSON held against the types of an SDK, strictly: nothing unknown, nothing missing, nothing of another type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from support.sdk_types import (
    alternatives,
    discriminator_of,
    fields_of,
    is_object,
    required_in,
    variants_of,
    words_in,
)

_PLAIN: Mapping[Any, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
    dt.datetime: (str,),
    bytes: (str,),
    type(None): (type(None),),
}


def misfits(value: Any, kind: Any, where: str = "") -> list[str]:
    """What of ``value`` is not as ``kind`` has it, at the nearest of its alternatives."""
    tried = [list(_misfits(value, part, where)) for part in alternatives(kind)]
    return [] if not all(tried) else min(tried, key=len)


def misfits_in_body(body: Mapping[str, Any], kinds: Mapping[str, Any]) -> list[str]:
    """The same of a request with parameters of these ``kinds``."""
    unknown = [f"{name}: unknown" for name in body if name not in kinds]
    return unknown + [
        misfit for name, kind in kinds.items() if name in body for misfit in misfits(body[name], kind, name)
    ]


def _misfits(value: Any, kind: Any, where: str) -> Iterator[str]:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_object(kind):
        yield from _in_object(value, kind, where)
    elif origin is Literal:
        if value not in words_in(kind):
            yield f"{where}: {value!r} is none of {words_in(kind)}"
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if value not in [member.value for member in kind]:
            yield f"{where}: {value!r} is unknown"
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or isinstance(value, bool) != (kind is bool):
            yield f"{where}: {value!r} is no {kind.__name__}"
    elif origin in (dict, Mapping):
        yield from _in_mapping(value, arguments[1], where)
    elif origin is not None and len(arguments) == 1:
        yield from _in_list(value, arguments[0], where)


def _in_object(value: Any, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    chosen = next(
        (variant for variant in variants_of(kind) if value.get(discriminator_of(variant)) in _words(variant)),
        variants_of(kind)[0],
    )
    fields = fields_of(chosen)
    yield from (f"{where}.{name}: unknown" for name in value if name not in fields)
    yield from (f"{where}.{name}: required" for name in required_in(chosen) if name not in value)
    for name, annotated in fields.items():
        if name in value:
            yield from misfits(value[name], annotated, f"{where}.{name}")


def _words(kind: Any) -> list[Any]:
    by = discriminator_of(kind)
    return [word for part in alternatives(fields_of(kind)[by]) for word in words_in(part)] if by else []


def _in_mapping(value: Any, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    for name, inner in value.items():
        yield from misfits(inner, kind, f"{where}.{name}")


def _in_list(value: Any, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for place, inner in enumerate(value):
        yield from misfits(inner, kind, f"{where}[{place}]")
