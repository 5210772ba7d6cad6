"""The resource and the project that the endpoint of a Foundry project names.

``https://RESOURCE.services.ai.azure.com/api/projects/PROJECT`` (``AIProjectClient`` of azure-ai-projects 2.10.0).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

_HOST = re.compile(r"([a-z0-9-]+)\.services\.ai\.azure\.[a-z]+")
_PATH = re.compile(r"/api/projects/([^/]+)/?")


def endpoint_ids(endpoint: str) -> Sequence[str]:
    """``RESOURCE/PROJECT`` and ``PROJECT``, as far as ``endpoint`` names them: a gateway's need not."""
    parts = urlsplit(endpoint)
    host, path = _HOST.fullmatch(parts.hostname or ""), _PATH.fullmatch(parts.path)
    if path is None:
        return ()
    return (f"{host[1]}/{path[1]}", path[1]) if host else (path[1],)
