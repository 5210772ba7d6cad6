"""Which models take ``temperature`` and ``top_p``: reasoning models refuse both."""

from __future__ import annotations

import re

_REASONING = re.compile(r"(?:ft:)?(?:o[134]|gpt-[56])(?:[-.:]|$)")
_NOT_REASONING = re.compile(r"-chat-latest$")


def takes_sampling(model: str) -> bool:
    """Whether a model takes ``temperature`` and ``top_p``; a name of no known family does.

    The refusal was reported for the o-series (openai/openai-python issue 2072, openai/openai-node issue 1318);
    the GPT-5 line and later are taken to be the same, but for the ``-chat-latest`` models, which do not reason.
    """
    return not _REASONING.match(model) or bool(_NOT_REASONING.search(model))
