"""The Uploads API: a file that comes in parts. Its objects (``record``), its routes (``endpoints``)."""
