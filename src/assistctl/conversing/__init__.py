"""Talking with deployed assistants: questions, the answers of functions, and what answers must hold."""
