"""Log records of whatever logs: an SDK's may hold whole requests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from assistctl.secrets.redaction import register
from assistctl.secrets.sink import mask_log_records


@pytest.fixture
def own_records() -> Iterator[None]:
    """Whatever is done to log records ends with the test."""
    before = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.usefixtures("own_records")
def test_every_logger_is_covered(caplog: pytest.LogCaptureFixture) -> None:
    mask_log_records()
    register("FIRST", "first-secret")
    mask_log_records()
    register("", "second-secret")
    logging.getLogger("somebody.elses").warning("sent %s with %r", {"key": "first-secret"}, "second-secret")
    assert caplog.messages == ["sent {'key': '(secret FIRST)'} with '(secret)'"]


@pytest.mark.usefixtures("own_records")
def test_a_traceback_is_covered(caplog: pytest.LogCaptureFixture) -> None:
    mask_log_records()
    register("", "first-secret")
    try:
        int("first-secret")
    except ValueError:
        logging.getLogger("somebody.elses").warning("no number", exc_info=True)
    assert "ValueError: invalid literal for int() with base 10: '(secret)'" in caplog.text
    assert "base 10: 'first-secret'" not in caplog.text
