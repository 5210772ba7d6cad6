"""YAML and JSON text as nodes that know their place, and the references inside their scalars."""
