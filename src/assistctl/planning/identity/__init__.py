"""Which declared thing is which of those that are there, and what becomes of marks."""
