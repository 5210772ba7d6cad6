"""The objects that the app keeps for all its requests."""

from __future__ import annotations

from starlette.requests import Request

from assistctl.local.database.storage import Database
from assistctl.local.files.content import ContentFolder
from assistctl.local.runs.runtime import Runtime
from assistctl.local.vector_stores.indexer import Indexer


def database_of(request: Request) -> Database:
    """The app's database."""
    database: Database = request.app.state.database
    return database


def content_of(request: Request) -> ContentFolder:
    """Where the app keeps the bytes of uploads."""
    content: ContentFolder = request.app.state.content
    return content


def indexer_of(request: Request) -> Indexer:
    """The app's indexer of vector store files."""
    indexer: Indexer = request.app.state.indexer
    return indexer


def runtime_of(request: Request) -> Runtime:
    """The app's workers for runs."""
    runtime: Runtime = request.app.state.runtime
    return runtime
