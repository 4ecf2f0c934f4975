"""Where a source's journal is, what stands in its way, and which GRANT would help."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from unstick.recovery.errors import Denied, JournalUnusable

from . import journal_carrying
from .journal import Attempted, Journal
from .journal_file import local_engine
from .journal_tables import HISTORY, METADATA, OPERATIONS, ROWS, State, is_forbidden, look
from .session import roll_back

NEEDED = {
    OPERATIONS.name: ("SELECT", "INSERT", "UPDATE"),
    ROWS.name: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    HISTORY.name: ("SELECT", "INSERT"),
}
SEQUENCE = f"{HISTORY.name}_id_seq"
_PROBES = {
    "SELECT": "SELECT 1 FROM {0} WHERE 1 = 0",
    "INSERT": "INSERT INTO {0} SELECT * FROM {0} WHERE 1 = 0",
    "UPDATE": "UPDATE {0} SET {1} = {1} WHERE 1 = 0",
    "DELETE": "DELETE FROM {0} WHERE 1 = 0",
}
"""What MySQL is asked, which has no function that tells a privilege."""


@dataclass(frozen=True, slots=True)
class Found:
    """The journal of a source that was opened. `refusal` says why nothing can be written at all."""

    journal: Journal
    problems: tuple[str, ...] = ()
    refusal: str | None = None


def find(connection: sa.Connection, source: str, database: str, profile: str) -> Found:
    """Find the journal: in the database where it is installed, else in the local file."""
    state = look(connection)
    if state.hidden:
        grants = _sentence(connection, {name: list(NEEDED[name]) for name in NEEDED})
        denied = f"this account can't see whether the journal's tables are in the database: {grants}"
        return Found(Journal(source, database, profile, denied=denied), (denied,), denied)
    problems = _partial(state)
    if not state.installed:
        return _local(source, database, profile, problems)
    missing = lacking(connection, writing=connection.dialect.name == "postgresql")
    unread = {name: ["SELECT"] for name, wanted in missing.items() if "SELECT" in wanted}
    refusal, unreadable = _refusal(connection, missing), None
    if unread:
        unreadable = f"this account can't read {', '.join(unread)}: {_sentence(connection, unread)}"
        problems += (f"{unreadable}; until then retries are not counted",)
    elif refusal:
        problems += (refusal,)
    behind, left, more = _left(database)
    journal = Journal(
        source, database, profile, behind=behind, left=left, denied=unreadable, hooked=state.hooked,
        collation=_collation(connection),
    )  # fmt: skip
    return Found(journal, problems + more, refusal)


def _collation(connection: sa.Connection) -> str:
    if connection.dialect.name != "mysql":
        return ""
    statement = sa.text(
        "SELECT collation_name FROM information_schema.columns WHERE table_schema = database() "
        "AND table_name = :name AND column_name = 'job' AND character_set_name = 'utf8mb4'"
    )
    return str(connection.execute(statement, {"name": HISTORY.name}).scalar() or "")


def _local(source: str, database: str, profile: str, problems: tuple[str, ...]) -> Found:
    try:
        return Found(Journal(source, database, profile, local_engine()), problems)
    except JournalUnusable as error:
        # Jobs can be looked at all the same.
        why = str(error)
        return Found(Journal(source, database, profile, denied=why, broken=True), (*problems, why), why)


def _partial(state: State) -> tuple[str, ...]:
    if not state.tables or not state.missing:
        return ()
    names = ", ".join(state.missing)
    return (
        f"the journal in the database is incomplete, {names} is missing: `unstick migrate --apply` adds it",
    )


def _left(database: str) -> tuple[int, frozenset[Attempted], tuple[str, ...]]:
    """What the local file still holds although the journal is in the database."""
    try:
        number, attempts = journal_carrying.left_behind(database)
    except (JournalUnusable, sa.exc.SQLAlchemyError) as error:
        return 0, frozenset(), (str(error),)
    if not number:
        return 0, frozenset(), ()
    several = "1 operation" if number == 1 else f"{number} operations"
    return (
        number,
        attempts,
        (
            f"{several} of this database still in the local journal on this machine: "
            "`unstick migrate --apply` carries them over",
        ),
    )


def moved(connection: sa.Connection, journal: Journal) -> bool:
    """Whether tables or privileges may be others than when the journal was found."""
    state = look(connection)
    here = journal.local is None
    return journal.denied is not None or state.installed != here or (here and state.hooked != journal.hooked)


def check_writable(connection: sa.Connection, journal: Journal) -> None:
    """Raise Denied when the account may not write to the journal in the database, naming the GRANT, and
    JournalUnusable when the local file can't be used."""
    if journal.local is not None:
        return
    if journal.broken:
        raise JournalUnusable(f"{journal.denied}; nothing was changed")
    state = look(connection)
    missing = {name: list(NEEDED[name]) for name in NEEDED} if state.hidden else lacking(connection)
    refusal = _refusal(connection, missing)
    roll_back(connection)
    if refusal:
        raise Denied(f"{refusal}; nothing was changed")


