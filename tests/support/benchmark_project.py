"""A project of any size, to be measured."""

from __future__ import annotations

import json
from pathlib import Path


def write_project(folder: Path, size: int, url: str) -> None:
    """A project of ``size`` assistants with a page of instructions each."""
    target = {"platform": "openai-assistants", "base_url": url, "api_key": "any"}
    project = {"project": "bench", "default_target": "it", "targets": {"it": target}}
    (folder / "assistctl.yaml").write_text(json.dumps(project))
    (folder / "assistants").mkdir()
    for number in range(size):
        manifest = f"model: gpt-4.1\ntemperature: 0.2\nmetadata: {{team: t{number}}}\ninstructions: |\n" + "".join(
            f"  Line {line} of what assistant {number} is told to do, in so many words.\n" for line in range(40)
        )
        (folder / f"assistants/a{number:05}.yaml").write_text(manifest)
