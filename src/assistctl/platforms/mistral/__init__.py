"""Mistral's agents."""
