"""Journals in each kind of place there is; the services among them run only when a test needs them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.journal import Journal, lock, open_journal
from support.journal_clock import Jumping, now
from support.object_stores import Service, UnavailableError, azurite, cloud_storage, moto_server

_OF_CLOUDS_AND_CI = ("AWS_", "AZURE_", "AZURITE_", "GOOGLE_", "CI", "GITLAB_", "BUILDKITE", "GIT_")

_SERVICES = {"s3": "s3", "az": "azure", "gs": "google"}


@pytest.fixture(autouse=True)
def no_clouds(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cloud account or CI run of whoever runs the tests is used or shown."""
    for name in list(os.environ):
        if name.startswith(_OF_CLOUDS_AND_CI):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An S3, which the processes that share the tests have together."""
    folder = tmp_path_factory.getbasetemp()
    try:
        with moto_server(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) as service:
            yield service
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def azure() -> Iterator[Service]:
    """An Azure Blob Storage."""
    try:
        with azurite() as service:
            yield service
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def google() -> Iterator[Service]:
    """A Google Cloud Storage. Its lists come in short pieces."""
    with cloud_storage(page=7) as service:
        yield service


@pytest.fixture
def folder(tmp_path: Path) -> Journal:
    """A journal in the folder of a project."""
    return open_journal("acme", tmp_path)


@pytest.fixture(params=["file", "s3", "az", "gs"])
def shared(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A place for a shared journal that nothing else uses, in the environment of this process."""
    if request.param == "file":
        return Service(f"file://{tmp_path}/shared", {}, "")
    service: Service = request.getfixturevalue(_SERVICES[request.param])
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    # Another process may be in a test of the same name.
    place = f"{os.environ.get('PYTEST_XDIST_WORKER', 'tests')}/{tmp_path.name}"
    return Service(f"{service.address}/{place}", service.environment, service.url)


@pytest.fixture
def shared_journal(shared: Service, tmp_path: Path) -> Journal:
    """A journal in that place."""
    return open_journal("acme", tmp_path, address=shared.address, environment=shared.environment)


@pytest.fixture
def jumping(monkeypatch: pytest.MonkeyPatch) -> Jumping:
    """Locks are held and waited for by a clock that jumps over every wait."""
    monkeypatch.setattr(lock, "clock", now)
    return Jumping()
