"""Output that cannot be written: the exit code says what happened to the platform, the other stream the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.served_command import with_file_limit
from support.stored_objects import StoredObjects

pytestmark = [
    pytest.mark.from_snapshots,
    pytest.mark.skipif(sys.platform == "win32", reason="it has neither a full device nor such a shell"),
    pytest.mark.usefixtures("assistctl_on_path"),
]

CHANGING = {
    "apply": ("apply", "--yes"),
    "apply as JSON": ("apply", "--yes", "--format", "json"),
    "destroy": ("destroy", "--yes"),
    "gc": ("gc", "--yes"),
    "forget": ("forget", "c", "--yes"),
    "dump": ("dump", "--to", "dumped"),
    "migrate": ("migrate", "--from", "prod", "--to", "local", "--dir", "moved"),
    "init": ("init",),
}
READING = (
    ("plan",),
    ("plan", "--detailed-exitcode"),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("plan", "--format", "html"),
    ("validate",),
    ("drift",),
    ("list",),
    ("output",),
    ("history",),
    ("--help",),
    ("apply", "--help"),
    ("--version",),
)
# In the words of a shell.
OUT_IS_FULL, OUT_IS_CLOSED, NOBODY_READS = "> /dev/full", ">&-", "| head -c 0"
ERR_IS_FULL, ERR_IS_CLOSED = "2> /dev/full", "2>&-"
BOTH_ARE_FULL, BOTH_ARE_CLOSED = "> /dev/full 2>&1", ">&- 2>&-"


def shell(folder: Path, args: tuple[str, ...], redirect: str = "") -> tuple[int, str, str]:
    """``assistctl ARGS REDIRECT`` in bash: the command's exit code, and what reached stdout and stderr."""
    command = f'assistctl "$@" {redirect}; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["/bin/bash", "-c", command, "bash", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = done.stdout + done.stderr
    assert not [trace for trace in ("Traceback", "Exception ignored", "defect", "Errno") if trace in told], told
    return done.returncode, done.stdout, done.stderr


def on_a_full_stdout(project: ProjectFolder, args: tuple[str, ...]) -> tuple[int, str]:
    """``assistctl ARGS > /dev/full``, in this process: its exit code and stderr."""
    with pytest.MonkeyPatch.context() as patch, Path("/dev/full").open("w", encoding="utf-8") as full:
        patch.setattr(sys, "stdout", full)
        shown = project.run(*args)
    return shown.code, shown.err


