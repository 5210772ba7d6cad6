"""Identity: the match between declared and existing things, and changes of marks."""
