"""Many vector stores at once: a bounded number of them is under way, whatever the platform takes to index."""

from __future__ import annotations

from itertools import accumulate

from support.projects import ProjectFolder
from support.server import Asked, RecordingServer

STORES = 8
# For one slot; of which no more than so many requests are under way.
AT_ONCE = 4


def step(asked: Asked) -> int:
    """1 for a vector store that is begun, -1 for one that is said to be complete."""
    parts = asked.path.removeprefix("/v1/").split("/")
    if asked.method != "POST" or parts[0] != "vector_stores" or len(parts) > 2:
        return 0
    return 1 if len(parts) == 1 else -1


def test_a_bounded_number_of_stores_is_under_way(remote: ProjectFolder, server: RecordingServer) -> None:
    for number in range(STORES):
        remote.write(f"assistants/docs/d{number}.md", f"Document {number}.\n")
        remote.manifest(f"a{number}", tools=[{"type": "file_search"}], files=[f"docs/d{number}.md"])
    assert remote.run("apply", "--yes", "--parallelism", "1").code == 0
    under_way = list(accumulate(step(asked) for asked in server.asked))
    assert under_way[-1] == 0
    assert 1 < max(under_way) <= AT_ONCE
    assert sum(step(asked) == 1 for asked in server.asked) == STORES
    assert remote.run("plan", "--detailed-exitcode").code == 0
