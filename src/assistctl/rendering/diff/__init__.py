"""Texts compared for people: by word, by line, in rows."""
