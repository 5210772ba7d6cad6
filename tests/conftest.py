"""Every test runs with a scrubbed environment, away from the checkout, and with no network beyond loopback."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from assistctl.secrets.redaction import Secrets, replace_known
from support.clock import shorten_waits
from support.project_snapshots import ProjectSnapshots, project_snapshots
from support.projects import ProjectFolder
from support.served_command import served_command
from support.server import RecordingServer, recording_server
from support.stored_objects import StoredObjects
from support.worker_processes import collect_garbage_once, number_of_workers, take_place

SETTINGS = ("ASSISTCTL_", "OPENAI_", "ANTHROPIC_", "AZURE_", "FOUNDRY_", "MISTRAL_", "GITHUB_")
# The last one has every process compile the modules anew.
_OTHER_SETTINGS = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "PYTHONDONTWRITEBYTECODE"}


# Without fork, POSIX signals, named pipes and device files, these have nothing to try.
POSIX_ONLY = [
    "cli/test_applies_at_once.py",
    "cli/test_foreign_files.py",
    "cli/test_full_disks.py",
    "cli/test_history.py",
    "cli/test_interrupted_applies.py",
    "cli/test_interrupted_checks.py",
    "cli/test_killed_applies.py",
    "cli/test_rollback_series.py",
    "cli/test_rollbacks.py",
    "cli/test_true_reports.py",
    "contract/test_contract_conversation.py",
    "contract/test_contract_terminal.py",
    "journal/test_journal_kills.py",
    "journal/test_journal_lock.py",
    "journal/test_journal_write_limits.py",
    "platforms/test_openai_declared_environments.py",
    "platforms/test_openai_environments.py",
]
collect_ignore = POSIX_ONLY if sys.platform == "win32" else []


# A file system in memory, where there is one: the journal and the embedded platform often wait for the disk.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  # pytest makes a folder of its own in it
# Far more than all tests need at any moment, in bytes; a container may have little memory for files.
_ROOM = 2**30

# What an interpreter that ignores none of them does with them.
_ENDING_SIGNALS: dict[int, Any] = {signal.SIGINT: signal.default_int_handler}
if sys.platform != "win32":
    _ENDING_SIGNALS |= {signal.SIGHUP: signal.SIG_DFL, signal.SIGQUIT: signal.SIG_DFL}


def pytest_configure() -> None:
    """Keep the temporary folders of tests in memory, unless somebody says where they go, and share processors."""
    if os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_IN_MEMORY))
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        take_place(worker)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many processes ``-n auto`` has."""
    return number_of_workers()


# A machine may be busy: nothing is held to a time.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


# What is imported is there to stay: the garbage collector need not go through it again and again.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage from here on, but for what was imported, and not after each few hundred objects."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Collect the garbage of the tests before pytest does."""
    collect_garbage_once()


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where caches go that would go to the folder of whoever runs the tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def lone_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of an authority that vouches for nobody, alone in its folder."""
    import trustme

    path = tmp_path_factory.mktemp("authorities") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(autouse=True)
def no_secrets_known() -> Iterator[None]:
    """What one test registers is no secret in the next."""
    before = replace_known(Secrets())
    yield
    replace_known(before)


@pytest.fixture(scope="session", autouse=True)
def scrubbed_environment(cache_folder: Path, lone_authority: Path) -> Iterator[None]:
    """No setting of whoever runs the tests reaches them, and no cache of theirs is touched.

    What speaks TLS here brings its authority, and to read the system's is half the time of a command. Each test
    puts back what it sets, so that this is done once.
    """
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in list(os.environ):
            if _is_setting(name):
                monkeypatch.delenv(name)
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache_folder))
        monkeypatch.setenv("XDG_STATE_HOME", str(cache_folder / "state"))
        monkeypatch.setenv("SSL_CERT_FILE", str(lone_authority))
        monkeypatch.setenv("SSL_CERT_DIR", str(lone_authority.parent))
        yield


@pytest.fixture(scope="session", autouse=True)
def heard_signals() -> Iterator[None]:
    """Ctrl-C and hanging up end what tests start, though background jobs and ``nohup`` ignore them."""
    before = {number: signal.getsignal(number) for number in _ENDING_SIGNALS}
    for number, handler in _ENDING_SIGNALS.items():
        if before[number] is signal.SIG_IGN:
            signal.signal(number, handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _is_setting(name: str) -> bool:
    return name.startswith(SETTINGS) or name in _OTHER_SETTINGS


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are shorter than for a real platform; the tests of the waits have a fixture in the place of this."""
    shorten_waits(monkeypatch.setattr)


@pytest.fixture(scope="session")
def served() -> Iterator[Path]:
    """The folder of an ``assistctl`` that starts at once."""
    with served_command({name: value for name, value in os.environ.items() if not _is_setting(name)}) as folder:
        yield folder


@pytest.fixture
def assistctl_on_path(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``assistctl`` is what shells find by that name."""
    monkeypatch.setenv("PATH", f"{served}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def project(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> ProjectFolder:
    """A project named ``acme`` on the embedded platform, without a manifest yet."""
    if _is_from_snapshots(request):
        found: ProjectFolder = request.getfixturevalue("snapshot_project")
        return found
    return begun(ProjectFolder(tmp_path / "acme", capsys, monkeypatch.chdir))


def _is_from_snapshots(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("from_snapshots") is not None


def begun(project: ProjectFolder) -> ProjectFolder:
    """The project with its name and a folder for manifests."""
    project.write("assistctl.yaml", "project: acme\n")
    (project.path / "assistants").mkdir()
    return project


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RecordingServer]:
    """The embedded platform over HTTP, on a database of its own."""
    if _is_from_snapshots(request):
        yield request.getfixturevalue("snapshots").server
        return
    with recording_server(tmp_path / "server.db") as running:
        yield running


@pytest.fixture
def stored_objects(server: RecordingServer) -> Iterator[StoredObjects]:
    """That server's files and vector stores."""
    seen = StoredObjects(server.url)
    yield seen
    seen.close()


@pytest.fixture
def remote(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """The project on that server, through the target ``prod``."""
    project.write(
        "assistctl.yaml",
        f"""\
        project: acme
        default_target: prod
        targets:
          prod: {{platform: openai-assistants, base_url: "{server.url}", api_key: test-key}}
        """,
    )
    return project


@pytest.fixture(scope="module")
def module_snapshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectSnapshots]:
    """A module's one server and folder, with snapshots of what its tests begin with."""
    with project_snapshots(tmp_path_factory.mktemp("snapshots")) as snapshots:
        yield snapshots


@pytest.fixture
def snapshots(module_snapshots: ProjectSnapshots) -> Iterator[ProjectSnapshots]:
    """The same, with both empty; ``server`` and ``project`` are these in modules marked ``from_snapshots``."""
    module_snapshots.begin()
    yield module_snapshots
    module_snapshots.server.wait_until_idle()


@pytest.fixture
def snapshot_project(
    snapshots: ProjectSnapshots, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> ProjectFolder:
    """A project named ``acme`` in the folder of the snapshots, without a manifest yet."""
    return begun(ProjectFolder(snapshots.folder, capsys, monkeypatch.chdir))
