"""Uploads, vector stores and environments, on platforms that have them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistctl.errors import OutcomeUnknownError
from assistctl.json_value import Json
from assistctl.model.knowledge import Attachment, ObservedStore, StoreFile
from assistctl.ownership.mark import MARK, Mark, read_mark
from assistctl.ownership.placeholders import file_ids
from assistctl.platforms.base import Platform, SupportsEnvironments, UploadPlatform, VectorStorePlatform
from assistctl.testing.exchange import created, updated
from assistctl.testing.samples import file_at
from assistctl.testing.suite.base import BreakNext, SuiteBase, run

_A_FEW = 4
_EXPIRES: Json = {"anchor": "last_active_at", "days": 7}
_INDEXED_WITHIN = 60.0
_POLL_SECONDS = 0.05
_NOWHERE = ("nothing-has-this-id", "../models", "a/b?c#d")


class KnowledgeTests(SuiteBase):
    """Files are kept as they were sent, and stores hold just what was put into them."""

    def test_uploads_are_kept_as_they_were_sent(self, platform: Platform, tmp_path: Path) -> None:
        """Their names and sizes are answered and listed, every byte is counted, and none is there twice."""
        sources = [
            file_at(tmp_path, name, content)
            for name, content in (("größer.md", "# Größer\n".encode()), ("a b.csv", b"a,1\n" * 5_000))
        ]

        async def scenario(platform: Platform) -> None:
            files = self._files(platform)
            counted: list[int] = []
            made = [await files.upload(source, counted.append) for source in sources]
            assert sum(counted) == sum(source.size for source in sources)
            assert [(upload.name, upload.size) for upload in made] == [
                (source.identity.name, source.size) for source in sources
            ]
            assert [file.id for file in await files.list_files()] == [upload.id for upload in made]
            assert await files.find_file(made[0].id) == made[0]
            await files.delete_file(made[0].id)
            await files.delete_file(made[0].id)
            assert await files.find_file(made[0].id) is None
            assert [file.id for file in await files.list_files()] == [made[1].id]
            for unknown in _NOWHERE:
                assert await files.find_file(unknown) is None
                await files.delete_file(unknown)

        run(platform, scenario)

    def test_an_assistant_keeps_its_files(self, platform: Platform, tmp_path: Path) -> None:
        """Those it was given, whatever else is changed; an update that names others replaces them."""
        sources = [file_at(tmp_path, name, b"a,1\n") for name in ("prices.csv", "stock.csv")]
        mark = Mark("acme", "prod", "desk")

        async def scenario(platform: Platform) -> None:
            if not (
                self._has(platform, "files.code_interpreter") and self._has(platform, "tools.code_interpreter")
            ):
                pytest.skip("its assistants read no files")
            files = self._files(platform)
            ids = [(await files.upload(source, _unseen)).id for source in sources]
            tools: Json = [{"type": "code_interpreter"}]
            made = await created(platform, self._fields(tools=tools, **_read(ids[:1])), {MARK: str(mark)})
            assert file_ids(made.fields) == ids[:1]
            renamed = await updated(platform, made, {"name": "Counter"})
            assert file_ids(renamed.fields) == ids[:1]
            assert [file_ids(assistant.fields) for assistant in await platform.list_assistants()] == [ids[:1]]
            both = await updated(platform, renamed, _read(ids))
            assert sorted(file_ids(both.fields)) == sorted(ids)
            assert file_ids((await updated(platform, both, _read([]))).fields) == []

        run(platform, scenario)

    def test_stores_keep_what_they_are_sent(self, platform: Platform) -> None:
        """An update changes what it is sent, null clears, and metadata is replaced whole."""

        async def scenario(platform: Platform) -> None:
            stores = self._stores(platform)
            made = await stores.create_store({"name": "Größer", "expires_after": _EXPIRES}, {"a": "1", "b": "2"})
            assert _shown(made) == ("Größer", _EXPIRES, {"a": "1", "b": "2"})
            assert made.total == 0
            other = await stores.create_store({"name": "Other"}, {"c": "3"})
            renamed = await stores.update_store(made.id, {"name": "Smaller"}, {"b": "3"})
            assert (renamed.id, _shown(renamed)) == (made.id, ("Smaller", _EXPIRES, {"b": "3"}))
            cleared = await stores.update_store(made.id, {"expires_after": None}, {})
            assert _shown(cleared) == ("Smaller", None, {})
            listed = await stores.list_stores()
            assert [(store.id, _shown(store)) for store in listed] == [
                (store.id, _shown(store)) for store in (cleared, other)
            ]
            found = await stores.find_store(made.id)
            assert found is not None
            assert _shown(found) == _shown(cleared)

        run(platform, scenario)

    def test_every_store_is_listed_once_the_oldest_first(self, platform: Platform) -> None:
        """However many pages there are."""

        async def scenario(platform: Platform) -> None:
            stores = self._stores(platform)
            made = [(await stores.create_store({"name": "Store"}, {})).id for _ in range(self.page_size + _A_FEW)]
            listed = [store.id for store in await stores.list_stores()]
            assert listed == made if self.lists_in_order else sorted(listed) == sorted(made)

        run(platform, scenario)

    def test_files_are_put_into_stores_and_taken_out(self, platform: Platform, tmp_path: Path) -> None:
        """With their attributes, which are replaced whole; the uploads stay, whatever becomes of a store."""
        sources = [file_at(tmp_path, f"page-{place}.md", b"# A page\n" * (place + 1)) for place in range(_A_FEW)]

        async def scenario(platform: Platform) -> None:
            files, stores = self._files(platform), self._stores(platform)
            ids = [(await files.upload(source, _unseen)).id for source in sources]
            store = await stores.create_store({"name": "Pages"}, {})
            batch = await stores.attach(
                store.id, [Attachment(file_id, {"page": file_id, "rank": 1.5}) for file_id in ids]
            )
            await _indexed(stores, store.id, batch)
            held = await stores.list_store_files(store.id)
            assert _attributes(held) == {file_id: {"page": file_id, "rank": 1.5} for file_id in ids}
            assert {file.status for file in held} == {"completed"}
            await stores.set_attributes(store.id, ids[0], {"rank": 2})
            await stores.detach(store.id, ids[1])
            await stores.detach(store.id, ids[1])
            left = _attributes(await stores.list_store_files(store.id))
            assert left == {file_id: {"page": file_id, "rank": 1.5} for file_id in ids[2:]} | {ids[0]: {"rank": 2}}
            found_store = await stores.find_store(store.id)
            assert found_store is not None
            assert (found_store.total, found_store.completed) == (_A_FEW - 1, _A_FEW - 1)
            await stores.delete_store(store.id)
            assert [file.id for file in await files.list_files()] == ids

        run(platform, scenario)

    def test_deleted_stores_are_gone(self, platform: Platform) -> None:
        """Deleting a missing store is not an error, and an id is never taken for a path."""

        async def scenario(platform: Platform) -> None:
            stores = self._stores(platform)
            first, second = [await stores.create_store({"name": "Store"}, {}) for _ in range(2)]
            await stores.delete_store(first.id)
            for unknown in (first.id, *_NOWHERE):
                await stores.delete_store(unknown)
                assert await stores.find_store(unknown) is None
            assert [store.id for store in await stores.list_stores()] == [second.id]

        run(platform, scenario)

    def test_a_store_whose_answer_is_lost_may_be_there(
        self, platform: Platform, break_next: BreakNext | None
    ) -> None:
        """As with assistants, it is never told as a failure, and never repeated."""
        if break_next is None:
            pytest.skip("no request can be made to fail")

        async def scenario(platform: Platform) -> None:
            stores = self._stores(platform)
            break_next(500, True)
            with pytest.raises(OutcomeUnknownError):
                await stores.create_store({"name": "Store"}, {})
            assert len(await stores.list_stores()) == 1

        run(platform, scenario)

    def _files(self, platform: Platform) -> UploadPlatform:
        if platform.uploads is None:
            pytest.skip("it has no files")
        return platform.uploads

    def _stores(self, platform: Platform) -> VectorStorePlatform:
        if platform.vector_stores is None or not self._has(platform, "files.file_search"):
            pytest.skip("it has no vector stores")
        return platform.vector_stores


def _read(ids: Sequence[str]) -> dict[str, Json]:
    return {"tool_resources": {"code_interpreter": {"file_ids": [*ids]}}}


async def _indexed(stores: VectorStorePlatform, store_id: str, batch: str) -> None:
    """Wait until a batch is done with."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _INDEXED_WITHIN
    found = await stores.indexing(store_id, batch)
    while found.in_progress and loop.time() < end:
        await asyncio.sleep(found.poll_after or _POLL_SECONDS)
        found = await stores.indexing(store_id, batch)
    assert (found.in_progress, found.failed, found.completed) == (0, 0, _A_FEW)


