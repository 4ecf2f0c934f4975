"""What unstick has added to a job system's tables: only that may be taken away again."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

_METADATA = sa.MetaData()
_NAME = sa.String(190)
RECORD = sa.Table(
    "unstick_migration",
    _METADATA,
    sa.Column("profile", _NAME, primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("place", _NAME, primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("who", sa.String(400), nullable=False),
    sa.Column(
        "added_at",
        sa.DateTime(timezone=True).with_variant(mysql.TIMESTAMP(), "mysql", "mariadb"),
        server_default=sa.func.now(),
        nullable=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Added:
    """One thing that was added. `kind` is `column` or `index`, `place` the table with its schema."""

    kind: str
    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.place}.{self.name}" if self.kind == "column" else self.name


def exists(connection: sa.Connection) -> bool:
    """Whether the record is in this database."""
    return sa.inspect(connection).has_table(RECORD.name)


def read(connection: sa.Connection, profile: str) -> frozenset[Added]:
    """Return what was added for a profile; nothing where there is no record."""
    if not exists(connection):
        return frozenset()
    columns = (RECORD.c.kind, RECORD.c.place, RECORD.c.name)
    rows = connection.execute(sa.select(*columns).where(RECORD.c.profile == profile))
    return frozenset(Added(*map(str, row)) for row in rows)


def only_these(connection: sa.Connection, profile: str, added: frozenset[Added]) -> bool:
    """Whether the record says nothing about other profiles, or about anything else of this one."""
    if not exists(connection):
        return False
    others = sa.select(sa.func.count()).select_from(RECORD).where(RECORD.c.profile != profile)
    return not connection.execute(others).scalar_one() and read(connection, profile) <= added


def insert(profile: str, added: Added, who: str) -> sa.Insert:
    """Return the statement that records it."""
    return sa.insert(RECORD).values(
        profile=profile, kind=added.kind, place=added.place, name=added.name, who=who[:400]
    )


def delete(profile: str, added: Added) -> sa.Delete:
    """Return the statement that forgets it."""
    return sa.delete(RECORD).where(
        RECORD.c.profile == profile,
        RECORD.c.kind == added.kind,
        RECORD.c.place == added.place,
        RECORD.c.name == added.name,
    )
