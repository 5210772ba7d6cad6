"""The assistants: what may be sent (``fields``), what becomes of it (``record``), and the routes."""