def _attributes(files: Sequence[StoreFile]) -> dict[str, dict[str, Json]]:
    return {file.id: dict(file.attributes) for file in files}


def _shown(store: ObservedStore) -> tuple[Json, Json, dict[str, str]]:
    return store.fields.get("name"), store.fields.get("expires_after"), dict(store.metadata)


def _unseen(_: int) -> None:
    """Ignore progress."""


class EnvironmentTests(SuiteBase):
    """They come and go with the assistants that use them, and say whose they are."""

    def test_an_environment_is_there_as_long_as_it_is_used(self, platform: Platform, tmp_path: Path) -> None:
        """It says whose it is and what is in it; the uploads in it outlive it."""
        source = file_at(tmp_path, "prices.csv", b"a,1\n")
        mark = Mark("acme", "prod", "desk")

        async def scenario(platform: Platform) -> None:
            if not isinstance(platform, SupportsEnvironments) or platform.uploads is None:
                pytest.skip("it keeps no environments")
            upload = await platform.uploads.upload(source, lambda _: None)
            tools: Json = [{"type": "code_interpreter"}]
            resources: Json = {"code_interpreter": {"file_ids": [upload.id]}}
            made = await created(platform, self._fields(tools=tools, tool_resources=resources), {MARK: str(mark)})
            (used,) = await platform.list_environments()
            assert used.in_use
            assert upload.id in used.file_ids
            owner = read_mark(used.metadata)
            assert owner is not None
            assert (owner.project, owner.target, owner.key) == (mark.project, mark.target, mark.key)
            await platform.delete_assistant(made.id)
            assert not any(environment.in_use for environment in await platform.list_environments())
            for _ in range(2):
                await platform.delete_environment(used.id)
            assert [*await platform.list_environments()] == []
            assert await platform.uploads.find_file(upload.id) is not None

        run(platform, scenario)
