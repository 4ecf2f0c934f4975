"""The tables of the journal and the retry history: the same in a team's database and in the local file."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

METADATA = sa.MetaData()
_LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_NAME = sa.String(190)
_MOMENT = sa.String(26)
"""UTC as `YYYY-MM-DD HH:MM:SS.ffffff`: reads the same on every database."""

OPERATIONS = sa.Table(
    "unstick_operations",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("source", _NAME, nullable=False),
    sa.Column("database_name", sa.String(400), nullable=False),
    sa.Column("profile", _NAME, nullable=False),
    sa.Column("action", _NAME, nullable=False),
    sa.Column("operator", sa.String(400), nullable=False),
    sa.Column("reason", _LONG, nullable=False),
    sa.Column("started_at", _MOMENT, nullable=False),
    sa.Column("finished_at", _MOMENT),
    sa.Column("planned", sa.Integer, nullable=False),
    sa.Column("undoes", sa.String(32)),
    sa.Index("unstick_operations_started", "started_at"),
)
ROWS = sa.Table(
    "unstick_operation_rows",
    METADATA,
    sa.Column("operation", sa.String(32), primary_key=True),
    sa.Column("row_number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("job", sa.String(400), nullable=False),
    sa.Column("variant", sa.String(400)),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("detail", _LONG, nullable=False),
    sa.Column("at", _MOMENT, nullable=False),
    sa.Column("changes", _LONG, nullable=False),
    sa.Column("undone_by", sa.String(32)),
    sa.Column("process", _NAME),
)
HISTORY = sa.Table(
    "unstick_history",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("database_name", sa.String(400), nullable=False),
    sa.Column("profile", _NAME, nullable=False),
    sa.Column("job", sa.String(400), nullable=False),
    sa.Column("variant", sa.String(400)),
    sa.Column("at", _MOMENT, nullable=False),
    sa.Column("action", _NAME, nullable=False),
    sa.Column("reason", _NAME, nullable=False),
    sa.Column("result", sa.String(16), nullable=False),
    sa.Column("from_status", _NAME),
    sa.Column("to_status", _NAME),
    sa.Column("who", sa.String(400), nullable=False),
    sa.Column("operation", sa.String(32)),
    sa.Column("detail", _LONG, nullable=False),
    sa.Index("unstick_history_job", "profile", "job", mysql_length={"job": 190, "profile": 190}),
)
TABLES = (OPERATIONS, ROWS, HISTORY)


def installed(connection: sa.Connection) -> bool:
    """Whether all three tables are in the connection's database."""
    inspector = sa.inspect(connection)
    return all(inspector.has_table(table.name) for table in TABLES)


def create_statements(dialect: sa.Dialect) -> list[str]:
    """Return the DDL that installs the tables."""
    found = []
    for table in TABLES:
        found.append(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)).strip())
        found += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    return found


def drop_statements(dialect: sa.Dialect) -> list[str]:
    """Return the DDL that removes the tables and all they hold."""
    return [str(DropTable(table).compile(dialect=dialect)).strip() for table in reversed(TABLES)]
