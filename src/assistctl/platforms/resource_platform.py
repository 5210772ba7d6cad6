"""Things that a platform keeps beside assistants, files and vector stores: an optional part of it.

A platform that keeps any is a ``SupportsResources``, and has a table for each kind in ``Capabilities.resources``.
Planning and applying go through nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.resource import ResourceFile


class ResourcePlatform(Protocol):
    """Things of one kind that a platform keeps beside its assistants: environments, memory stores, skills.

    ``Capabilities.resources`` says what of a document each kind expresses; ``fields`` and ``metadata`` are as in
    ``Observed``. Where things have no metadata the platform writes ours somewhere else (into the name), and reads
    it back as metadata. All methods raise ``PlatformError`` (or a subclass) and nothing else on failure.
    """

    async def list(self) -> Sequence[Observed]:
        """All that are not archived, of all owners, each once; the oldest first, where that is known.

        ``NotListed`` where the server says that it has no such list.
        """

    async def find(self, object_id: str) -> Observed | None:
        """One as it is at this moment; ``None`` when it is not there, or archived."""

    async def create(
        self, fields: Mapping[str, Json], metadata: Mapping[str, str], files: Sequence[ResourceFile] = ()
    ) -> Observed:
        """Create one, in one request that is only repeated where the platform refused it for now (429).

        ``files`` are what it is made of, for a kind that is made of files. Raises ``OutcomeUnknownError`` when it
        may have been created all the same, as ``Platform.create_assistant`` does.
        """

    async def update(
        self,
        object_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        files: Sequence[ResourceFile] = (),
        *,
        revision: str | None = None,
    ) -> Observed:
        """Set ``fields`` (``None`` clears one) and replace the metadata.

        ``files`` are there where ``folder`` is among the fields, with a digest of them. Where things have versions
        it is on top of ``revision``, and the answer has the new one.
        """

    async def delete(self, object_id: str) -> None:
        """Delete one, with all its versions; a missing one is not an error."""


@runtime_checkable
class GivesContents(Protocol):
    """A ``ResourcePlatform`` that also gives back the contents of things that are made of files."""

    async def contents(self, object_id: str) -> Mapping[str, bytes]:
        """The files of one as it is now, by their paths in its folder. Raises ``PlatformError``."""


@runtime_checkable
class SupportsResources(Protocol):
    """A platform that keeps more than assistants, files and vector stores: an optional part of a ``Platform``."""

    @property
    def resources(self) -> Mapping[Kind, ResourcePlatform]:
        """The platform's requests for each kind; the kinds are those of ``Capabilities.resources``."""


def resources_of(platform: object) -> Mapping[Kind, ResourcePlatform]:
    """The kinds that ``platform`` keeps beside assistants; none where it does not say."""
    return platform.resources if isinstance(platform, SupportsResources) else {}
