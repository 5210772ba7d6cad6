"""The models the platform lists, and what a model takes."""
