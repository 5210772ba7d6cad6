"""Questions that a deployed assistant is asked, and what the answers must hold: a manifest's ``checks``, as data.

The names of assertions are promptfoo's (https://www.promptfoo.dev/docs/configuration/expected-outputs/), but for
``calls``, ``cites`` and ``max-tokens``, which are ours. Frozen dataclasses without I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.json_value import Json

NEGATION = "not-"

ASSERTION_TYPES = (
    "contains",
    "icontains",
    "contains-any",
    "contains-all",
    "equals",
    "regex",
    "is-json",
    "latency",
    "cost",
    "llm-rubric",
    "calls",
    "cites",
    "max-tokens",
)
"""Without ``not-``, which each may have before it."""

THRESHOLDS = frozenset({"latency", "cost", "max-tokens"})
"""The types that compare a number; promptfoo's list form has it under ``threshold``."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """Something that an answer must hold, or with ``negated`` must not.

    ``value`` is what is wanted: of ``latency`` milliseconds, of ``cost`` US dollars, of ``max-tokens`` tokens.
    ``threshold`` is the least score of an ``llm-rubric``. One that is not ``decisive`` (``weight: 0``) is told and
    fails nothing.
    """

    type: str
    value: Json = None
    negated: bool = False
    threshold: float | None = None
    decisive: bool = True

    @property
    def name(self) -> str:
        """The type as manifests write it: ``not-contains``."""
        return f"{NEGATION}{self.type}" if self.negated else self.type


@dataclass(frozen=True, slots=True)
class FunctionAnswer:
    """A function's answer in a check: ``output``, or what ``command`` (a program and its arguments) prints."""

    output: Json = None
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckFile:
    """A file that goes with the first question: ``path`` is relative to the project, ``tool`` reads it."""

    path: str
    location: Path
    tool: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One question, and what its answer must hold."""

    ask: str
    assertions: tuple[Assertion, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """The questions of one conversation. It is held ``repeat`` times and must hold at least ``at_least`` times.

    ``index`` is its place among the manifest's ``checks``, from 0.
    """

    index: int
    turns: tuple[Turn, ...]
    attach: tuple[CheckFile, ...] = ()
    tools: Mapping[str, FunctionAnswer] = field(default_factory=dict)
    repeat: int = 1
    at_least: int = 1

    @property
    def assertion_types(self) -> frozenset[str]:
        """The types of all its assertions, without ``not-``."""
        return frozenset(assertion.type for turn in self.turns for assertion in turn.assertions)
