"""The files that manifests name: entries and globs, found, read once and hashed."""
