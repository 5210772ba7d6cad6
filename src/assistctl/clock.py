"""The day it is, asked for in one place."""

from __future__ import annotations

import datetime as dt


def today() -> dt.date:
    """The day in UTC, by which models are shut down."""
    return dt.datetime.now(dt.UTC).date()
