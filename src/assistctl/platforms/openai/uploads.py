"""Uploads to OpenAI's API.

https://platform.openai.com/docs/api-reference/files
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from assistctl.model.knowledge import UploadedFile
from assistctl.model.source_file import SourceFile
from assistctl.platforms.file_upload import UploadRequests, upload_file
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.openai.knowledge_answers import uploaded_file
from assistctl.platforms.openai.wire import OpenAIWire
from assistctl.platforms.translation import made

PURPOSE = "assistants"
"""For what assistants read; such a file cannot be downloaded."""

USER_DATA = "user_data"
"""For what environments get, as the SDK's own helper uploads it (``lib/beta/agents/_files.py``, openai 3.57.0)."""


def file_path(file_id: str) -> str:
    """Where an upload is."""
    return path_of("/files", file_id)


async def upload(
    wire: OpenAIWire,
    source: SourceFile,
    sent: Callable[[int], None],
    there: Collection[str] = (),
    purpose: str = PURPOSE,
) -> UploadedFile:
    """``POST /files``; see ``upload_file``."""
    requests = UploadRequests(
        lambda opened: wire.post_file("/files", {"purpose": purpose}, opened),
        lambda answer: made(uploaded_file, answer),
        "bytes",
        lambda file_id: wire.remove(file_path(file_id), file_id),
    )
    return await upload_file(requests, source, sent, there)
