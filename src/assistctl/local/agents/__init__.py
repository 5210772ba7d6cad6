"""The Agents API: saved agents, and the templates of the environments they work in.

There is no description of this API as a file; the types of openai-python 3.54.0 (``openai/types/beta/agent*.py``
and ``openai/types/beta/agents/``) are the source of its fields, and the reference at
https://developers.openai.com/api/reference/resources/beta/subresources/agents of its limits.
"""
