"""The storage of a journal: a folder, or the object storage of a cloud."""
