"""Somebody else on the same account: whoever edits assistants without assistctl, over plain HTTP."""

from __future__ import annotations

from typing import Any

import httpx2


class Dashboard:
    """The Assistants API at ``url``, by hand."""

    def __init__(self, url: str, key: str = "test-key") -> None:
        headers = {"authorization": f"Bearer {key}", "openai-beta": "assistants=v2"}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=20)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def all(self) -> list[dict[str, Any]]:
        """All assistants on the account, oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            after = {"after": found[-1]["id"]} if found else {}
            page = self._json(self._http.get("assistants", params={"limit": 100, "order": "asc", **after}))
            found += page["data"]
            if not page["has_more"]:
                return found

    def names(self) -> list[str | None]:
        """Their names, sorted."""
        return sorted((assistant["name"] for assistant in self.all()), key=str)

    def named(self, name: str) -> dict[str, Any]:
        """The one assistant of that name."""
        (assistant,) = (assistant for assistant in self.all() if assistant["name"] == name)
        return assistant

    def create(self, **fields: object) -> dict[str, Any]:
        """A new assistant."""
        return self._json(self._http.post("assistants", json={"model": "gpt-4.1", **fields}))

    def change(self, assistant: dict[str, Any], **fields: object) -> dict[str, Any]:
        """Edit an assistant, as it is answered."""
        return self._json(self._http.post(f"assistants/{assistant['id']}", json=fields))

    def delete(self, assistant: dict[str, Any]) -> None:
        """Delete one."""
        self._json(self._http.delete(f"assistants/{assistant['id']}"))

    def clear(self) -> None:
        """Delete all of them."""
        for assistant in self.all():
            self.delete(assistant)

    @staticmethod
    def _json(response: httpx2.Response) -> dict[str, Any]:
        assert response.status_code == 200, response.text
        parsed: dict[str, Any] = response.json()
        return parsed