@pytest.fixture
def prepared(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """``a`` is to be updated, ``b`` is there and nobody's, ``c`` is no longer declared."""
    snapshots.restore("prepared", lambda: prepare(remote))
    return remote


def prepare(project: ProjectFolder) -> None:
    """Bring that about."""
    for key in ("a", "b", "c"):
        project.manifest(key, instructions="One.")
    # One after the other: they are listed in the order in which they were made.
    assert project.run("apply", "--yes", "--parallelism", "1").code == 0
    project.remove("b")
    project.remove("c")
    assert project.run("forget", "b", "--yes").code == 0
    project.manifest("a", instructions="Two.")


@pytest.mark.parametrize("redirect", [OUT_IS_FULL, OUT_IS_CLOSED, NOBODY_READS, ERR_IS_FULL, BOTH_ARE_FULL])
def test_an_apply_that_cannot_tell_of_it_was_made_all_the_same(
    prepared: ProjectFolder, stored_objects: StoredObjects, redirect: str
) -> None:
    code, out, err = shell(prepared.path, ("apply", "--yes"), redirect)
    assert code == 0
    assert "Two." in [assistant["instructions"] for assistant in stored_objects.assistants()]
    if redirect != BOTH_ARE_FULL:
        assert "1 updated" in out + err
    [past, *_] = prepared.run("history", "--format", "json").json["applies"]
    assert past["state"] == "done"


@pytest.mark.parametrize("redirect", [OUT_IS_FULL, ERR_IS_CLOSED])
def test_an_apply_that_is_refused_is_refused(
    prepared: ProjectFolder, stored_objects: StoredObjects, redirect: str
) -> None:
    code, out, err = shell(prepared.path, ("apply",), redirect)
    assert code == 3
    assert "--yes" in out + err
    assert "Two." not in [assistant["instructions"] for assistant in stored_objects.assistants()]


@pytest.mark.parametrize("args", CHANGING.values(), ids=CHANGING)
def test_the_results_of_what_was_done_are_told_on_stderr(prepared: ProjectFolder, args: tuple[str, ...]) -> None:
    code, err = on_a_full_stdout(prepared, args)
    assert code == 0
    assert "stdout could not take the results: No space left on device" in err
    lost = err.partition("They are:\n")[2]
    assert lost.strip(), err
    if "json" in args:
        assert json.loads(lost[: lost.rindex("}") + 1])["summary"]["update"] == 1


def test_what_only_reads_has_failed_when_its_results_are_lost(prepared: ProjectFolder) -> None:
    for args in READING:
        code, err = on_a_full_stdout(prepared, args)
        assert code == 1, args
        assert "error: stdout could not take the results: No space left on device" in err, args
    code, out, err = shell(prepared.path, ("plan",), OUT_IS_FULL)
    assert (code, out) == (1, "")
    assert "No space left on device" in err


def test_who_does_not_want_the_results_changes_no_exit_code(prepared: ProjectFolder) -> None:
    for redirect in (OUT_IS_CLOSED, NOBODY_READS, ERR_IS_CLOSED, BOTH_ARE_CLOSED):
        assert shell(prepared.path, ("plan", "--detailed-exitcode"), redirect)[0] == 2, redirect


# Of the errors of a command, and of those in its usage.
UNTOLD = (
    (("plan", "nobody"), ERR_IS_FULL, 1, "nobody"),
    (("plan", "nobody"), ERR_IS_CLOSED, 1, "nobody"),
    (("planned",), ERR_IS_FULL, 64, "planned"),
)


def test_an_error_that_stderr_cannot_take_is_told_on_stdout(prepared: ProjectFolder) -> None:
    for args, redirect, code, word in UNTOLD:
        ended, out, _ = shell(prepared.path, args, redirect)
        assert (ended, word in out) == (code, True), (args, redirect)


def test_messages_are_never_put_between_results_for_a_program(prepared: ProjectFolder) -> None:
    code, out, _ = shell(prepared.path, ("plan", "--format", "json", "--out", "x.plan"), ERR_IS_FULL)
    assert (code, json.loads(out)["summary"]["update"]) == (0, 1)
    code, out, _ = shell(prepared.path, ("plan", "nobody", "--format", "json"), ERR_IS_CLOSED)
    assert (code, "nobody" in json.loads(out)["diagnostics"][0]["summary"]) == (1, True)


def test_with_both_streams_full_the_exit_code_is_left(prepared: ProjectFolder) -> None:
    assert shell(prepared.path, ("plan", "nobody"), BOTH_ARE_FULL)[0] == 1
    assert shell(prepared.path, ("destroy", "--yes"), BOTH_ARE_FULL)[0] == 0


def test_a_database_does_not_become_the_stderr_that_was_closed(project: ProjectFolder) -> None:
    """The next file that is opened gets the first descriptor that is free."""
    project.manifest("a")
    assert shell(project.path, ("apply", "--yes", "-v"), "0<&- >&- 2>&-")[0] == 0
    assert project.run("plan", "--detailed-exitcode").code == 0


FILES = {
    "plan": (("plan", "--out", "x.plan"), "x.plan"),
    "dump": (("dump", "--to", "dumped"), "dumped/b.yaml"),
    "migrate": (("migrate", "--from", "prod", "--to", "local", "--dir", "moved"), "moved/b.yaml"),
    "init": (("init", "-C", "new"), "new/assistctl.yaml"),
}


@pytest.mark.parametrize(("args", "name"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_written_whole_is_an_error_and_leaves_nothing(
    prepared: ProjectFolder, args: tuple[str, ...], name: str
) -> None:
    (prepared.path / "new").mkdir()
    done = subprocess.run(
        with_file_limit(20, *args),
        cwd=prepared.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "File too large" in done.stderr
    assert name in done.stderr
    assert "defect" not in done.stderr
    assert not (prepared.path / name).exists()
    assert list(prepared.path.rglob(f".{Path(name).name}.*")) == []


def test_a_full_disk_takes_nothing_from_an_ignore_file(prepared: ProjectFolder) -> None:
    before = prepared.write("new/.gitignore", "dist\n" * 1000).read_bytes()
    for name in ("assistctl.yaml", "assistants/helper.yaml"):
        prepared.write(f"new/{name}", "")
    done = subprocess.run(
        with_file_limit(len(before), "init", "-C", "new"),
        cwd=prepared.path,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert (prepared.path / "new/.gitignore").read_bytes() == before
