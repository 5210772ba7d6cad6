"""Past applies for people and for programs."""
