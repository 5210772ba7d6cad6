"""Uploads and vector stores on their way to the platform: sent, attached, indexed, and deleted last."""
