"""The embedded platform, reached in process: the Assistants API over a database in the project's folder.

The requests go through the same SDK and the same code as to any server; only the transport ends here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from assistctl.checkout.untrusted_files import OWN_FOLDER, place_in
from assistctl.errors import ProjectError
from assistctl.platforms.connection import COMMON_OPTIONS, IN_PROCESS, Connection
from assistctl.platforms.local_capabilities import CAPABILITIES
from assistctl.platforms.openai.assistants import OpenAIAssistants

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from assistctl.local.code_interpreter.choice import SandboxName
    from assistctl.local.vector_stores.embeddings import EmbeddingsAddress

__all__ = ["CAPABILITIES", "OPTIONS", "Local", "connect", "database_of"]

OPTIONS = COMMON_OPTIONS | {"code_sandbox", "database", "embeddings_url", "embeddings_model", "model_url"}

DATABASE = Path(OWN_FOLDER, "local.db")


class Local(OpenAIAssistants):
    """The Assistants API over SQLite, in this process."""

    name = "local"
    capabilities = CAPABILITIES

    def __init__(self, connection: Connection) -> None:
        import httpx2

        from assistctl.local.app import create_app
        from assistctl.local.http.in_process import InProcessTransport
        from assistctl.local.runs.model_client import ModelSettings

        model = ModelSettings.from_environment(_model_url_of(connection), environ=connection.environment)
        self._app: Starlette = create_app(
            database_of(connection),
            model=model,
            code_sandbox=_code_sandbox_of(connection),
            embeddings=embeddings_of(connection),
            says_account=True,
        )
        client = httpx2.AsyncClient(transport=InProcessTransport(self._app))
        super().__init__(replace(connection, base_url=IN_PROCESS, api_key="local", http_client=client))

    async def list_models(self) -> None:
        """Nothing: what runs no model can neither lack one nor see it retire."""

    @property
    def answered_as(self) -> Sequence[str]:
        """Nothing: a project's own database needs no pin, so none is offered. ``account_ids`` has it."""
        return ()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await super().__aexit__(exc_type, exc, traceback)
        await self._app.state.close()


def connect(connection: Connection) -> Local:
    """The embedded platform of a project. Raises ``ProjectError`` for settings that cannot be used."""
    return Local(connection)


def embeddings_of(connection: Connection) -> EmbeddingsAddress | None:
    """The source of embeddings: ``options.embeddings_url``, else ``ASSISTCTL_EMBEDDINGS_URL``; so for the model.

    Raises ``ProjectError`` for options that are no text.
    """
    url = _text_option(connection, "embeddings_url")
    from assistctl.local.vector_stores.embeddings import configured

    return configured(url, _text_option(connection, "embeddings_model"), connection.environment)


def database_of(connection: Connection) -> Path:
    """The database's file: ``options.database`` (relative to the project), else ``.assistctl/local.db``.

    Raises ``ProjectError`` when that, or what SQLite and the uploads have beside it, leaves the project by a link.
    """
    path = connection.options.get("database", str(DATABASE))
    if not isinstance(path, str) or not path:
        raise ProjectError(f"options.database of target {connection.target!r} must be a path")
    for beside in ("-wal", "-shm", "-journal", ".files"):
        place_in(connection.directory, f"{path}{beside}")
    return place_in(connection.directory, path)


def _text_option(connection: Connection, name: str) -> str | None:
    value = connection.options.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise ProjectError(f"options.{name} of target {connection.target!r} must be a text")
    return value


def _code_sandbox_of(connection: Connection) -> SandboxName:
    """``options.code_sandbox``. Raises ``ProjectError`` for a sandbox that is not known."""
    from assistctl.local.code_interpreter.choice import DEFAULT, NAMES

    wanted = connection.options.get("code_sandbox", DEFAULT)
    for name in NAMES:
        if name == wanted:
            return name
    raise ProjectError(
        f"options.code_sandbox of target {connection.target!r} must be one of {', '.join(NAMES)}",
    )


def _model_url_of(connection: Connection) -> str | None:
    """The address of the model that answers runs, ``options.model_url``. Raises ``ProjectError``."""
    url = connection.options.get("model_url")
    if url is None or (isinstance(url, str) and url.startswith(("http://", "https://"))):
        return url
    raise ProjectError(
        f"options.model_url of target {connection.target!r} must be an address that begins with http:// or https://"
    )
