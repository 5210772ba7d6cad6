"""Somebody at the terminal who does something else before they answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest


class Person:
    """A terminal's stdin: ``meanwhile`` is done while a question waits, and then the answer is yes."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile = meanwhile
        self.questions = 0

    @staticmethod
    def isatty() -> bool:
        """It is a terminal."""
        return True

    def readline(self) -> str:
        """A yes, after a while."""
        self.questions += 1
        self.meanwhile()
        return "yes\n"


def somebody_who(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> Person:
    """Put somebody at the terminal who does that while a question waits."""
    person = Person(meanwhile)
    monkeypatch.setattr("sys.stdin", person)
    return person
