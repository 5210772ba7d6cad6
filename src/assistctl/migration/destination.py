"""The destination of a migration, and what its platform and models refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.migration.report import Document, FieldOutcome, Outcome
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import Capabilities
from assistctl.model.model_catalog import NEAR, READ_ON, shutdown_of, vendor_of
from assistctl.ownership.references_by_key import without_keys
from assistctl.planning.capability_check import check_expressible, inexpressible
from assistctl.planning.lint import a_current_one, about_model, other_vendor, when_shut_down

Faults: TypeAlias = Callable[[Document], Iterable[Diagnostic]]

_NOTHING_LIKE_IT = "There is nothing like it there."
_OTHER_MODELS = "Not every platform has it: name one that is there, or write ${var:model} and let each target say."


@dataclass(frozen=True, slots=True)
class Destination:
    """The destination: a platform and its capabilities. ``faults`` finds what is wrong with any manifest.

    ``today`` decides which models were shut down.
    """

    platform: str
    capabilities: Capabilities
    faults: Faults
    today: dt.date = READ_ON

    def said_of(self, desired: Desired) -> Iterator[Diagnostic]:
        """An error for what the platform cannot express or the model refuses there, an info for what is mapped."""
        yield from check_expressible(desired, self.platform, self.capabilities)
        yield from about_model(desired, self.platform, self.capabilities, at_vendor=False)

    def left_out_of(self, desired: Desired) -> dict[str, str]:
        """The paths of what is mapped to nothing, each with the nearest way on."""
        if self.capabilities.findings is None:
            return {}
        own = without_keys(desired.platform_fields.get(self.platform, {}), self.capabilities.entries)
        found = self.capabilities.findings(desired.fields, own)
        return {finding.path: finding.note for finding in found if finding.lost}

    def advice(self, said: Diagnostic) -> str:
        """The advice alone: "lost" already says that the field cannot be expressed."""
        if said.summary == inexpressible(self.platform, said.path):
            return said.detail or _NOTHING_LIKE_IT
        return self.sentences(said)

    def sentences(self, said: Diagnostic) -> str:
        """A message whole."""
        summary = said.summary
        if not summary.startswith(self.platform):
            summary = summary[:1].upper() + summary[1:]
        return f"{summary}. {said.detail}".rstrip()

    def refuses(self, said: Diagnostic) -> bool:
        """Whether a message says that something cannot be had."""
        return said.severity is Severity.ERROR

    def outcome_of_model(self, model: Json, came_from: str) -> FieldOutcome:
        """Whether the model is to be had, for an assistant that was made for the platform ``came_from``."""
        support = self.capabilities.fields.get("model")
        notes = [support.note if support else ""]
        name = model if isinstance(model, str) else ""
        stranger, date = other_vendor(name, self.capabilities), shutdown_of(name)
        if stranger:
            ours = self.capabilities.vendor
            note = f"It is {stranger}'s, and {self.platform} takes those of {ours}. {a_current_one(ours)}"
            return FieldOutcome("model", "model", Outcome.LOST, note, model)
        if date and date - self.today <= NEAR:
            vendor = self.capabilities.vendor or vendor_of(name)
            note = f"It {when_shut_down(date, self.today)}. {a_current_one(vendor)}"
            if date <= self.today:
                return FieldOutcome("model", "model", Outcome.LOST, note, model)
            notes.insert(0, note)
        if came_from != self.platform:
            notes.insert(0, _OTHER_MODELS)
        value = model if any(notes[:-1]) else None
        return FieldOutcome("model", "model", Outcome.CARRIED, " ".join(filter(None, notes)), value)
