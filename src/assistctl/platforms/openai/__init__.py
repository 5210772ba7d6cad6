"""OpenAI's wire: the Assistants API, the Agents API, and the files, vector stores and environments of both."""
