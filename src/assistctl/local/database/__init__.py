"""The embedded platform's SQLite file: connections, the migrations of its format, collections of objects."""
