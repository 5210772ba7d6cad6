"""The SDK's own logs, which hold whole requests."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from assistctl.secrets.redaction import register
from assistctl.secrets.sink import mask_log_records
from support.projects import ProjectFolder


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


def test_no_secret_is_in_the_debug_log(project: ProjectFolder) -> None:
    project.write(
        "assistctl.yaml", "project: acme\ntargets: {local: {platform: local, api_key: '${env:OUR_KEY}'}}\n"
    )
    project.write("assistants/one.yaml", "model: gpt-4.1\ninstructions: The code is ${env:CODE}.\n")
    done = subprocess.run(
        [sys.executable, "-m", "assistctl", "apply", "--yes"],
        cwd=project.path,
        env={**os.environ, "CODE": "s3cret-code", "OUR_KEY": "s3cret-key", "OPENAI_LOG": "debug"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "openai._base_client" in done.stderr, "the SDK does log"
    assert "s3cret" not in done.stdout + done.stderr


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
