"""An answer with a 4xx or 5xx status, from clients that return it and raise nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from assistctl.platforms.http.wire import RawAnswer

LOWEST_STATUS = 400
"""From where on a status says no."""


@dataclass(frozen=True)
class Refusal:
    """An answer as ``classify_status`` and ``explained`` read one."""

    response: RawAnswer

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.response.status

    @cached_property
    def body(self) -> object:
        """Its JSON; its text if it is none."""
        try:
            return json.loads(self.response.content)
        except (ValueError, RecursionError):
            return self.response.content.decode("utf-8", "replace")
