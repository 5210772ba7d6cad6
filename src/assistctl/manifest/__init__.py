"""Manifests and ``assistctl.yaml``: YAML text in, declared assistants out. Nothing here speaks to a platform."""

from assistctl.manifest.documents.load import Loaded, load_manifests
from assistctl.manifest.project.project import Project, Safety, Target, load_project

__all__ = ["Loaded", "Project", "Safety", "Target", "load_manifests", "load_project"]
