"""LlamaIndex's ``OpenAIAssistantAgent``, against the server at ``OPENAI_BASE_URL``: prints a line for each flow.

The class is in ``llama-index-agent-openai`` (0.4), which is its last version. The model is scripted: see
``../test_other_clients.py``.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from llama_index.agent.openai import OpenAIAssistantAgent
from llama_index.core.tools import FunctionTool

SETTINGS: dict[str, Any] = {
    "name": "llama",
    "instructions": "Help.",
    "model": "gpt-4o",
    "run_retrieve_sleep_time": 0.02,
}


def weather(city: str) -> str:
    """The weather in a city."""
    return f"sun in {city}"


def main() -> None:
    """Run all of them."""
    tools = [FunctionTool.from_defaults(weather)]
    agent = OpenAIAssistantAgent.from_new(openai_tools=[], tools=tools, **SETTINGS)
    print(f"chat: {agent.chat('hello')}")
    print(f"function: {agent.chat('weather')}")
    print(f"async: {asyncio.run(agent.achat('weather'))}")
    print(f"history: {len(agent.chat_history)}")
    again = OpenAIAssistantAgent.from_existing(agent.assistant.id, thread_id=agent.thread_id)
    print(f"existing: {again.chat('hello')}")
    agent.reset()
    print(f"reset: {len(agent.chat_history)}")
    print(f"file search: {searched()}")


def searched() -> str:
    """An answer from a file that the agent attaches to its message."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "harbour.md")
        path.write_text("The harbour opens at seven.\n", "utf-8")
        agent = OpenAIAssistantAgent.from_new(
            openai_tools=[{"type": "file_search"}], tools=[], files=[str(path)], **SETTINGS
        )
    agent.add_message("harbour", list(agent.files_dict))
    agent.run_assistant()
    return str(agent.latest_message.content)


if __name__ == "__main__":
    main()
