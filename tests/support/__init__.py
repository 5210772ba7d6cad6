"""What several rooms of tests stand on: a project in a folder, the command, and a server that keeps a record."""
