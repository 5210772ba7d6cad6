"""Search in a store of many chunks: how long indexing and a query take, and how large the database gets.

python tests/benchmarks/bench_search.py            # 20,000 chunks
python tests/benchmarks/bench_search.py 5000
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx2
from openai import AsyncOpenAI

from assistctl.local.app import create_app

QUERIES = [
    "Which option takes over an existing assistant?",
    "return policy for damaged goods",
    "the and of a to what is it",
    "word17 word4711 word99",
    "벡터 저장소에 파일을 올리는 방법",
    "How long does apply wait for the index before it gives up, and what can I do about that?",
]
FILES = 50
WORDS_A_CHUNK = 237
"""New words in each chunk of the default strategy: half of it repeats the chunk before."""


def prose() -> list[str]:
    """The words of this repository's manual, in their order."""
    manual = Path(__file__).parents[2] / "assistants"
    texts = [path.read_text("utf-8") for path in sorted(manual.glob("**/*.md"))]
    return " ".join(texts).split()


def document(words: list[str], chunks: int, seed: int) -> str:
    """A document of about so many chunks: sentences of the manual in another order, with rare words among them."""
    source = random.Random(seed)  # noqa: S311  # the same every time, on purpose
    parts: list[str] = []
    while len(parts) < chunks * WORDS_A_CHUNK:
        start = source.randrange(len(words) - 12)
        parts += [*words[start : start + 12], f"word{source.randrange(100_000)}"]
    return " ".join(parts)


async def main(chunks: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "bench.db")
        app = create_app(database)
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), timeout=3600)
        async with AsyncOpenAI(base_url="http://assistctl.local/v1", api_key="any", http_client=client) as sdk:
            store = await sdk.vector_stores.create()
            words = prose()
            began = time.perf_counter()
            ids = []
            for number in range(FILES):
                text = document(words, chunks // FILES, number)
                file = await sdk.files.create(file=(f"{number}.txt", text.encode()), purpose="assistants")
                ids.append(file.id)
            await sdk.vector_stores.file_batches.create_and_poll(store.id, file_ids=ids, poll_interval_ms=200)
            with app.state.database.reading() as connection:
                (count,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
            size = sum(path.stat().st_size for path in database.parent.glob("bench.db*") if path.is_file())
            print(f"{count} chunks indexed in {time.perf_counter() - began:.1f} s; {size / 2**20:.0f} MiB")
            for query in QUERIES:
                seconds = []
                for _ in range(5):
                    began = time.perf_counter()
                    await sdk.vector_stores.search(store.id, query=query)
                    seconds.append(time.perf_counter() - began)
                print(f"{statistics.median(seconds) * 1000:7.1f} ms  {query}")
        app.state.database.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
