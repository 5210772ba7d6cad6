"""Shared by every endpoint of the embedded platform: access, bodies, lists, errors and their shapes."""
