"""The project: ``assistctl.yaml``, its targets and variables, and the manifests it has."""
