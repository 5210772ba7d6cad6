"""Files on the disk as the project reads them, and a platform to put them on: in process, or over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from assistctl.model.source_file import Identity, SourceFile
from assistctl.platforms.base import Connection
from assistctl.platforms.openai.assistants import OpenAIAssistants
from assistctl.platforms.openai.wire import OpenAIKnowledge

Found = TypeVar("Found")
Connect = Callable[[], OpenAIAssistants]


def source_of(path: Path) -> SourceFile:
    """The file at ``path`` as it is now."""
    content = path.read_bytes()
    identity = Identity(hashlib.sha256(content).hexdigest(), path.name)
    return SourceFile(path.name, path, len(content), identity)


def written(folder: Path, name: str, content: bytes) -> SourceFile:
    """A new file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return source_of(path)


def over_http(url: str, folder: Path) -> OpenAIAssistants:
    """A connection to a server."""
    return OpenAIAssistants(Connection("prod", folder, base_url=url, api_key="test-key"))


def with_knowledge(connect: Connect, work: Callable[[OpenAIKnowledge], Awaitable[Found]]) -> Found:
    """What ``work`` finds on a connection of its own."""

    async def main() -> Found:
        async with connect() as platform:
            return await work(platform.uploads)

    return asyncio.run(main())


def unseen(_: int) -> None:
    """For uploads whose progress nobody looks at."""
