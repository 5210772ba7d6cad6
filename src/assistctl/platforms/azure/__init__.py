"""Agents of a Microsoft Foundry project."""
