"""The version of this package; a release sets it from its tag."""

__version__ = "0.1.0"
