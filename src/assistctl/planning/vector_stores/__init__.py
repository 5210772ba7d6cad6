"""The plan of vector stores and what they hold."""
