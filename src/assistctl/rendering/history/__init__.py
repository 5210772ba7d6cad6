"""Past applies, in each format."""
