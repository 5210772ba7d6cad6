"""The words of the project as data: declared, observed, planned, done. Frozen dataclasses without I/O."""
