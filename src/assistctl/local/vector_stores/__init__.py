"""The vector stores: files attached to them (``attachments``), indexed afterwards (``indexer``), and searched.

What may be sent is in ``fields``, what is answered in ``views``; ``extraction`` turns bytes into text, for
documents in a process of its own (``document_reader``), and ``chunking`` text into chunks; ``search`` finds them
again, ``filters`` narrows it by attributes.
"""
