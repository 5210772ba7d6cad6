"""A line for each request: what was asked, by whom, and what became of it. No query, header or body is in it."""

from __future__ import annotations

import json
from collections.abc import Callable

from assistctl.local.http.observation import Exchange, Observer

FORMATS = ("json", "text")


def access_log(form: str, write: Callable[[str], None]) -> Observer:
    """An observer that hands ``write`` a line for each exchange, in one of ``FORMATS``."""
    line = {"json": _as_json, "text": _as_text}[form]
    return lambda exchange: write(line(exchange))


def _as_json(exchange: Exchange) -> str:
    return json.dumps(
        {
            "time": _time(exchange),
            "client": exchange.client,
            "method": exchange.method,
            "path": exchange.path,
            "route": exchange.route,
            "status": exchange.status,
            "seconds": round(exchange.seconds, 6),
            "bytes": exchange.sent_bytes,
            "request_id": exchange.request_id,
        }
    )


def _as_text(exchange: Exchange) -> str:
    return (
        f"{_time(exchange)} {exchange.client} {exchange.method} {exchange.path} {exchange.status}"
        f" {exchange.sent_bytes} B {exchange.seconds * 1000:.1f} ms {exchange.request_id}"
    )


def _time(exchange: Exchange) -> str:
    return exchange.began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
