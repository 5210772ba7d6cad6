"""The platforms assistants are deployed to: one module each, behind the Protocol in ``base``."""
