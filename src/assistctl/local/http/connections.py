"""Connections with limits of time: uvicorn's protocol, for peers that are slow, silent or hostile.

uvicorn closes connections that idle between requests, and waits forever for the rest of a request that has begun
and for a peer that does not take its answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from assistctl.local.http.errors import ApiError, error_body


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The times that a peer may take, in seconds.

    ``head`` is for a request's line and headers, ``head_when_full`` that while others wait for the place;
    ``answer`` is for taking some of an answer. A body gets ``body`` and a second more for each ``bytes_a_second``
    of it.
    """

    head: float = 10.0
    head_when_full: float = 2.0
    body: float = 30.0
    bytes_a_second: int = 1024
    answer: float = 60.0

    @property
    def precision(self) -> float:
        """The interval between checks, in seconds."""
        return min(self.head, self.head_when_full, self.body, self.answer) / 4


DEFAULT_TIME_LIMITS = TimeLimits()


class _Phase(Enum):
    """The next thing that the connection waits for."""

    US = auto()
    HEAD = auto()
    BODY = auto()
    REST = auto()  # of a body that nobody reads any more: the answer was given before its end
    ANSWER = auto()
    CLOSED = auto()  # by us; what was sent is still on its way


class TimedConnection(H11Protocol):
    """A connection that ends when its peer takes longer than ``limits``; ``check`` is called again and again."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        limits: TimeLimits,
        at_end: Callable[[], None],
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._limits = limits
        self._at_end = at_end
        self._received = 0
        self._taken = 0
        self._waiting_for: tuple[object, ...] = ()
        self._since = 0.0
        self._received_before = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        super().connection_lost(exc)
        self._at_end()

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        before, request = self._received, self._request
        self._received += len(data)
        super().data_received(data)
        if self._request is not request:
            self._received_before = before

    def resume_writing(self) -> None:
        """See ``asyncio.Protocol``: the peer has taken most of what was written."""
        self._taken += 1
        super().resume_writing()

    def check(self, now: float, *, is_full: bool) -> None:
        """End the connection if the peer takes too long.

        ``now`` is the event loop's time; ``is_full`` says that others wait for its place.
        """
        phase = self._phase()
        # Another request, or more of the answer taken, is another wait.
        waiting_for = (phase, self.cycle, self._taken)
        if waiting_for != self._waiting_for:
            self._waiting_for, self._since = waiting_for, now
        elif now - self._since > self._allowed(phase, is_full=is_full):
            self._give_up(phase)

    def send_400_response(self, msg: str) -> None:
        """Answer something that is not HTTP, in the service's shape."""
        self._refuse(ApiError(msg))

    @property
    def _request(self) -> RequestResponseCycle | None:
        """The latest request whose head is complete; uvicorn does not say that there may be none."""
        return self.cycle

    def _phase(self) -> _Phase:
        if self.transport.is_closing():
            return _Phase.CLOSED
        if self.flow.write_paused:
            return _Phase.ANSWER
        request = self._request
        if request is None or request.response_complete:
            if self.conn.their_state is h11.SEND_BODY:
                return _Phase.REST
            # Between two requests it is uvicorn that waits, for a few seconds.
            is_begun = request is None or self.conn.trailing_data[0]
            return _Phase.HEAD if is_begun else _Phase.US
        is_awaited = request.more_body and not self.flow.read_paused
        return _Phase.BODY if is_awaited else _Phase.US

    def _allowed(self, phase: _Phase, *, is_full: bool) -> float:
        limits = self._limits
        seconds = {
            _Phase.US: float("inf"),
            _Phase.HEAD: limits.head_when_full if is_full else limits.head,
            _Phase.BODY: limits.body + (self._received - self._received_before) / limits.bytes_a_second,
            _Phase.REST: limits.body,
            _Phase.ANSWER: limits.answer,
            _Phase.CLOSED: limits.answer,
        }
        return seconds[phase]

    def _give_up(self, phase: _Phase) -> None:
        if phase in {_Phase.HEAD, _Phase.BODY}:
            self._refuse(ApiError("The request took too long to arrive.", status=408))
        else:
            self.transport.abort()

    def _refuse(self, error: ApiError) -> None:
        """Answer in place of the app, unless it has begun to, and close the connection."""
        request = self._request
        if request is not None:
            # The app gets no more of it, and its answer goes nowhere.
            request.disconnected = True
            request.message_event.set()
            if request.response_started and not request.response_complete:
                self.transport.abort()
                return
        self.transport.write(_response(error))
        self.transport.close()


def _response(error: ApiError) -> bytes:
    body = json.dumps(error_body(error)).encode()
    head = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
