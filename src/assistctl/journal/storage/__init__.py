"""Where a journal's files are: a folder, or the object storage of a cloud."""
