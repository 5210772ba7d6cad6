"""The one place where values are masked."""
