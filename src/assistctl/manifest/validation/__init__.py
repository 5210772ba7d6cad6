"""Documents held against the JSON Schemas, and the faults told in words with their places."""
