"""The SQL backend: one algorithm, written once with SQLAlchemy Core, for PostgreSQL, MySQL/MariaDB and
SQLite."""
