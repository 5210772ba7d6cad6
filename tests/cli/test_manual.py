"""The manual: every page is there, its links lead somewhere, and the commands that it shows exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from assistctl.cli.main import COMMANDS
from assistctl.manual import page, topics, topics_of
from support.projects import ProjectFolder

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path for path in sorted((ROOT / "assistants/docs").glob("*.md"))}
TEXTS = {"README": ROOT / "README.md", **PAGES}
_LINK = re.compile(r"\]\(([^)#\s]+)?(?:#([^)]+))?\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def test_help_lists_every_page_and_help_names_it(project: ProjectFolder) -> None:
    assert topics().keys() == PAGES.keys()
    listed = project.run("help").out.splitlines()
    assert [line.split()[0] for line in listed] == [*topics()]
    assert [*project.run("help", "--format", "json").json["topics"]] == [*topics()]
    assert "assistctl help" in project.run("--help").out


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_printed_as_it_is(project: ProjectFolder, name: str) -> None:
    assert project.run("help", name).out == PAGES[name].read_text()
    assert project.run("help", name, "--format", "json").json["text"] == page(name)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["secrets"], "targets-and-secrets"),
        (["ci"], "continuous-integration"),
        (["Vector", "stores"], "files-and-vector-stores"),
    ],
)
def test_a_part_of_a_name_will_do(project: ProjectFolder, words: list[str], name: str) -> None:
    assert project.run("help", *words).out == page(name)


def test_a_page_that_is_not_there_is_64_with_advice(project: ProjectFolder) -> None:
    assert "Did you mean 'drift'?" in project.run("help", "drfit").err
    assert "Did you mean" in project.run("help", "and").err
    assert project.run("help", "cookery").code == 64


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in PAGES])
def test_help_of_a_command_is_its_help(project: ProjectFolder, name: str) -> None:
    assert project.run("help", name).out == project.run(name, "--help").out


def test_on_a_terminal_a_page_is_laid_out_and_links_are_commands(project: ProjectFolder) -> None:
    shown = re.sub(r"\x1b\[[\d;]*m", "", project.run("help", "drift", "--color", "always").out)
    assert "](" not in shown
    assert "## " not in shown
    assert "assistctl help targets-and-secrets" in " ".join(shown.split())


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name: str) -> None:
    path = TEXTS[name]
    for link, anchor in _LINK.findall(path.read_text()):
        if link.startswith("https://"):
            continue
        there = (path.parent / link) if link else path
        assert there.exists(), link
        if anchor:
            headings = _HEADING.findall(there.read_text())
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, (
                anchor
            )


# In their commands the name is that of an image, a user or a unit.
_OTHERS = ("journalctl ", "podman ", "systemctl ")


def test_the_readme_names_every_page_and_every_extra() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in topics() if f"(assistants/docs/{name}.md)" not in readme] == []
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert [extra for extra in extras if extra not in ("test", "dev") and f"`{extra}`" not in readme] == []


def shown_commands() -> list[tuple[str, list[str]]]:
    """Each ``assistctl`` command line in a shell block, up to what belongs to the shell."""
    found = []
    for name, path in TEXTS.items():
        for language, block in _FENCE.findall(path.read_text()):
            for line in block.replace("\\\n", " ").splitlines() if language == "sh" else ():
                if line.startswith(_OTHERS):
                    continue
                for command in re.findall(
                    r"\bassistctl (?:[^|&;>()\"#]|\"[^\"]*\"|\([^)]*\))*", line.split(" #")[0]
                ):
                    words = shlex.split(command.replace("|| code=$?", ""))[1:]
                    if words and words[0] != "--version":
                        found.append((name, words))
    return found


@pytest.mark.parametrize(("name", "words"), [(name, words) for name, words in shown_commands()])
def test_every_command_that_is_shown_exists_with_its_options(
    project: ProjectFolder, name: str, words: list[str]
) -> None:
    command = next(word for word in words if word in COMMANDS)
    known = project.run(command, "--help").out
    for word in words:
        if word.startswith("-"):
            assert re.search(rf"(?<![\w-]){re.escape(word.partition('=')[0])}(?![\w-])", known), (name, words)


def test_the_wheel_has_the_manual() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        included = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["assistants/docs"] == "assistctl/manual"


def test_words_find_pages() -> None:
    assert topics_of("start") == ["getting-started"]
    assert topics_of("nothing-like-it") == []
