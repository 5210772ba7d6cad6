"""The runs: their records and transitions, the workers that execute them, and the routes."""
