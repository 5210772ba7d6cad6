"""The README's picture of a plan shows what ``assistctl plan`` prints of the example assistants.

With UPDATE_GOLDEN set it is made anew, to be looked at.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from html import unescape
from pathlib import Path

from rich.console import Console
from rich.text import Text

from support.dashboard import Dashboard
from support.projects import ProjectFolder
from support.server import recording_server

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / ".github" / "plan.svg"
WIDTH = 100
EDITS = {"of an online shop": "of a small online shop", "when one is needed": "whenever one is needed"}


def test_the_picture_of_a_plan_is_of_this_version(project: ProjectFolder) -> None:
    deploy_two(project)
    edit_outside(project, "Data analyst", model="gpt-5.5")
    put(project, "assistants/translator.yaml")
    edit_prompt(project)
    planned = project.run("plan", "--color", "always")
    assert planned.code == 0, planned.err
    picture = drawn(f"$ assistctl plan\n{planned.out}")
    if os.environ.get("UPDATE_GOLDEN"):
        PICTURE.write_text(picture, encoding="utf-8")
    # Where each letter stands and how it is drawn is rich's matter, and differs from one version to the next.
    assert words(picture) == words(PICTURE.read_text(encoding="utf-8"))


def deploy_two(project: ProjectFolder) -> None:
    for name in ("assistants/data", "assistants/prompts", "assistants/tools"):
        shutil.copytree(ROOT / name, project.path / name)
    for name in ("assistctl.yaml", "assistants/data-analyst.yaml", "assistants/order-desk.yaml"):
        put(project, name)
    applied = project.run("apply", "--yes")
    assert applied.code == 0, applied.err


def put(project: ProjectFolder, name: str) -> None:
    project.write(name, (ROOT / name).read_bytes())


def edit_outside(project: ProjectFolder, name: str, **fields: str) -> None:
    with recording_server(project.path / ".assistctl" / "local.db") as server:
        dashboard = Dashboard(server.url)
        dashboard.change(dashboard.named(name), **fields)
        dashboard.close()


def edit_prompt(project: ProjectFolder) -> None:
    prompt = project.path / "assistants/prompts/order-desk.md"
    text = prompt.read_text(encoding="utf-8")
    for old, new in EDITS.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    prompt.write_text(text, encoding="utf-8")


def drawn(output: str) -> str:
    """A terminal with this output in it, as SVG that loads nothing."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(output.rstrip()), soft_wrap=True)
    picture = console.export_svg(title="assistctl plan", unique_id="plan")
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


def words(picture: str) -> list[str]:
    """The pieces of text in a picture, from its first line to its last."""
    return unescape(" ".join(re.findall(r"<text[^>]*>(.*?)</text>", picture, re.DOTALL))).split()
