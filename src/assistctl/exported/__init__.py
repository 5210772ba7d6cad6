"""Assistants that somebody saved as JSON while their endpoint still answered, read as if they were listed."""

from assistctl.migration.export_reader import Exported, read_exported

__all__ = ["Exported", "read_exported"]
