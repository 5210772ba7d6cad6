"""Vectors of texts from a server of embeddings, for searches by meaning beside those by words.

The server is any OpenAI-compatible address. While it fails, searches go by words alone, and the log says so.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistctl.errors import AssistctlError
from assistctl.secrets.addresses import shown_address
from assistctl.secrets.redaction import mask, register

if TYPE_CHECKING:
    from openai import OpenAI

logger = logging.getLogger(__name__)

DEFAULT_MODEL = "text-embedding-3-small"
URL_VARIABLE = "ASSISTCTL_EMBEDDINGS_URL"
MODEL_VARIABLE = "ASSISTCTL_EMBEDDINGS_MODEL"
KEY_VARIABLE = "ASSISTCTL_EMBEDDINGS_API_KEY"

_TIMEOUT_SECONDS = 20.0
_PAUSE_SECONDS = 30.0
"""How long a server that failed is left alone: a search must not wait for it each time."""


@dataclass(frozen=True, slots=True)
class EmbeddingsAddress:
    """The source of embeddings: the base URL as the SDK takes it, the model's name there, and any key."""

    url: str
    model: str = DEFAULT_MODEL
    api_key: str = field(default="", repr=False)


def configured(
    url: str | None, model: str | None, environ: Mapping[str, str] | None = None
) -> EmbeddingsAddress | None:
    """The address given, or ``environ``'s; ``None`` without any. The key is always ``environ``'s."""
    found = os.environ if environ is None else environ
    url = url or found.get(URL_VARIABLE, "").strip()
    if not url:
        return None
    model = model or found.get(MODEL_VARIABLE) or DEFAULT_MODEL
    # A line break behind it, as $(cat file) leaves it, could not be sent.
    key = found.get(KEY_VARIABLE, "").strip()
    register(KEY_VARIABLE, key)
    return EmbeddingsAddress(url, model, key)


class RefusedTextsError(Exception):
    """The server works and does not take these texts, because one is too long for the model, for example."""


class Embedder:
    """Asks the server at ``address``. Raises ``AssistctlError`` for one that cannot be used at all."""

    def __init__(self, address: EmbeddingsAddress) -> None:
        if not _is_web_address(address.url):
            raise AssistctlError(
                f"The embeddings' address {shown_address(address.url)!r} is not an http:// or https:// URL",
                "Give it as an OpenAI SDK takes it: http://127.0.0.1:11434/v1",
            )
        _require_numpy()
        self._address = address
        self._mutex = threading.Lock()
        self._client: OpenAI | None = None
        self._left_alone_until = 0.0

    @property
    def model(self) -> str:
        """The model that made these vectors; those of different models cannot be compared."""
        return self._address.model

    @property
    def is_left_alone(self) -> bool:
        """Whether the server failed a short while ago."""
        return time.monotonic() < self._left_alone_until

    def vectors(self, texts: Sequence[str]) -> list[bytes] | None:
        """A vector of length 1 for each text, as numbers of 16 bits; ``None`` when the server fails.

        Raises ``RefusedTextsError``.
        """
        if self.is_left_alone:
            return None
        from openai import BadRequestError, OpenAIError

        try:
            answer = self._opened().embeddings.create(model=self.model, input=list(texts), encoding_format="float")
            vectors = [_packed(entry.embedding) for entry in sorted(answer.data, key=lambda entry: entry.index)]
        except BadRequestError as error:
            raise RefusedTextsError(str(error)) from error
        except (OpenAIError, ValueError, TypeError, AttributeError) as error:
            self._leave_alone(f"{type(error).__name__}: {error}")
            return None
        if len(vectors) != len(texts):
            self._leave_alone(f"{len(vectors)} vectors for {len(texts)} texts")
            return None
        return vectors

    def close(self) -> None:
        """Close its connections. The next use opens them again."""
        with self._mutex:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _opened(self) -> OpenAI:
        from openai import OpenAI

        with self._mutex:
            if self._client is None:
                self._client = OpenAI(
                    base_url=self._address.url,
                    api_key=self._address.api_key or "none",
                    timeout=_TIMEOUT_SECONDS,
                    max_retries=0,
                )
            return self._client

    def _leave_alone(self, why: str) -> None:
        self._left_alone_until = time.monotonic() + _PAUSE_SECONDS
        logger.warning(
            "no embeddings from %s (%s): searches go by words alone for the next %.0f seconds",
            shown_address(self._address.url),
            mask(why)[:300],
            _PAUSE_SECONDS,
        )


def similarities(query: bytes, vectors: Sequence[bytes]) -> list[float]:
    """The cosine of each of ``vectors`` with ``query``, from 0 (nothing in common, or the opposite) to 1.

    A vector of another length, from another model of the same name, has nothing in common.
    """
    import numpy as np

    fitting = [vector if len(vector) == len(query) else bytes(len(query)) for vector in vectors]
    if not fitting:
        return []
    table = np.frombuffer(b"".join(fitting), dtype="<f2").reshape(len(fitting), -1).astype(np.float32)
    cosines = table @ np.frombuffer(query, dtype="<f2").astype(np.float32)
    return [float(cosine) for cosine in np.clip(cosines, 0.0, 1.0)]


def _packed(vector: Sequence[float]) -> bytes:
    import numpy as np

    numbers = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(numbers))
    if numbers.ndim != 1 or not 0.0 < length < float("inf"):
        raise ValueError("a vector without a direction")
    return (numbers / length).astype("<f2").tobytes()


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # half a bracket, for example
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _require_numpy() -> None:
    try:
        import numpy  # noqa: F401, ICN001  # only whether it is there
    except ImportError as error:
        raise AssistctlError(
            "Searching with embeddings needs the extra 'embeddings'", "pip install 'assistctl[embeddings]'"
        ) from error
