"""LangChain's classes for assistants, against the server at ``OPENAI_BASE_URL``: prints a line for each flow.

They are in ``langchain-classic`` (1) and ``langchain-community`` (0.4), which say that they are the last ones.
Their asynchronous methods read the list of messages wrongly, whatever server answers, and are left out. The
model is scripted: see ``../test_other_clients.py``.
"""

from __future__ import annotations

from typing import Any

from langchain_classic.agents import AgentExecutor
from langchain_classic.agents.openai_assistant import OpenAIAssistantRunnable
from langchain_community.agents.openai_assistant import OpenAIAssistantV2Runnable
from langchain_core.tools import tool
from openai import OpenAI

SETTINGS: dict[str, Any] = {"name": "langchain", "instructions": "Help.", "model": "gpt-4o"}
POLL: dict[str, Any] = {"check_every_ms": 20.0}


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sun in {city}"


def main() -> None:
    """Run all of them."""
    for runnable in (OpenAIAssistantRunnable, OpenAIAssistantV2Runnable):
        plain = runnable.create_assistant(tools=[], **SETTINGS, **POLL)
        print(f"{runnable.__name__}: {text_of(plain.invoke({'content': 'hello'}))}")
        agent = runnable.create_assistant(tools=[weather], as_agent=True, **SETTINGS, **POLL)
        done = AgentExecutor(agent=agent, tools=[weather]).invoke({"content": "weather"})
        print(f"{runnable.__name__} agent: {done['output']}")
    print(f"file search: {searched()}")


def searched() -> str:
    """An answer from a vector store, with its citation replaced by the file's name."""
    client = OpenAI()
    store = client.vector_stores.create(name="harbour")
    client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("harbour.md", b"The harbour opens at seven.\n")
    )
    agent = OpenAIAssistantV2Runnable.create_assistant(
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
        **SETTINGS,
        **POLL,
    )
    [message] = agent.invoke({"content": "harbour"})
    text = message.content[0].text
    [citation] = text.annotations
    name = client.files.retrieve(citation.file_citation.file_id).filename
    return str(text.value.replace(citation.text, f"[{name}]"))


def text_of(messages: Any) -> str:
    """The text of the one message in an answer."""
    [message] = messages
    return str(message.content[0].text.value)


if __name__ == "__main__":
    main()
