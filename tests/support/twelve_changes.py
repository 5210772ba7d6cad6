"""A plan of twelve kinds of change, as somebody could have to approve it."""

from __future__ import annotations

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.model.change import (
    Absence,
    Action,
    Blocked,
    Change,
    Drift,
    FieldDiff,
    LastApplied,
    Missing,
    Origin,
    Summary,
)
from assistctl.model.file_operations import FileTotals, FileUse
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, TargetName

_PROMPT = """\
# Returns desk

You answer questions about returns. Be brief and friendly, and never
guess a delivery date. When the customer writes in another language,
answer in that language.

## Tone

Use short sentences. Offer help once.
Say `order_status` only to colleagues.

## Returns

Returns take 30 days from delivery. Do not explain the policy.
A refund of 12.50 goes to the card that was used.
"""
_EDITED = (
    _PROMPT.replace("30 days", "14 days")
    .replace("Do not explain", "Do not translate")
    .replace("12.50", "12.80")
    .replace(
        "friendly, and never\nguess a delivery date. When the customer writes in another language,\nanswer",
        "friendly, and\nnever guess a delivery date. When the customer writes in another\nlanguage, answer",
    )
)
_BEFORE = (
    "You are the billing bot.\nExplain every invoice line by line.\n"
    "Never promise a refund.\nSend hard cases to a person at once.\n"
)
_REWRITTEN = (
    "As our accountants' colleague you reconcile payments with orders, in a neutral tone.\n"
    "Ask for the number first; then look it up, and quote what the ledger has.\n"
)
_FOLDED = (
    "Translate what you are given into the language that is asked for, and keep names and code as they are. " * 6
).strip()


def twelve_changes() -> Plan:
    """The plan; its changes in the order of their keys, as planning makes them."""
    return Plan(
        project="acme",
        target=TargetName("prod", "openai-assistants"),
        changes=(
            _update("a-returns", FieldDiff("instructions", _PROMPT, _EDITED, Origin.MANIFEST)),
            _update("b-billing", FieldDiff("instructions", _BEFORE, _REWRITTEN, Origin.MANIFEST)),
            _update("c-short", *_short_values()),
            _update("d-tools", *_tools()),
            _update("e-edited", *_edited_outside()),
            _update("f-secret", *_secrets()),
            _create(),
            _deleted(),
            _adopted(),
            Change(Kind.ASSISTANT, "j-forgotten", "asst_10", Action.FORGET, "let go without deleting it"),
            _protected(),
            *_files(),
        ),
        drift=(Drift(Kind.ASSISTANT, "e-edited", "asst_5", "temperature", 0.9, 0.2),),
        diagnostics=(
            Diagnostic(
                Severity.WARNING,
                "gpt-4o is switched off on 2027-01-31",
                "Pick another model.",
                key="a-returns",
                path="model",
                position=Position("assistants/a-returns.yaml", 3, 8),
            ),
        ),
        summary=Summary(create=1, update=6, delete=2, adopt=1, unchanged=31, forget=1),
        seen={},
        fingerprint="sha256:0f3a",
        files=FileTotals(1, 1, 2048),
        missing=(Missing(Kind.ASSISTANT, "g-new", "asst_77", Absence.DELETED_OUTSIDE),),
    )


def _update(key: str, *diffs: FieldDiff) -> Change:
    outside = any(diff.origin is not Origin.MANIFEST for diff in diffs)
    reason = "manifest changed and changed outside" if outside else "manifest changed"
    return Change(Kind.ASSISTANT, key, f"asst_{ord(key[0]) - 96}", Action.UPDATE, reason, diffs)


def _short_values() -> tuple[FieldDiff, ...]:
    return (
        FieldDiff(
            "description", "Answers questions about orders", "Answers all questions on orders", Origin.MANIFEST
        ),
        FieldDiff("name", "p\u0430yments", "payments", Origin.MANIFEST),
        FieldDiff("temperature", 0.2, 1, Origin.MANIFEST, undeclared=True),
        FieldDiff("metadata.team", "support", None, Origin.MANIFEST, undeclared=True),
    )


def _tools() -> tuple[FieldDiff, ...]:
    properties = "function.parameters.properties.reason.enum"
    return (
        FieldDiff("tools[cancel]", None, _function("cancel", "Cancels an order"), Origin.MANIFEST),
        FieldDiff("tools[order_state]", None, _function("order_state", "Looks it up"), Origin.MANIFEST),
        FieldDiff("tools[order_status]", _function("order_status", "Looks it up"), None, Origin.MANIFEST),
        FieldDiff(f"tools[refund].{properties}[2]", None, "damaged", Origin.MANIFEST),
        FieldDiff("files", ["old.csv", "prices.csv"], ["new.csv", "prices.csv"], Origin.MANIFEST),
    )


def _function(name: str, description: str) -> Json:
    parameters: Json = {
        "type": "object",
        "properties": {"order_id": {"type": "string"}, "reason": {"type": ["string", "null"]}},
        "required": ["order_id"],
    }
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def _edited_outside() -> tuple[FieldDiff, ...]:
    return (
        FieldDiff("temperature", 0.9, 0.2, Origin.DRIFT),
        FieldDiff("top_p", 0.5, 0.8, Origin.BOTH, last_applied=LastApplied(known=True, value=1)),
        FieldDiff("description", None, "Orders", Origin.BOTH, last_applied=LastApplied(known=False)),
    )


def _secrets() -> tuple[FieldDiff, ...]:
    return (
        FieldDiff(
            "instructions",
            "Call (secret) for help.",
            "Call (secret LINE) for advice.",
            Origin.MANIFEST,
            secret=True,
        ),
    )


def _create() -> Change:
    diffs = (
        FieldDiff("instructions", None, _FOLDED, Origin.MANIFEST),
        FieldDiff("model", None, "gpt-4o-mini", Origin.MANIFEST),
        FieldDiff("tools[cancel]", None, _function("cancel", "Cancels an order"), Origin.MANIFEST),
    )
    return Change(Kind.ASSISTANT, "g-new", None, Action.CREATE, "not on the platform", diffs)


def _deleted() -> Change:
    diffs = (
        FieldDiff("name", "Old bot", None, Origin.MANIFEST),
        FieldDiff("instructions", _BEFORE, None, Origin.MANIFEST),
        FieldDiff("tools[code_interpreter]", {"type": "code_interpreter"}, None, Origin.MANIFEST),
        FieldDiff("tools[cancel]", _function("cancel", "Cancels an order"), None, Origin.MANIFEST),
    )
    return Change(Kind.ASSISTANT, "h-old", "asst_8", Action.DELETE, "no longer declared", diffs)


def _adopted() -> Change:
    reason = "an unowned assistant has this name"
    return Change(Kind.ASSISTANT, "i-found", "asst_9", Action.ADOPT, reason, blocked=Blocked.ADOPTION)


def _protected() -> Change:
    diffs = (FieldDiff("model", "gpt-4o", None, Origin.MANIFEST),)
    reason = "no longer declared"
    return Change(
        Kind.ASSISTANT, "k-kept", "asst_11", Action.DELETE, reason, diffs, blocked=Blocked.PROTECTED, name="Kept"
    )


def _files() -> tuple[Change, ...]:
    holders = (("assistant", "d-tools"),)
    return (
        Change(Kind.FILE, "new.csv", None, Action.CREATE, "new", file=FileUse(2048, holders, upload=True)),
        Change(Kind.FILE, "old.csv", "file_1", Action.DELETE, "no longer declared", file=FileUse(None, holders)),
    )
