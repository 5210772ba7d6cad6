"""The files: how an upload is read (``upload``), where its bytes are (``content``), and the routes."""
