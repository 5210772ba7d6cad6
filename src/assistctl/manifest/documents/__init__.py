"""From the documents of a manifest to what they declare: assistants, vector stores, what they include."""
