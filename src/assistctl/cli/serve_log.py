"""Logs for whoever runs the server: a line for each request, and the errors that clients are not told."""

from __future__ import annotations

import logging
import os
import sys

from assistctl.cli.terminal import Terminal
from assistctl.secrets.redaction import mask


class AccessLogLines:
    """Lines on stdout, as long as somebody takes them: that a log is full or gone is no reason to serve nobody.

    Past ``cli.streams``, which keeps what could not be written for the end: a server may be far from that.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._is_lost = False
        self._descriptor = sys.stdout.fileno()

    def write(self, line: str) -> None:
        """Write a line, masked; that lines are lost is told on stderr once, until one is written again."""
        content = f"{mask(line)}\n".encode()
        try:
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError as error:
            if not self._is_lost:
                reason = error.strerror or type(error).__name__
                self._terminal.complain(f"warning: the access log cannot be written ({reason})")
            self._is_lost = True
        else:
            self._is_lost = False


class ErrorLog(logging.Handler):
    """Log for whoever runs the server the errors that clients are not told: a line each, with ``-v`` all of it."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        text = record.getMessage()
        if record.exc_info and self._terminal.invocation.verbose:
            text = self.format(record)
        elif record.exc_info:
            text = f"{text}: {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        self._terminal.complain(f"{record.levelname.lower()}: {text}")
