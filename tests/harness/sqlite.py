"""A SQLite database: a file of its own."""

import sqlite3
from contextlib import closing
from pathlib import Path


def create_database(path: Path) -> str:
    """Makes an empty database file and returns its URL; an existing file is left as it is."""
    with closing(sqlite3.connect(path)) as connection:
        # SQLite writes nothing for an empty database: without this the file would have no header yet.
        connection.execute("VACUUM")
    return f"sqlite:///{path.absolute()}"
