"""Looks at a database: a few catalogue questions, and rows of one table, never more than a few hundred."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from unstick.backends.sql.engines import TableInfo, engine_of
from unstick.backends.sql.layout import Place

from .seen import Link, Sample, Seen

MOST_TABLES = 300
"""Tables that are looked at; a database with more has them named with --table."""
NEWEST, OLDEST = 800, 200
"""Rows that are looked at, from both ends of the primary key: both ends are cheap in a table of any size."""

_QUOTED = re.compile(r"'((?:[^']|'')*)'")


def places(connection: sa.Connection, table: str | None) -> list[Place]:
    """Return the tables to look at: the one that is named, or those of all schemas that are no system's."""
    if table is not None:
        schema, _, name = table.rpartition(".")
        return [(schema or None, name)]
    inspector = sa.inspect(connection)
    found: list[Place] = [(None, name) for name in sorted(inspector.get_table_names())]
    if connection.dialect.name == "postgresql":
        own = inspector.default_schema_name
        for schema in sorted(inspector.get_schema_names()):
            if schema != own and schema != "information_schema" and not schema.startswith("pg_"):
                found += [(schema, name) for name in sorted(inspector.get_table_names(schema=schema))]
    return found[:MOST_TABLES]


def tables(connection: sa.Connection, wanted: Sequence[Place]) -> list[TableInfo]:
    """Return the columns of the tables."""
    return list(engine_of(connection).reflect(connection, wanted).values())


def key_of(connection: sa.Connection, info: TableInfo) -> tuple[str, ...]:
    """Return the primary key's columns."""
    found = sa.inspect(connection).get_pk_constraint(info.name, schema=info.schema)
    return tuple(found.get("constrained_columns") or ())


def details(connection: sa.Connection, info: TableInfo, key: tuple[str, ...]) -> Seen:
    """Return what the catalogue knows of a table beside its columns."""
    inspector = sa.inspect(connection)
    columns = inspector.get_columns(info.name, schema=info.schema)
    defaults = {each["name"]: str(each["default"]) for each in columns if each.get("default") is not None}
    allowed = {name: column.labels for name, column in info.columns.items() if column.labels}
    for check in inspector.get_check_constraints(info.name, schema=info.schema):
        text = str(check.get("sqltext") or "")
        named = [name for name in info.columns if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
        values = tuple(dict.fromkeys(value.replace("''", "'") for value in _QUOTED.findall(text)))
        if len(named) == 1 and len(values) > 1:
            allowed.setdefault(named[0], values)
    return Seen(info, key, defaults, allowed)


def sample(connection: sa.Connection, seen: Seen) -> Sample:
    """Read rows from both ends of the table's key, as text or numbers, and the database's clock."""
    engine = engine_of(connection)
    table = sa.table(
        seen.info.name,
        *(sa.column(name, engine.column_type(info)) for name, info in seen.info.columns.items()),
        schema=seen.info.schema,
    )
    fetched = [
        table.c[name].label(f"c{number}")
        if info.kind in ("int", "float")
        else engine.text(table.c[name]).label(f"c{number}")
        for number, (name, info) in enumerate(seen.info.columns.items())
        if info.kind not in ("binary", "json")
    ]
    names = [name for name, info in seen.info.columns.items() if info.kind not in ("binary", "json")]
    rows: list[Mapping[str, Any]] = []
    newest = sa.select(*fetched).order_by(*(table.c[name].desc() for name in seen.key)).limit(NEWEST)
    rows += [_row(names, row) for row in connection.execute(newest)]
    whole = len(rows) < NEWEST
    if not whole:
        oldest = sa.select(*fetched).order_by(*(table.c[name] for name in seen.key)).limit(OLDEST)
        rows += [_row(names, row) for row in connection.execute(oldest)]
    now = float(connection.execute(sa.select(engine.epoch_now())).scalar_one())
    return Sample(tuple(rows), whole, now, _ahead(connection, now))


def _row(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(names, row, strict=False))


def _ahead(connection: sa.Connection, now: float) -> float:
    """How far the session's clock is ahead of UTC: what a zone-less time of its own would be off by."""
    texts = {
        "postgresql": "SELECT CAST(localtimestamp AS text)",
        "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%S', 'now', 'localtime')",
    }
    text = texts.get(connection.dialect.name, "SELECT CAST(localtimestamp AS CHAR)")
    local = datetime.fromisoformat(str(connection.execute(sa.text(text)).scalar_one())).replace(tzinfo=UTC)
    return round((local.timestamp() - now) / 900) * 900.0


def _foreign_keys(inspector: sa.Inspector, info: TableInfo) -> list[Mapping[str, Any]]:
    return list(inspector.get_foreign_keys(info.name, schema=info.schema))


def _of_sqlite(connection: sa.Connection, info: TableInfo) -> list[Mapping[str, Any]]:
    """SQLAlchemy takes what a key does on delete from the table's text, and fails for names beyond ASCII."""
    asked = sa.text(
        'SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list(:name) ORDER BY seq'
    )
    keys: dict[int, dict[str, Any]] = {}
    for number, target, ours, theirs, rule in connection.execute(asked, {"name": info.name}):
        known = keys.setdefault(
            number,
            {"referred_schema": None, "referred_table": target, "options": {"ondelete": rule},
             "constrained_columns": [], "referred_columns": []},
        )  # fmt: skip
        known["constrained_columns"].append(ours)
        known["referred_columns"].append(theirs)
    for known in keys.values():
        if None in known["referred_columns"]:
            # Without columns it is the other table's primary key that is meant.
            there = TableInfo(known["referred_table"], None)
            known["referred_columns"] = list(key_of(connection, there))
    return list(keys.values())


def links(connection: sa.Connection, wanted: Sequence[Place], to: TableInfo) -> list[Link]:
    """Return the tables whose foreign keys point at this one."""
    inspector = sa.inspect(connection)
    found: list[Link] = []
    cascading: set[Place] = set()
    known = tables(connection, wanted)
    own = {None, inspector.default_schema_name}
    sqlite = connection.dialect.name == "sqlite"
    for info in known:
        for foreign in _of_sqlite(connection, info) if sqlite else _foreign_keys(inspector, info):
            rule = str((foreign.get("options") or {}).get("ondelete") or "").upper()
            target: Place = (foreign.get("referred_schema"), str(foreign["referred_table"]))
            if rule in ("CASCADE", "SET NULL"):
                cascading.add((None if target[0] in own else target[0], target[1]))
            if target[1] != to.name or (target[0] != to.schema and {target[0], to.schema} - own):
                continue
            columns = dict(zip(foreign["constrained_columns"], foreign["referred_columns"], strict=False))
            nullable = all(info.columns[name].nullable for name in columns if name in info.columns)
            rule = rule if rule in ("CASCADE", "SET NULL") else ""
            found.append(Link(info.name, info.schema, key_of(connection, info), columns, rule, nullable))
    return [replace(link, deeper=(link.schema, link.table) in cascading) for link in found]