def _refusal(connection: sa.Connection, missing: dict[str, list[str]]) -> str | None:
    if not missing:
        return None
    return f"this account can't write to the journal in the database: {_sentence(connection, missing)}"


def lacking(connection: sa.Connection, *, writing: bool = True) -> dict[str, list[str]]:
    """Return the privileges on each table that the account would need and hasn't got."""
    if connection.dialect.name == "sqlite":
        return {}
    has = _has_postgresql if connection.dialect.name == "postgresql" else _has_mysql
    found = {
        name: [kind for kind in wanted if (writing or kind == "SELECT") and not has(connection, name, kind)]
        for name, wanted in NEEDED.items()
    }
    if writing and connection.dialect.name == "postgresql" and not _may_count(connection):
        found[SEQUENCE] = ["USAGE"]
    return {name: kinds for name, kinds in found.items() if kinds}


def _has_postgresql(connection: sa.Connection, table: str, privilege: str) -> bool:
    asked = sa.select(sa.func.has_table_privilege(table, privilege))
    return bool(connection.execute(asked).scalar_one())


def _may_count(connection: sa.Connection) -> bool:
    sequence = sa.func.pg_get_serial_sequence(HISTORY.name, "id")
    asked = sa.select(sa.func.coalesce(sa.func.has_sequence_privilege(sequence, "USAGE"), True))
    return bool(connection.execute(asked).scalar_one())


def _has_mysql(connection: sa.Connection, table: str, privilege: str) -> bool:
    column = METADATA.tables[table].columns.keys()[-1]
    try:
        connection.exec_driver_sql(_PROBES[privilege].format(table, column)).close()
    except sa.exc.DBAPIError as error:
        if not is_forbidden(error):
            raise
        return False
    return True


def grants(dialect: sa.Dialect, who: str, missing: dict[str, list[str]] | None = None) -> list[str]:
    """Return the statements that give an account what it needs."""
    if dialect.name == "sqlite":
        return []
    missing = missing or {name: list(kinds) for name, kinds in NEEDED.items()} | (
        {SEQUENCE: ["USAGE"]} if dialect.name == "postgresql" else {}
    )
    return [
        f"GRANT {', '.join(kinds)} ON {'SEQUENCE ' if name == SEQUENCE else ''}{name} TO {who}"
        for name, kinds in missing.items()
    ]


def _sentence(connection: sa.Connection, missing: dict[str, list[str]]) -> str:
    if connection.dialect.name == "postgresql":
        who = str(connection.execute(sa.text("SELECT quote_ident(current_user)")).scalar_one())
    else:
        name, _, host = str(connection.execute(sa.text("SELECT current_user()")).scalar_one()).rpartition("@")
        who = f"'{name}'@'{host}'"
    return "; ".join(grants(connection.dialect, who, missing))
