"""JSON held against the models of azure-ai-projects, which themselves take whatever they are given."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from azure.ai.projects import _unions, models
from azure.ai.projects._utils.model_base import Model

_NAMES = {"_models": models, "_unions": _unions, "datetime": dt}
_PLAIN: dict[Any, tuple[type, ...]] = {
    int: (int,),
    float: (int, float),
    str: (str,),
    bool: (bool,),
    dt.datetime: (int, str),
}


def misfits(value: Any, kind: Any, where: str = "") -> Iterator[str]:
    """What of ``value`` is not as ``kind`` (a model, or what its fields are annotated with) has it."""
    if isinstance(kind, type) and issubclass(kind, Model):
        yield from _in_object(value, kind, where)
    elif get_origin(kind) in {Union, types.UnionType}:
        yield from _in_union(value, get_args(kind), where)
    elif get_origin(kind) is Literal:
        allowed = [arg.value if isinstance(arg, Enum) else arg for arg in get_args(kind)]
        if value not in allowed:
            yield f"{where}: {value!r} is none of {allowed}"
    elif get_origin(kind) is list:
        yield from _in_list(value, get_args(kind)[0], where)
    elif get_origin(kind) is dict:
        yield from _in_mapping(value, get_args(kind)[1], where)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if value not in [member.value for member in kind]:
            yield f"{where}: {value!r} is unknown"
    elif kind in _PLAIN and (not isinstance(value, _PLAIN[kind]) or isinstance(value, bool) != (kind is bool)):
        yield f"{where}: {value!r} is no {kind.__name__}"


def _in_object(value: Any, model: type[Model], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    chosen = _by_discriminator(model, value)
    if chosen is not model:
        yield from _in_object(value, chosen, where)
        return
    fields = model_fields(model)
    for name in value.keys() - fields.keys():
        yield f"{where}.{name}: unknown field"
    for name, kind in fields.items():
        is_optional = type(None) in get_args(kind)
        if name in value and not (value[name] is None and is_optional):
            yield from misfits(value[name], kind, f"{where}.{name}")
        elif name not in value and not is_optional:
            yield f"{where}.{name}: required"


def _by_discriminator(model: type[Model], value: dict[str, Any]) -> type[Model]:
    known: dict[str, type[Model]] = model.__dict__.get("__mapping__", {})
    for name in ("type", "kind"):
        if value.get(name) in known:
            return known[value[name]]
    return model


@cache
def model_fields(model: type[Model]) -> dict[str, Any]:
    """The fields of a model by their names on the wire, and what each is annotated with."""
    # The names on the wire are worked out when the first one is made.
    made = model.__new__(model)
    hints = get_type_hints(model, localns=_NAMES)
    return {inner._rest_name: hints[name] for name, inner in made._attr_to_rest_field.items()}


def _in_union(value: Any, kinds: tuple[Any, ...], where: str) -> Iterator[str]:
    tried = [list(misfits(value, kind, where)) for kind in kinds if kind is not type(None)]
    # A word is a word, of the known ones or not: the service decides.
    if value is not None and all(tried):
        yield from min(tried, key=len)


def _in_list(value: Any, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for place, inner in enumerate(value):
        yield from misfits(inner, kind, f"{where}[{place}]")


def _in_mapping(value: Any, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    for name, inner in value.items():
        yield from misfits(inner, kind, f"{where}.{name}")
