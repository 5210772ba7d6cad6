"""Whether files differ from the commit that is checked out: asked of git, and of nothing else.

``git status`` runs what a repository's configuration names (``core.fsmonitor``, the ``clean`` filters that
``.gitattributes`` choose, hooks), for a checkout that was unpacked from an archive the author's, for a bare
repository among the files anybody's. So git is given a repository of ours: a fresh folder with a configuration of
ours and the commit in HEAD, which only borrows the objects and the index of the real one. No configuration of the
checkout, the user or the machine is read, and without one that names a program git has none to run; submodules,
which have configurations of their own, are left out.

What that costs: a file that only a filter makes equal to what was committed (Git LFS) may count as changed once
its times are not those git noted, and a ``core.excludesFile`` does not count.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from assistctl.checkout.repository import Repository
from assistctl.checkout.untrusted_files import read_regular

_LARGEST_EXCLUDES = 1024 * 1024
_SHA256_DIGITS = 64
_OWN = ":(exclude,glob)**/.assistctl/**"
_STATUS = (
    "git",
    "-c",
    # Line endings that only a user's settings make equal; other line endings stay as they were committed.
    "core.autocrlf=input",
    "-c",
    "core.safecrlf=false",
    "-c",
    # Not every file system keeps modes.
    "core.fileMode=false",
    "status",
    # https://git-scm.com/docs/git-status#_porcelain_format_version_2
    "--porcelain=v2",
    "--ignore-submodules=all",
    "--no-renames",
    "--",
    ".",
    _OWN,
)


def has_changes(repository: Repository, commit: str | None, directory: Path, seconds: float) -> bool | None:
    """Whether anything under ``directory`` differs from ``commit``, new files included, ours left out.

    ``None`` when git is not there, fails, or takes longer than ``seconds``.
    """
    program = _program(repository)
    if program is None:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="assistctl-") as place:
            _prepare(Path(place), repository, commit)
            done = subprocess.run(  # noqa: S603  # a fixed command
                [program, *_STATUS[1:]],
                cwd=directory.resolve(),
                env=_environment(Path(place), repository),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=True,
            )
    except (OSError, subprocess.SubprocessError):
        return None
    return bool(done.stdout.strip())


def _program(repository: Repository) -> str | None:
    """The path of git; a program inside the checkout does not count."""
    found = shutil.which(_STATUS[0])
    if found is None or Path(found).resolve().is_relative_to(repository.root):
        return None
    return str(Path(found).absolute())


def _prepare(place: Path, repository: Repository, commit: str | None) -> None:
    for name in ("objects", "refs", "info"):
        (place / name).mkdir()
    is_sha256 = commit is not None and len(commit) == _SHA256_DIGITS
    version, extensions = (1, "[extensions]\n\tobjectFormat = sha256\n") if is_sha256 else (0, "")
    (place / "config").write_text(f"[core]\n\trepositoryFormatVersion = {version}\n{extensions}", encoding="utf-8")
    (place / "HEAD").write_text(f"{commit or 'ref: refs/heads/none'}\n", encoding="utf-8")
    try:
        excluded = read_regular(repository.common / "info" / "exclude", _LARGEST_EXCLUDES)
    except OSError:
        return
    (place / "info" / "exclude").write_bytes(excluded)


def _environment(place: Path, repository: Repository) -> dict[str, str]:
    # A variable of a hook that runs this would point git elsewhere, or give it a configuration.
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_")}
    return kept | {
        "GIT_DIR": str(place),
        "GIT_WORK_TREE": str(repository.root),
        "GIT_INDEX_FILE": str(repository.own / "index"),
        "GIT_OBJECT_DIRECTORY": str(repository.common / "objects"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
