"""The threads and their messages: what may be sent (``fields``), what becomes of it, and the routes."""
