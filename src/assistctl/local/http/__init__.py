"""What every endpoint of the embedded platform shares: access, bodies, lists, errors and their shapes."""
