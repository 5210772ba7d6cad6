"""Assistants as an account of a few years had them, as ``client.beta.assistants.list()`` gave them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]

_FIRST = 1_719_800_000
FILES = {f"file-{number:04}": name for number, name in enumerate(("prices.csv", "stock.csv", "handbook.pdf"), 1)}
STORES = {"vs_handbook": "Handbook", "vs_faq": None}

ORDER_STATUS: Object = {
    "name": "order_status",
    "description": "Look up where an order is.",
    "parameters": {
        "type": "object",
        "properties": {"order_id": {"type": "string", "description": "As printed on the invoice."}},
        "required": ["order_id"],
        "additionalProperties": False,
    },
    "strict": True,
}
REFUND: Object = {
    "name": "refund",
    "description": "Pay an order back.",
    "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
    "strict": False,
}
PING: Object = {"name": "ping", "parameters": {"type": "object", "properties": {}}, "strict": False}
TICKET: Object = {
    "type": "json_schema",
    "json_schema": {
        "name": "ticket",
        "description": "A support ticket",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"title": {"type": "string"}, "urgent": {"type": "boolean"}},
            "required": ["title", "urgent"],
            "additionalProperties": False,
        },
    },
}
LONG_NAME = "Quarterly revenue and inventory analyst for the northern and southern regions, " * 2
PAGE = """You look after orders.

1. Ask for the order's number.
2. Never promise {{date}} or ${amount} without looking it up.
"""


def function(definition: Object) -> Object:
    """A function as a tool."""
    return {"type": "function", "function": definition}


def search(**settings: Any) -> Object:
    """File search as it was answered: with the ranking that nobody asked for."""
    ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
    return {"type": "file_search", "file_search": {"ranking_options": ranking, **settings}}


INTERPRETER: Object = {"type": "code_interpreter"}


def reads(*, files: Sequence[str] = (), store: str | None = None) -> Object:
    """``tool_resources`` as they were answered."""
    resources: Object = {}
    if files:
        resources["code_interpreter"] = {"file_ids": list(files)}
    if store:
        resources["file_search"] = {"vector_store_ids": [store]}
    return resources


def retired_assistants() -> list[Object]:
    """Twenty-five of them, newest first."""
    declared: list[Object] = [
        {"name": "Order desk", "instructions": PAGE, "tools": [function(ORDER_STATUS), function(REFUND)]},
        {"name": "Order desk", "instructions": "The older one.", "model": "gpt-4-turbo"},
        {"name": "order-desk", "description": "The third of that name", "temperature": 0.2},
        {"name": None, "instructions": "Nobody named me."},
        {"name": "", "instructions": "My name is empty."},
        {"name": "日本語の助手", "instructions": "日本語で答えてください。"},
        {"name": LONG_NAME},
        {
            "name": "Price analyst",
            "tools": [INTERPRETER],
            "tool_resources": reads(files=["file-0001", "file-0002"]),
        },
        {"name": "Chart maker", "tools": [INTERPRETER], "temperature": 0.0, "top_p": 0.9},
        {"name": "Forgotten files", "tools": [INTERPRETER], "tool_resources": reads(files=["file-gone"])},
        {"name": "Librarian", "tools": [search()], "tool_resources": reads(store="vs_handbook")},
        {"name": "FAQ", "tools": [search(max_num_results=8)], "tool_resources": reads(store="vs_faq")},
        {"name": "Lost library", "tools": [search()], "tool_resources": reads(store="vs_expired")},
        {
            "name": "Everything",
            "description": "Reads, computes and calls",
            "tools": [INTERPRETER, search(), function(ORDER_STATUS)],
            "tool_resources": reads(files=["file-0003"], store="vs_handbook"),
            "metadata": {"team": "support", "cost-centre": "4711"},
            "temperature": 0.4,
        },
        {"name": "JSON mode", "response_format": {"type": "json_object"}, "instructions": "Answer in JSON."},
        {"name": "Ticket writer", "response_format": TICKET},
        {"name": "Plain text", "response_format": {"type": "text"}},
        {"name": "Pinger", "tools": [function(PING)]},
        {"name": "Bare function", "tools": [function({"name": "now", "strict": False})]},
        {"name": "Thinker", "model": "o3-mini", "temperature": None, "top_p": None, "reasoning_effort": "high"},
        {"name": "Quick thinker", "model": "o4-mini", "temperature": None, "reasoning_effort": "minimal"},
        {"name": "Full metadata", "metadata": {f"pair-{number:02}": f"value {number}" for number in range(16)}},
        {"name": "Thirteen pairs", "metadata": {f"k{number:02}": "v" for number in range(13)}},
        {"name": "Described", "description": "Answers " + "questions " * 50, "top_p": 0.5},
        {
            "name": "Braces",
            "instructions": "Use ${var:tone}, $${x} and {curly: braces}.",
            "metadata": {"a.b": "${env:HOME}"},
        },
    ]
    return [_answered(number, declaration) for number, declaration in reversed(list(enumerate(declared, 1)))]


def _answered(number: int, declared: Object) -> Object:
    """An assistant as the API answered it: with every default filled in."""
    return {
        "id": f"asst_{number:04}RetiredLongAgo",
        "object": "assistant",
        "created_at": _FIRST + number * 86_400,
        "name": None,
        "description": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "top_p": 1.0,
        "temperature": 1.0,
        "tool_resources": {},
        "metadata": {},
        "response_format": "auto",
        **declared,
    }
