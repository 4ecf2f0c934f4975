"""SQL backends behind the port: PostgreSQL, MariaDB/MySQL and SQLite."""
