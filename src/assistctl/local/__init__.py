"""The embedded platform: the Assistants API v2 and the Agents API as an ASGI app over one SQLite file.

``app.create_app`` is the whole of it; ``server.serve`` puts it on a port, where ``listener`` limits how many
connections there are and ``connections`` how long each may take. Each resource has a package of its own
(``agents``, ``assistants``, ``files``, ``models``, ``vector_stores``); what they share is one module each:
``storage`` (the file) and ``migrations`` (its formats), ``state`` (what the app keeps), ``collection`` (objects in
the file), ``paging`` (lists), ``body`` and ``shapes`` (what is sent), ``errors``, ``envelope`` and ``access``
(what is answered, and to whom).
"""

import logging

# Without a handler of its own, an error record would reach the user's terminal with its traceback.
logging.getLogger(__name__).addHandler(logging.NullHandler())
