"""Files and git of a checkout that is not trusted: nothing that it configures is run."""
