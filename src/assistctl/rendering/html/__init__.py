"""Plans, results, checks and lists as HTML pages that stand alone."""
