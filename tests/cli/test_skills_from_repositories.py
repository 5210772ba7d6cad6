"""Skills that are a folder of a public repository, as one commit has it: fetched by git over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistctl.checkout import isolated_git
from assistctl.checkout import public_repository as fetching
from assistctl.checkout.pinned_folder import PinnedFolder
from support.git_project import git
from support.git_server import PublicRepository, public_repository
from support.managed_agents import ManagedAgents
from support.managed_skills import Skills
from support.projects import ProjectFolder
from support.server import serving

MAIN = b"---\nname: refunds\ndescription: How to refund.\n---\n\nRefund what was paid.\n"
FILES = {"SKILL.md": MAIN, "scripts/sum.py": b"print(1)\n", "scripts/__init__.py": b""}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a public repository with a skill, and its commit."""
    folder = tmp_path_factory.mktemp("theirs") / "begun"
    with public_repository(folder) as there:
        return folder, published(there)


@pytest.fixture
def repository(begun: tuple[Path, str], tmp_path: Path) -> Iterator[PublicRepository]:
    """Somebody's public repository with a skill."""
    shutil.copytree(begun[0], tmp_path / "theirs")
    with public_repository(tmp_path / "theirs") as there:
        yield there


@pytest.fixture
def first(begun: tuple[Path, str]) -> str:
    """The commit that it has."""
    return begun[1]


@pytest.fixture
def skills() -> Skills:
    """The skills of the platform."""
    return Skills()


@pytest.fixture
def shop(project: ProjectFolder, skills: Skills) -> Iterator[ProjectFolder]:
    """A project on that platform."""
    agents = ManagedAgents(newest_skill=skills.newest_version)
    with serving(agents.app(*skills.routes())) as server:
        project.use("anthropic-agents", server.address)
        project.manifest("desk", model="claude-opus-5-5", skills=["refunds"])
        yield project


def published(repository: PublicRepository, files: dict[str, bytes] = FILES) -> str:
    """A commit with the files of the skill, and others beside it."""
    inside = {f"skills/refunds/{path}": content for path, content in files.items()}
    return repository.commit({**inside, "skills/other/SKILL.md": b"x", "README.md": b"y"})


def declare(
    project: ProjectFolder, repository: PublicRepository, commit: str, path: str = "skills/refunds"
) -> None:
    """The skill's document."""
    source = f"{{repository: '{repository.address}', commit: {commit!r}, path: {path}}}"
    project.write("assistants/refunds.yaml", f"kind: skill\nsource: {source}\n")


def errors(project: ProjectFolder, *command: str) -> list[Any]:
    """The errors that a command tells."""
    outcome = project.run(*command, "--format", "json")
    assert outcome.code == 1, outcome.out
    return [diagnostic for diagnostic in outcome.json["diagnostics"] if diagnostic["severity"] == "error"]


def test_the_folder_of_the_commit_is_uploaded(
    shop: ProjectFolder, repository: PublicRepository, first: str, skills: Skills
) -> None:
    published(repository, {"SKILL.md": MAIN.replace(b"Refund what", b"Never refund what")})
    declare(shop, repository, first)
    assert shop.run("apply", "--yes").code == 0
    assert skills.only.newest == FILES
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_it_is_fetched_once(shop: ProjectFolder, repository: PublicRepository, first: str) -> None:
    declare(shop, repository, first)
    assert shop.run("plan").code == 0
    assert repository.asked
    repository.asked.clear()
    assert shop.run("apply", "--yes").code == 0
    assert not repository.asked


def test_another_commit_is_another_version_if_the_folder_changed(
    shop: ProjectFolder, repository: PublicRepository, first: str, skills: Skills
) -> None:
    declare(shop, repository, first)
    shop.run("apply", "--yes")
    declare(shop, repository, repository.commit({"README.md": b"z"}))
    assert shop.run("plan", "--detailed-exitcode").code == 0
    declare(shop, repository, published(repository, {"scripts/sum.py": b"print(2)\n"}))
    assert shop.run("apply", "--yes").code == 0
    assert skills.only.newest["scripts/sum.py"] == b"print(2)\n"


def test_the_same_files_from_the_project_are_the_same_skill(
    shop: ProjectFolder, repository: PublicRepository, first: str
) -> None:
    declare(shop, repository, first)
    shop.run("apply", "--yes")
    for path, content in FILES.items():
        place = shop.path / "assistants/skills/refunds" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    shop.write("assistants/refunds.yaml", "kind: skill\nfolder: skills/refunds\n")
    assert shop.run("plan", "--detailed-exitcode").code == 0


def test_validate_fetches_nothing(shop: ProjectFolder, repository: PublicRepository, first: str) -> None:
    declare(shop, repository, first)
    assert shop.run("validate", "-t", "cloud").code == 0
    assert not repository.asked


@pytest.mark.parametrize(
    ("commit", "summary"),
    [("main", "source.commit"), ("0123456", "source.commit"), ("v1.0", "source.commit")],
)
def test_only_a_commit_is_taken(
    shop: ProjectFolder, repository: PublicRepository, commit: str, summary: str
) -> None:
    declare(shop, repository, commit)
    [error] = errors(shop, "validate")
    assert error["path"] == summary
    assert not repository.asked


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://user:secret@example.com/a.git", "it holds a user or a password"),
        ("http://example.com/a.git", "it is not an https address"),
        ("file:///srv/a.git", "it is not an https address"),
        ("ext::sh -c touch% /tmp/x", "it is not an https address"),
        ("--upload-pack=touch /tmp/x", "it is not an https address"),
        ("git@example.com:a.git", "it is not an https address"),
        ("https://[example.com/a.git", "it is not an https address"),
    ],
)
def test_only_public_https_addresses_are_taken(shop: ProjectFolder, address: str, words: str) -> None:
    source = f"source: {{repository: {address!r}, commit: {'a' * 40!r}}}"
    shop.write("assistants/refunds.yaml", f"kind: skill\n{source}\n")
    [error] = errors(shop, "validate")
    assert (error["path"], error["line"]) == ("source.repository", 2)
    assert words in error["summary"]


