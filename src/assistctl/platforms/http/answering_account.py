"""The ids of the account that a server's answers carry in their headers, refusals included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class AnsweringAccount:
    """The ids in the headers called ``names`` of all answers so far, each once."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = names
        self._ids: dict[str, None] = {}

    @property
    def ids(self) -> Sequence[str]:
        """The ids, the first that was answered first; empty as long as no answer had any."""
        return tuple(self._ids)

    def note(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer, whose names are found in any case."""
        for name in self._names:
            account_id = headers.get(name, "").strip()
            if account_id:
                self._ids[account_id] = None
