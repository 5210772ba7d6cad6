"""The walk in the manual, as it is written: each of its shell blocks in order, then the pipeline it ends in."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from support.ci_runner import CiRunner

_PAGE = Path(__file__).parents[2] / "assistants/docs/getting-started.md"
_PORT = "8790"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.usefixtures("assistctl_on_path")
def test_the_walk_works_as_written(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", _PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 7
    script = "set -eo pipefail\n" + "\necho '=== next'\n".join(blocks)
    who = {f"GIT_{role}_{part}": "someone" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    environment = {
        **os.environ,
        **who,
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    bash = shutil.which("bash")
    assert bash
    walk = subprocess.Popen(
        [bash, "-c", f"{script}\necho '=== done'\nread -r _ || true\n".replace(_PORT, free_port())],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert walk.stdout is not None
        said = ""
        for line in walk.stdout:
            said += line
            if line == "=== done\n":
                break
        assert said.endswith("=== done\n"), said
        _, project, applied, changed, _, deployed, _, _ = [*said.split("=== "), ""][:8]
        assert "created  .github/workflows/assistctl.yml" in project
        assert "Plan: 1 to create" in applied
        assert "No changes" in applied
        assert "- Never promise a date." in changed
        assert "helper" in deployed
        assert "No drift." in deployed
        deploy(tmp_path)
    finally:
        os.killpg(walk.pid, signal.SIGKILL)
        walk.communicate()


def deploy(folder: Path) -> None:
    """Push main, with the keys where the page says."""
    machines = folder / "machines"
    machines.mkdir()
    key = "team-secret"
    secrets = {"": {"ASSISTANTS_PLAN_KEY": key}, "production": {"ASSISTANTS_API_KEY": key}}
    runner = CiRunner(folder / "shop", machines, {})
    workflow = folder / "shop/.github/workflows/assistctl.yml"
    runs = runner.github(workflow, {"event_name": "push"}, secrets, "main")
    # What the walk applied is what is committed, so there is nothing to release.
    assert {name: run.code for name, run in runs.items()} == {"release-plan": 0}, runs
    assert runs["release-plan"].outputs == {"plan": "nothing"}
