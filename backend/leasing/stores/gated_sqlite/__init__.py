"""Django's SQLite backend with every write going through the write gate."""
