"""Plans, results, drift and history as text for a terminal or a log."""
