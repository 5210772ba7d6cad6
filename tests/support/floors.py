"""The least that anything in Python could take for what the command does: each is a process of a few lines."""

from __future__ import annotations

import sys
from pathlib import Path

from support.measuring import Run, run

IMPORTS = "import click, yaml, jsonschema"
PARSING = """
import pathlib, yaml
for path in pathlib.Path("assistants").glob("*.yaml"):
    yaml.load(path.read_bytes(), yaml.CSafeLoader)
"""
_CLIENT = """
import sys, warnings
warnings.simplefilter("ignore")
import openai
client = openai.OpenAI(base_url=sys.argv[1], api_key="any")
"""
TYPED = f"""{_CLIENT}
print(sum(1 for _ in client.beta.assistants.list(limit=100)))
"""
_PAGES = """
options = {"headers": {"OpenAI-Beta": "assistants=v2"}}
def pages(path):
    after = None
    while True:
        params = {"limit": 100} | ({"after": after} if after else {})
        page = client.get(path, cast_to=object, options={**options, "params": params})
        yield from page["data"]
        if not page["has_more"]:
            return
        after = page["data"][-1]["id"]
"""
RAW = f"""{_CLIENT}{_PAGES}
print(sum(1 for _ in pages("/assistants")))
"""
DELETING = f"""{_CLIENT}{_PAGES}
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(16) as pool:
    ids = [one["id"] for one in pages("/assistants")]
    list(pool.map(lambda one: client.delete(f"/assistants/{{one}}", cast_to=object, options=options), ids))
"""
CREATING = f"""{_CLIENT}{_PAGES}
import asyncio
list(pages("/assistants"))
async def main(count, at_once):
    turns = asyncio.Semaphore(at_once)
    async with openai.AsyncOpenAI(base_url=sys.argv[1], api_key="any") as many:
        async def create(number):
            body = {{"model": "gpt-4.1", "name": f"a{{number}}", "instructions": "Do as you are told. " * 100}}
            async with turns:
                await many.post("/assistants", cast_to=object, body=body, options=options)
        await asyncio.gather(*map(create, range(count)))
asyncio.run(main(int(sys.argv[2]), int(sys.argv[3])))
"""
UPDATING = f"""{_CLIENT}{_PAGES}
first = next(iter(list(pages("/assistants"))))
client.post(f"/assistants/{{first['id']}}", cast_to=object, body={{"temperature": 0.3}}, options=options)
"""
UPLOADING = f"""{_CLIENT}{_PAGES}
list(pages("/assistants"))
for store in list(pages("/vector_stores")):
    list(pages(f"/vector_stores/{{store['id']}}/files"))
client.files.create(file=("floor.md", b"any"), purpose="assistants")
"""


def of(program: str, folder: Path, *arguments: str) -> Run:
    """Run one of them in ``folder``."""
    return run([sys.executable, "-c", program, *arguments], folder)
