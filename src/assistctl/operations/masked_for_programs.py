"""Masking what is handed to programs, which may show it anywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from assistctl.errors import AssistctlError
from assistctl.model.change import Result
from assistctl.secrets.redaction import mask

if TYPE_CHECKING:
    from assistctl.operations.collect_garbage import GarbageCollection


@contextlib.contextmanager
def masked_errors() -> Iterator[None]:
    """Mask the secrets in what an error says."""
    try:
        yield
    except AssistctlError as error:
        error.summary, error.hint = mask(error.summary), mask(error.hint)
        error.args = (f"{error.position}: {error.summary}" if error.position else error.summary,)
        raise


def masked_results(results: Iterable[Result]) -> tuple[Result, ...]:
    """The results with the secrets in their errors masked."""
    return tuple(replace(result, error=None if result.error is None else mask(result.error)) for result in results)


def masked_garbage(outcome: GarbageCollection) -> GarbageCollection:
    """``outcome`` with the secrets in its names and errors masked."""
    found, chosen = (
        tuple(replace(garbage, name=mask(garbage.name)) for garbage in several)
        for several in (outcome.found, outcome.chosen)
    )
    return replace(outcome, found=found, chosen=chosen, results=masked_results(outcome.results))
