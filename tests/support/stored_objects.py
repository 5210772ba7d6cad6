"""The server's files and vector stores, seen from outside: by raw HTTP, as somebody at a dashboard would."""

from __future__ import annotations

import time
from typing import Any

import httpx2


class StoredObjects:
    """What the server at ``url`` has."""

    def __init__(self, url: str, key: str = "test-key") -> None:
        headers = {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v2"}
        self._client = httpx2.Client(base_url=url, headers=headers)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def assistants(self) -> list[dict[str, Any]]:
        """Every assistant."""
        return self._all("/assistants", 100)

    def uploads(self) -> dict[str, str]:
        """Every upload's id and name."""
        return {file["id"]: file["filename"] for file in self._all("/files", 10_000)}

    def sizes(self) -> dict[str, tuple[str, int]]:
        """Every upload's id, with its name and size in bytes."""
        return {file["id"]: (file["filename"], file["bytes"]) for file in self._all("/files", 10_000)}

    def stores(self) -> list[dict[str, Any]]:
        """Every vector store."""
        return self._all("/vector_stores", 100)

    def files_of(self, store_id: str) -> list[dict[str, Any]]:
        """The files of one."""
        return self._all(f"/vector_stores/{store_id}/files", 100)

    def found(self, store_id: str, query: str) -> list[str]:
        """The names of the files in which a search finds something."""
        answer = self._client.post(f"/vector_stores/{store_id}/search", json={"query": query})
        return [item["filename"] for item in answer.raise_for_status().json()["data"]]

    def upload(self, name: str, content: bytes, purpose: str = "assistants") -> str:
        """Upload a file of somebody else's; its id. One for assistants cannot be downloaded."""
        answer = self._client.post("/files", data={"purpose": purpose}, files={"file": (name, content)})
        return str(answer.raise_for_status().json()["id"])

    def delete_upload(self, file_id: str) -> None:
        """Delete an upload, whoever refers to it."""
        self._client.delete(f"/files/{file_id}").raise_for_status()

    def delete_store(self, store_id: str) -> None:
        """Delete a vector store, whoever searches it."""
        self._client.delete(f"/vector_stores/{store_id}").raise_for_status()

    def make_store(self, **fields: object) -> str:
        """Make a vector store of somebody else's; its id."""
        return str(self._client.post("/vector_stores", json=fields).raise_for_status().json()["id"])

    def attach(self, store_id: str, file_id: str) -> None:
        """Put an upload into a vector store, and wait until it is indexed."""
        self._client.post(f"/vector_stores/{store_id}/files", json={"file_id": file_id}).raise_for_status()
        while any(file["status"] == "in_progress" for file in self.files_of(store_id)):
            time.sleep(0.01)

    def detach(self, store_id: str, file_id: str) -> None:
        """Take a file out of a vector store."""
        self._client.delete(f"/vector_stores/{store_id}/files/{file_id}").raise_for_status()

    def change(self, store_id: str, **fields: object) -> None:
        """Change a vector store."""
        self._client.post(f"/vector_stores/{store_id}", json=fields).raise_for_status()

    def _all(self, path: str, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            answer = self._client.get(path, params={"limit": limit, "order": "asc", **after}).raise_for_status()
            page = answer.json()
            found += page["data"]
            if not page["has_more"]:
                return found
            after = {"after": page["last_id"]}
