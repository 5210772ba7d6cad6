"""A memory store as Anthropic's managed agents API has it, and back.

Names and shapes of the wire: ``memory_store_create_params.py``, ``memory_store_update_params.py`` and
``beta_managed_agents_memory_store.py`` of anthropic 2.14.0 (``anthropic/types/beta``). What is in a store is its
own affair: sessions write into it.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.model.capabilities import Capabilities, FieldDefaults, Support
from assistctl.platforms.translation import Object

_PLAIN = ("name", "description")


def to_wire(fields: Mapping[str, Json], _now: Object) -> Object:
    """The body of a request, without the metadata; an empty description counts as none."""
    body: Object = {name: fields[name] for name in _PLAIN if name in fields}
    if "description" in body:
        body["description"] = body["description"] or ""
    return body


def from_wire(answer: Object) -> Object:
    """The fields of an answer in a manifest's shapes; what it does not have is left out."""
    return {name: answer[name] for name in _PLAIN if name in answer}


CAPABILITIES = Capabilities(
    fields={"name": Support(), "description": Support(), "metadata": Support()},
    names_nothing=True,
    field_defaults=FieldDefaults({"description": ""}),
    loses="its memories",
)
