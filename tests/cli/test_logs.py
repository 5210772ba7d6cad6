"""The SDK's own logs, which hold whole requests."""

from __future__ import annotations

import os
import subprocess
import sys

from support.projects import ProjectFolder


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
    assert "Request options" in done.stderr, "the SDK does log"
    assert "s3cret" not in done.stdout + done.stderr
