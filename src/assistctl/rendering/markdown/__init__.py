"""Plans as Markdown."""
