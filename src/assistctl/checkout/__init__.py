"""What git knows of the folder a project lies in, read without running anything that the checkout configures."""

from assistctl.checkout.index import UnreadableIndexError, is_tracked
from assistctl.checkout.repository import Head, Repository, find_repository, folder_in_repository, head_of

__all__ = [
    "Head",
    "Repository",
    "UnreadableIndexError",
    "find_repository",
    "folder_in_repository",
    "head_of",
    "is_tracked",
]
