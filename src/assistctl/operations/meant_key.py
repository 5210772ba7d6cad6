"""The key that somebody may have meant by a word that is none."""

from __future__ import annotations

from collections.abc import Iterable

from assistctl.errors import did_you_mean
from assistctl.model.assistant import Desired


def keys_of_name(word: str, declared: Iterable[Desired]) -> list[str]:
    """The keys of the assistants whose name is ``word``, in whatever case."""
    return [
        assistant.key
        for assistant in declared
        if assistant.name is not None and assistant.name.casefold() == word.casefold()
    ]


def meant_key(word: str, declared: Iterable[Desired], others: Iterable[str] = ()) -> str:
    """``did you mean 'order-desk'?`` for the assistants whose name ``word`` is, else for the nearest key.

    ``others`` are keys of what is not ``declared``. Empty where nothing is near.
    """
    declared = list(declared)
    if named := keys_of_name(word, declared):
        return f"did you mean {' or '.join(map(repr, named))}?"
    return did_you_mean(word, [*(assistant.key for assistant in declared), *others])
