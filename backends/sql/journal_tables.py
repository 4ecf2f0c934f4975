"""The tables of the journal and the retry history: the same in a team's database and in the local file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable, DropTable

from .errors import code_of
from .long_text import LongText

METADATA = sa.MetaData()
_FORBIDDEN = ("42501", 1142, 1143)
"""PostgreSQL's and MySQL's word for a privilege on a table that the account hasn't got."""
_LONG = LongText()
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
    sa.Column("hook", _LONG),
    sa.Column("process", _NAME),
)
HOOK = ROWS.c.hook
"""Added later than the table: a journal without it works, but keeps no outcomes of hooks."""
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
    sa.Index("unstick_history_job", "profile", "job"),
)
TABLES = (OPERATIONS, ROWS, HISTORY)
_LENGTHS = {"unstick_history_job": {"job": 190, "profile": 190}}
"""How much of a column MySQL indexes: all of it would be more than it takes."""


def is_forbidden(error: BaseException) -> bool:
    """Whether the account hasn't got a privilege on a table."""
    return code_of(error) in _FORBIDDEN


@dataclass(frozen=True, slots=True)
class State:
    """Which of the journal's tables and indexes are in a database. `hidden`: the account may not look.

    `hooked`: the table of rows has the column for outcomes of hooks.
    """

    tables: frozenset[str] = frozenset()
    indexes: frozenset[str] = frozenset()
    hidden: bool = False
    hooked: bool = False

    @property
    def lacks_hook(self) -> bool:
        """Whether the table of rows is there, from before it had that column."""
        return ROWS.name in self.tables and not self.hooked

    @property
    def installed(self) -> bool:
        """Whether all tables are there, so that the journal is kept in them."""
        return len(self.tables) == len(TABLES)

    @property
    def missing(self) -> tuple[str, ...]:
        """The tables and indexes that are not there."""
        indexes = (str(index.name) for table in TABLES for index in table.indexes)
        return (
            *(table.name for table in TABLES if table.name not in self.tables),
            *(name for name in indexes if name not in self.indexes),
            *([f"{ROWS.name}.{HOOK.name}"] if self.lacks_hook else []),
        )


NOTHING = State()


def look(connection: sa.Connection) -> State:
    """Look for each table and index by itself: an installation may have died half-way."""
    inspector = sa.inspect(connection)
    tables, indexes, hooked = set(), set(), False
    try:
        for table in TABLES:
            if inspector.has_table(table.name):
                tables.add(table.name)
                indexes |= {str(index["name"]) for index in inspector.get_indexes(table.name)}
        hooked = ROWS.name in tables and _has_hook(inspector)
    except sa.exc.DBAPIError as error:
        if not is_forbidden(error):
            raise
        return State(hidden=True)
    return State(frozenset(tables), frozenset(indexes), hooked=hooked)


def _has_hook(inspector: sa.Inspector) -> bool:
    return any(column["name"] == HOOK.name for column in inspector.get_columns(ROWS.name))


def row_columns(*, hooked: bool) -> list[sa.Column[Any]]:
    """Return the columns of the table of rows that are there."""
    return [column for column in ROWS.columns if hooked or column is not HOOK]


def keeps_hooks(connection: sa.Connection) -> bool:
    """Whether the table of rows, which is there, has the column for outcomes of hooks."""
    return _has_hook(sa.inspect(connection))


def add_hook(dialect: sa.Dialect) -> str:
    """Return the DDL that adds the column for outcomes of hooks."""
    return f"ALTER TABLE {ROWS.name} ADD COLUMN {CreateColumn(HOOK).compile(dialect=dialect)}"


def create_statements(dialect: sa.Dialect, there: State = NOTHING) -> list[str]:
    """Return the DDL that installs what is not there yet."""
    found = []
    for table in TABLES:
        if table.name not in there.tables:
            found.append(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)).strip())
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if index.name not in there.indexes:
                found.append(_create_index(index, dialect))
    if there.lacks_hook:
        found.append(add_hook(dialect))
    return found


def _create_index(index: sa.Index, dialect: sa.Dialect) -> str:
    if dialect.name == "mysql" and index.name in _LENGTHS:
        # Not where the index is made: SQLAlchemy imports the whole dialect for such an option.
        index.dialect_kwargs["mysql_length"] = _LENGTHS[index.name]
    return str(CreateIndex(index).compile(dialect=dialect))


def drop_statements(dialect: sa.Dialect, there: State) -> list[str]:
    """Return the DDL that removes the tables that are there, and all they hold."""
    here = [table for table in reversed(TABLES) if table.name in there.tables]
    return [str(DropTable(table).compile(dialect=dialect)).strip() for table in here]
