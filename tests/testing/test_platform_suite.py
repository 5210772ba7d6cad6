"""The conformance suite on a small platform of another package: it passes when it is sound, and with no fault."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _pytest.outcomes import Skipped

from assistctl.errors import AssistctlError
from assistctl.model.capabilities import MetadataLimits
from assistctl.testing.platform_suite import PlatformSuite
from assistctl.testing.suite.base import BreakNext, run
from support.outside_platform import SOUND, Cloud

SMALL = replace(SOUND, metadata_limits=MetadataLimits(pairs=8, key_characters=40, value_characters=600))


def breaking(cloud: Cloud) -> BreakNext:
    return lambda status, done: cloud.breaks.append((status, done))


class TestSoundPlatform(PlatformSuite):
    """As an outside author has it."""

    own_samples = ({"tier": "flex"},)

    @pytest.fixture(params=[SOUND, SMALL], ids=["usual limits", "limits of its own"])
    def platform(self, request: pytest.FixtureRequest) -> Cloud:
        return Cloud(capabilities=request.param)

    @pytest.fixture
    def break_next(self, platform: Cloud) -> BreakNext:
        return breaking(platform)


class Suite(PlatformSuite):
    """The same, for one test at a time; pytest does not collect it."""

    __test__ = False
    own_samples = ({"tier": "flex"},)


# Each fault, and the one rule that it breaks.
FAULTS: Mapping[str, str] = {
    "newest first": "test_the_oldest_is_listed_first",
    "moves what is changed to the end": "test_the_oldest_is_listed_first",
    "drops tools that it does not know": "test_a_tool_that_nobody_knows_is_kept_as_it_is",
    "takes what it does not know apart": "test_a_tool_that_nobody_knows_is_kept_as_it_is",
    "raises for what is not there": "test_one_is_found_as_it_is_listed",
    "cuts metadata off": "test_metadata_has_room_for_what_is_stated",
    "keeps less than it states": "test_metadata_has_room_for_what_is_stated",
    "has no limits": "test_metadata_has_room_for_what_is_stated",
    "keeps its revision": "test_each_change_makes_another_revision",
    "takes any revision": "test_a_stale_revision_is_a_conflict",
    "counts no bytes": "test_uploads_are_kept_as_they_were_sent",
    "forgets the files of an assistant": "test_an_assistant_keeps_its_files",
    "spoils names": "test_uploads_are_kept_as_they_were_sent",
    "an upload is deleted once": "test_uploads_are_kept_as_they_were_sent",
    "no null": "test_stores_keep_what_they_are_sent",
    "metadata is merged": "test_stores_keep_what_they_are_sent",
    "stores: the newest first": "test_every_store_is_listed_once_the_oldest_first",
    "lists one page of stores": "test_every_store_is_listed_once_the_oldest_first",
    "stores take their uploads along": "test_files_are_put_into_stores_and_taken_out",
    "attaches one alone": "test_files_are_put_into_stores_and_taken_out",
    "forgets attributes": "test_files_are_put_into_stores_and_taken_out",
    "attributes are merged": "test_files_are_put_into_stores_and_taken_out",
    "a file is detached once": "test_files_are_put_into_stores_and_taken_out",
    "a lost store is a failure": "test_a_store_whose_answer_is_lost_may_be_there",
    "leaves its environment in use": "test_an_environment_is_there_as_long_as_it_is_used",
    "an environment is deleted once": "test_an_environment_is_there_as_long_as_it_is_used",
    "takes its uploads along": "test_an_environment_is_there_as_long_as_it_is_used",
    "forgets whose it is": "test_an_environment_is_there_as_long_as_it_is_used",
}


def looked_at(cloud: Cloud, test: str, folder: Path) -> None:
    """One test of the suite on that platform."""
    method = getattr(Suite(), test)
    known: dict[str, Any] = {"break_next": breaking(cloud), "put_tool": None, "tmp_path": folder}
    wanted = inspect.signature(method).parameters
    method(cloud, **{name: value for name, value in known.items() if name in wanted})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen(fault: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, AssistctlError, pytest.fail.Exception)):
        looked_at(Cloud(frozenset({fault})), FAULTS[fault], tmp_path)


def test_a_platform_whose_assistants_read_files_needs_them(tmp_path: Path) -> None:
    class Bare(Cloud):
        uploads: Any = None

    class Unsearchable(Cloud):
        vector_stores: Any = None

    for lacking in (Bare(), Unsearchable()):
        with pytest.raises(AssertionError):
            looked_at(lacking, "test_what_reads_files_has_files", tmp_path)


def test_what_a_platform_does_not_have_is_not_asked_of_it(tmp_path: Path) -> None:
    fields = {name: support for name, support in SOUND.fields.items() if not name.startswith("files.")}
    cloud = Cloud(capabilities=replace(SOUND, fields=fields))
    with pytest.raises(Skipped):
        looked_at(cloud, "test_stores_keep_what_they_are_sent", tmp_path)


def test_what_authors_import_is_there() -> None:
    assert callable(run)
    assert {"model", "other_model", "own_samples", "answers", "lists_in_order", "page_size"} <= {
        *dir(PlatformSuite)
    }
