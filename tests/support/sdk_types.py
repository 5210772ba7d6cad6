"""The types of the vendors' SDKs, read alike: typed dicts, pydantic's models, and those of azure-ai-projects."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from azure.ai.projects._utils.model_base import Model
from mistralai.client.types import UnrecognizedStr
from mistralai.client.types.basemodel import Unset
from pydantic import BaseModel
from typing_extensions import TypeAliasType, is_typeddict

from support.azure_shapes import model_fields

_WRAPPERS = (Required, NotRequired, Annotated)
_DISCRIMINATORS = ("type", "kind", "name")


def alternatives(kind: Any) -> Iterable[Any]:
    """What an annotation allows, the members of its unions each by itself."""
    while get_origin(kind) in _WRAPPERS:
        kind = get_args(kind)[0]
    if isinstance(kind, TypeAliasType):
        yield from alternatives(kind.__value__)
    elif isinstance(alias := get_origin(kind), TypeAliasType):
        yield from alternatives(alias.__value__[get_args(kind)])
    elif get_origin(kind) in (Union, types.UnionType):
        for part in get_args(kind):
            yield from alternatives(part)
    elif not _is_of_answers_to_come(kind):
        yield kind


def _is_of_answers_to_come(kind: Any) -> bool:
    """Whether it is what mistralai has in its unions for what is not set, and for words that it does not know."""
    if kind in (UnrecognizedStr, Unset):
        return True
    return isinstance(kind, type) and issubclass(kind, BaseModel) and "is_unknown" in kind.model_fields


def words_in(kind: Any) -> list[Any]:
    """The values of a ``Literal``; none of anything else."""
    if get_origin(kind) is not Literal:
        return []
    return [word.value if isinstance(word, Enum) else word for word in get_args(kind)]


@cache
def is_object(kind: Any) -> bool:
    """Whether a type is an object with fields."""
    return is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, (Model, BaseModel)))


@cache
def fields_of(kind: Any) -> Mapping[str, Any]:
    """The names on the wire of an object's fields, and what each is annotated with."""
    if is_typeddict(kind):
        hints = get_type_hints(kind, include_extras=True)
        return {_alias(hint) or name: hint for name, hint in hints.items()}
    if issubclass(kind, BaseModel):
        return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
    return model_fields(kind)


@cache
def required_in(kind: Any) -> list[str]:
    """The names on the wire of the fields that an object must have."""
    fields = fields_of(kind)
    if is_typeddict(kind):
        return [name for name, hint in fields.items() if _is_required(kind, hint)]
    if issubclass(kind, BaseModel):
        return [field.alias or name for name, field in kind.model_fields.items() if field.is_required()]
    return [name for name, hint in fields.items() if type(None) not in get_args(hint)]


@cache
def variants_of(kind: Any) -> list[Any]:
    """The kinds that a model of Foundry's stands for, or the one kind itself."""
    known = {} if not issubclass(kind, Model) else kind.__dict__.get("__mapping__", {})
    return [variant for part in known.values() for variant in variants_of(part)] or [kind]


@cache
def discriminator_of(kind: Any) -> str:
    """The field whose words tell an object from the others of a union; empty where there is none."""
    fields = fields_of(kind)
    told = (name for name in _DISCRIMINATORS if _words_at(kind, name) and not _is_choice(fields[name]))
    return next((name for name in told if not is_typeddict(kind) or _is_required(kind, fields[name])), "")


def _is_required(kind: Any, hint: Any) -> bool:
    return get_origin(hint) is Required or (kind.__total__ and get_origin(hint) is not NotRequired)


def _is_choice(annotated: Any) -> bool:
    """Whether a field has one of several words or none, which tells no object from another."""
    parts = [*alternatives(annotated)]
    return type(None) in parts and len([word for part in parts for word in words_in(part)]) > 1


def own_words(kind: Any) -> list[str]:
    """The words of its discriminator that an object has."""
    return _words_at(kind, discriminator_of(kind)) if discriminator_of(kind) else []


def _words_at(kind: Any, name: str) -> list[str]:
    annotated = fields_of(kind).get(name)
    return [word for part in alternatives(annotated) for word in words_in(part)] if annotated else []


def _alias(hint: Any) -> str | None:
    if get_origin(hint) in (Required, NotRequired):
        return _alias(get_args(hint)[0])
    return next(
        (about.alias for about in getattr(hint, "__metadata__", ()) if getattr(about, "alias", None)), None
    )