def test_a_commit_that_is_not_there_is_an_error_with_its_place(
    shop: ProjectFolder, repository: PublicRepository
) -> None:
    declare(shop, repository, "a" * 40)
    [error] = errors(shop, "plan")
    assert (error["file"], error["line"], error["path"]) == ("assistants/refunds.yaml", 2, "source")


def test_a_tag_object_is_no_commit(shop: ProjectFolder, repository: PublicRepository) -> None:
    git(repository.bare, "tag", "-a", "-m", "x", "v1", "main")
    git(repository.bare, "update-server-info")
    declare(shop, repository, git(repository.bare, "rev-parse", "v1"))
    [error] = errors(shop, "plan")
    assert "is not a commit of" in error["summary"]


def test_a_folder_that_is_not_there(shop: ProjectFolder, repository: PublicRepository) -> None:
    declare(shop, repository, published(repository), "skills/returns")
    [error] = errors(shop, "plan")
    assert "there is no folder skills/returns in" in error["summary"]


def test_links_are_not_taken(shop: ProjectFolder, repository: PublicRepository, skills: Skills) -> None:
    (repository.work / "skills/refunds/passwords").symlink_to("/etc/passwd")
    declare(shop, repository, repository.publish())
    [error] = errors(shop, "plan")
    assert "passwords in " in error["summary"]
    assert error["summary"].endswith("is a link, which is not taken")
    assert not skills.skills


def test_submodules_are_not_taken(shop: ProjectFolder, repository: PublicRepository, first: str) -> None:
    git(repository.work, "update-index", "--add", "--cacheinfo", f"160000,{first},skills/refunds/more")
    git(repository.work, "commit", "--quiet", "-m", "x")
    pinned = git(repository.work, "rev-parse", "HEAD")
    git(repository.work, "push", "--quiet", str(repository.bare), "HEAD:main")
    git(repository.bare, "update-server-info")
    declare(shop, repository, pinned)
    [error] = errors(shop, "plan")
    assert error["summary"].endswith("is a submodule, which is not taken")


def test_pointers_of_lfs_are_not_taken(shop: ProjectFolder, repository: PublicRepository) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n"
    declare(shop, repository, published(repository, {**FILES, "large.bin": pointer}))
    [error] = errors(shop, "plan")
    assert "is kept with Git LFS" in error["summary"]


def test_nothing_that_it_brings_along_is_run(
    shop: ProjectFolder, repository: PublicRepository, skills: Skills, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = shop.path.parent / "ran"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "filter.x.smudge")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {ran}")
    files = {**FILES, "a.txt": b"a\n"}
    repository.commit({"skills/refunds/.gitattributes": b"*.txt filter=x eol=crlf\n", ".gitmodules": b"x"})
    declare(shop, repository, published(repository, files))
    assert shop.run("apply", "--yes").code == 0
    assert skills.only.newest == files
    assert not ran.exists()


@pytest.mark.parametrize(("bound", "value"), [("LARGEST_FOLDER", 10), ("MOST_FILES", 2)])
def test_too_much_is_not_taken(  # noqa: PLR0917  # fixtures
    shop: ProjectFolder,
    repository: PublicRepository,
    first: str,
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
    value: int,
) -> None:
    monkeypatch.setattr(fetching, bound, value)
    declare(shop, repository, first)
    [error] = errors(shop, "plan")
    assert "are taken" in error["summary"]


def test_a_transfer_that_is_too_large_is_ended_and_not_begun_again(
    shop: ProjectFolder, repository: PublicRepository, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Path] = []

    def fetch(folder: PinnedFolder, place: Path, *arguments: str) -> None:
        begun.append(place)
        isolated_git.fetch(folder, place, *arguments)

    monkeypatch.setattr(isolated_git, "LARGEST_FETCHED", 1)
    monkeypatch.setattr(fetching, "fetch", fetch)
    declare(shop, repository, first)
    [error] = errors(shop, "plan")
    assert "is larger than 1 bytes" in error["summary"]
    assert len(begun) == 1


def test_nobodys_login_is_used(
    shop: ProjectFolder, repository: PublicRepository, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote the manifest may not read what whoever runs it may: curl would find a user in their home."""
    declare(shop, repository, first)
    repository.wants_login = True
    (shop.path.parent / ".netrc").write_text("default login me password it-is-me\n")
    monkeypatch.setenv("HOME", str(shop.path.parent))
    [error] = errors(shop, "plan")
    assert "cannot be fetched" in error["summary"]


def test_a_document_says_once_where_it_is(shop: ProjectFolder, repository: PublicRepository) -> None:
    shop.write("assistants/refunds.yaml", "kind: skill\n")
    [error] = errors(shop, "validate")
    assert error["summary"] == "a skill has a `folder` or a `source`"
    declare(shop, repository, "a" * 40)
    text = (shop.path / "assistants/refunds.yaml").read_text()
    shop.write("assistants/refunds.yaml", text + "folder: skills/refunds\n")
    assert "not both" in str(errors(shop, "validate"))
