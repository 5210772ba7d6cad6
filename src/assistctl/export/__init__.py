"""Manifests from what exists: assistants as a platform lists them, written as YAML that reads back the same."""
