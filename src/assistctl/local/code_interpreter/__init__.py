"""The code interpreter: model code in a sandbox, a session for each thread. Never without a sandbox."""
