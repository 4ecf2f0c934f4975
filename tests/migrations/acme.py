"""A job system before and after its migration, on a fresh database."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.profiles.place import Place
from tests.systems.databases import in_database
from unstick.backends import migrate
from unstick.backends.sql.migration import Migrated
from unstick.recovery.port import Backend
from unstick.recovery.source import Source

PROFILE = """
name = "acme"
clock = "utc"

[recognise]
orders = ["id", "state", "beat_at", "tries"]

[[jobs]]
table = "orders"
key = ["id"]
status = "state"
columns = { kind = "queue", retries = "tries" }
times = { updated = "beat_at" }
states = { pending = ["queued"], running = ["working"], done = ["ok"] }
token = ["paused"]

[[jobs.rules]]
name = "stuck"
statuses = ["working"]
age_of = ["updated"]
older_than = "10m"

[jobs.actions.recover]
verb = "put back into the queue"
only_stuck = true
set = { state = "queued", beat_at = { now = true }, tries = { increment = 1 }, why = "stuck" }

[jobs.actions.pause]
verb = "pause"
attempt = false
set = { paused = true }

[jobs.actions.tidy]
verb = "tidy up what is paused"
attempt = false
guards = [{ sql = "j.paused", refuse = "not paused" }]
set = { state = "ok" }

[[migration.columns]]
table = "orders"
column = "tries"
type = "integer"
default = 0

[[migration.columns]]
table = "orders"
column = "why"
type = "varchar(32)"

[[migration.columns]]
table = "orders"
column = "paused"
type = "boolean"
default = false
null = false

[[migration.columns]]
table = "order items"
column = "select"
type = "varchar(20)"
default = "it's 100%"

[[migration.indexes]]
name = "idx_orders_tries"
table = "orders"
columns = ["tries"]

[[migration.indexes]]
name = "idx_orders_state_why"
table = "orders"
columns = ["state", "why"]
where = "why IS NOT NULL AND state <> 'a:b%'"

[[migration.steps]]
name = "pause_mail"
title = "pause all mail"
action = "pause"
where = "j.queue = 'mail'"
"""
"""Table, column and default are chosen to be wrong wherever they are not quoted."""
COLUMNS = ("tries", "why", "paused")
INDEXES = ("idx_orders_tries", "idx_orders_state_why")
RECORD = "unstick_migration"


class Acme:
    """The system on one database, with three orders: the first two are stuck, the first one is mail."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.url, self.engine, self.path = place.url, place.engine, place.profile(PROFILE)

    async def create(self) -> None:
        """Make the tables as they are before the migration."""
        quote = self.quote
        await self.place.run(
            f"CREATE TABLE orders (id INT PRIMARY KEY, state {self.text}, queue {self.text}, "
            f"beat_at {self.time})",
            f"CREATE TABLE {quote('order items')} (id INT PRIMARY KEY)",
            *(
                f"INSERT INTO orders VALUES ({number}, '{state}', '{queue}', {self.place.ago(7200)})"
                for number, state, queue in ((1, "working", "mail"), (2, "working", "sms"), (3, "ok", "mail"))
            ),
            f"INSERT INTO {quote('order items')} VALUES (1)",
        )

    @property
    def text(self) -> str:
        return self.place.pick("text", "text", "TEXT")

    @property
    def time(self) -> str:
        return self.place.pick("timestamp", "datetime(6)", "TEXT")

    def quote(self, name: str) -> str:
        return f"`{name}`" if self.engine == "mysql" else f'"{name}"'

    def source(self, **settings: Any) -> Source:
        given = {"url": self.url, "profile": self.path, **settings}
        return Source("here", **given)

    async def shows(self, **options: Any) -> Migrated:
        """What `unstick migrate` shows."""
        return await migrate(self.source(), **options)

    async def applies(self, *, settings: dict[str, Any] | None = None, **options: Any) -> Migrated:
        """What `unstick migrate --apply` does."""
        return await migrate(self.source(**(settings or {})), apply=True, **options)

    async def console(self, **settings: Any) -> Backend:
        """A console opened anew."""
        return await self.place.console_of(self.path, **settings)

    async def tables(self) -> dict[str, set[str]]:
        """Every table with the names of its columns."""

        def look(connection: sa.Connection) -> dict[str, set[str]]:
            inspector = sa.inspect(connection)
            return {
                table: {column["name"] for column in inspector.get_columns(table)}
                for table in inspector.get_table_names()
            }

        return await in_database(self.url, look)

    async def indexes(self, table: str = "orders") -> dict[str, list[str | None]]:
        """The indexes of a table by name."""

        def look(connection: sa.Connection) -> dict[str, list[str | None]]:
            return {
                str(one["name"]): one["column_names"] for one in sa.inspect(connection).get_indexes(table)
            }

        return await in_database(self.url, look)

    async def dump(self) -> list[tuple[Any, ...]]:
        """What the orders hold, as far as every order has it."""
        return await self.place.rows("SELECT id, state, queue, beat_at FROM orders ORDER BY id")

    async def is_bare(self) -> bool:
        """Whether the tables are as they were before the migration."""
        tables = await self.tables()
        names = {name for name in tables if not name.startswith("unstick")}
        return (
            names == {"orders", "order items"}
            and RECORD not in tables
            and tables["orders"] == {"id", "state", "queue", "beat_at"}
            and tables["order items"] == {"id"}
            and not await self.indexes()
        )


def statements(migrated: Migrated, word: str = "") -> list[str]:
    """The statements without remarks, of those that hold a word."""
    return [sql for sql in migrated.sql if not sql.startswith("--") and word in sql]


def remarks(migrated: Migrated) -> str:
    return "\n".join(sql for sql in migrated.sql if sql.startswith("--"))


def reasons(migrated: Migrated) -> dict[str, str]:
    return dict(migrated.left_out)


async def made(url: str, folder: Path) -> Acme:
    """The system on a fresh database."""
    acme = Acme(Place(url, folder))
    await acme.create()
    return acme
