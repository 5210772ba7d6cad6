"""Assistants moved to another platform: read, converted, and what is mapped or lost on the way."""
