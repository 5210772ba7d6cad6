"""Buckets with objects in them as Google Cloud Storage keeps them: generations, conditions, limits, lists.

From https://cloud.google.com/storage/docs/xml-api/overview, and for errors .../xml-api/reference-status.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

PAGE = 1000
"""How many names a list has at most (https://cloud.google.com/storage/docs/xml-api/get-bucket-list)."""


@dataclass(frozen=True)
class StoredObject:
    """An object in one of its generations."""

    data: bytes
    generation: int
    modified: datetime


@dataclass(frozen=True)
class Page:
    """A part of a list: objects by name, the prefixes that stand for others, and where the next part begins."""

    objects: Mapping[str, StoredObject]
    prefixes: tuple[str, ...]
    next: str | None


class RefusedError(Exception):
    """What cannot be done, as an HTTP status, the code of the error and its words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Buckets:
    """All there is. Everything raises ``RefusedError``, and is done as a whole or not at all.

    ``page`` is how long a part of a list may be, and ``pause`` how many seconds must lie between two writes of an
    object, of which Google asks one (https://cloud.google.com/storage/quotas#objects).
    """

    def __init__(self, page: int = PAGE, pause: float = 0.0) -> None:
        self._page = page
        self._pause = pause
        self._buckets: dict[str, dict[str, StoredObject]] = {}
        self._written: dict[tuple[str, str], float] = {}
        self._generation = 0

    def make(self, bucket: str) -> None:
        """Make a bucket."""
        if bucket in self._buckets:
            raise RefusedError(409, "BucketAlreadyOwnedByYou", "There is such a bucket already.")
        self._buckets[bucket] = {}

    def get(self, bucket: str, name: str) -> StoredObject:
        """An object as it is now."""
        found = self._bucket(bucket).get(name)
        if found is None:
            raise RefusedError(404, "NoSuchKey", "The specified key does not exist.")
        return found

    def put(self, bucket: str, name: str, data: bytes, if_generation: str | None) -> StoredObject:
        """A new generation of an object."""
        self._check(bucket, name, if_generation)
        # Never the same twice, and growing; Google's are microseconds.
        self._generation = max(self._generation + 1, time.time_ns() // 1000)
        made = self._buckets[bucket][name] = StoredObject(data, self._generation, datetime.now(UTC))
        return made

    def delete(self, bucket: str, name: str, if_generation: str | None) -> None:
        """Delete an object."""
        self.get(bucket, name)
        self._check(bucket, name, if_generation)
        del self._buckets[bucket][name]

    def list(self, bucket: str, prefix: str, delimiter: str, after: str) -> Page:
        """What comes ``after`` a name or a prefix, in the order of names."""
        there = self._bucket(bucket)
        objects: dict[str, StoredObject] = {}
        prefixes: dict[str, None] = {}
        last = ""
        for name in sorted(there):
            shown = _shown(name, prefix, delimiter)
            if not name.startswith(prefix) or shown <= after or shown in prefixes:
                continue
            if len(objects) + len(prefixes) == self._page:
                return Page(objects, tuple(prefixes), last)
            last = shown
            if shown == name:
                objects[name] = there[name]
            else:
                prefixes[shown] = None
        return Page(objects, tuple(prefixes), None)

    def _bucket(self, bucket: str) -> dict[str, StoredObject]:
        try:
            return self._buckets[bucket]
        except KeyError:
            raise RefusedError(404, "NoSuchBucket", "The specified bucket does not exist.") from None

    def _check(self, bucket: str, name: str, if_generation: str | None) -> None:
        """Whether an object may be changed now, and under this condition."""
        there = self._bucket(bucket).get(name)
        # Before the condition: whoever comes too soon is not even told that it comes too late.
        now = time.monotonic()
        if now - self._written.get((bucket, name), -self._pause) < self._pause:
            raise RefusedError(429, "SlowDown", "The object is created, updated or deleted too often.")
        if if_generation is not None and not if_generation.isdecimal():
            raise RefusedError(400, "InvalidArgument", "Invalid argument.")
        # What is not there is of generation 0 (https://cloud.google.com/storage/docs/request-preconditions).
        if if_generation is not None and int(if_generation) != (there.generation if there else 0):
            raise RefusedError(412, "PreconditionFailed", "A condition of the request does not hold.")
        self._written[bucket, name] = now


def _shown(name: str, prefix: str, delimiter: str) -> str:
    """``name``, or what stands for it and all that is like it up to the first delimiter."""
    head, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
    return f"{prefix}{head}{found}" if found else name
