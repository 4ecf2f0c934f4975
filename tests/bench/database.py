"""What an open console asks of a database: how many statements, how long each takes, how deep pages lie."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import sqlalchemy as sa

from tests.bench.figures import Figure, at_most, median
from tests.bench.world import World, mariadb_connection, sqlite_connection
from unstick.backends.sql.journal_file import local_path
from unstick.recovery.port import Backend
from unstick.recovery.query import Query, Term

FIFTY = Query(sort="created", descending=True, limit=50)
NEWEST = 10_000
"""As the console asks it."""
IN_VAIN = Query(terms=(Term("text", "=", "there is no such text"),), newest=NEWEST)
BY_HAND = (
    "SELECT id, kind, status, step, error, created_at, started_at, heartbeat_at, finished_at FROM bench_job "
    "ORDER BY created_at DESC, id DESC LIMIT 50"
)
SHARES = {"postgresql": 3, "mariadb": 2, "sqlite": 6}
"""By how much a page may be slower than the driver alone. SQLite answers within microseconds, so that there
it is told only that the thread costs little."""


@dataclass(slots=True)
class Statements:
    """The statements that were executed while it listened, and the milliseconds of each."""

    texts: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    begun: float = 0.0


@contextmanager
def listening() -> Iterator[Statements]:
    """Note every statement of every engine but the local journal's, which is a file of our own."""
    noted = Statements()

    def ours(connection: sa.Connection) -> bool:
        return local_path().name in str(connection.engine.url)

    def before(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if not ours(connection):
            noted.texts.append(statement)
            noted.begun = time.perf_counter()

    def after(connection: sa.Connection, *_: Any) -> None:
        if not ours(connection):
            noted.took.append((time.perf_counter() - noted.begun) * 1000)

    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    sa.event.listen(sa.Engine, "after_cursor_execute", after)
    try:
        yield noted
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", before)
        sa.event.remove(sa.Engine, "after_cursor_execute", after)


async def refresh(backend: Backend) -> None:
    """Ask what an open console asks for one refresh of its list."""
    await backend.page(Query(newest=NEWEST))
    await backend.counts(newest=NEWEST)
    await backend.queue()


def database(world: World) -> Iterator[Figure]:
    """A refresh and pages on the three databases."""
    for engine in world.sizes.engines:
        url = world.rows(engine)
        yield from asyncio.run(_refreshes(world, engine, url))
        yield from asyncio.run(_pages(world, engine, url))


async def _refreshes(world: World, engine: str, url: str) -> list[Figure]:
    backend = world.backend(url)
    await backend.open()
    try:
        await refresh(backend)
        with listening() as noted:
            for _ in range(world.sizes.starts):
                await refresh(backend)
    finally:
        await backend.close()
    number = len(noted.texts) / world.sizes.starts
    each = [median(noted.took[i :: int(number)]) for i in range(int(number))]
    rows = f"{world.sizes.rows[engine]:,} rows"
    return [
        at_most(f"database.statements.{engine}", "statements of a refresh", number, "", limit=3),
        at_most(f"database.slowest.{engine}", f"its slowest statement, {rows}", max(each), "ms", limit=10),
        at_most(f"database.refresh.{engine}", f"all of its statements, {rows}", sum(each), "ms"),
    ]


async def _pages(world: World, engine: str, url: str) -> list[Figure]:
    backend = world.backend(url)
    await backend.open()
    try:
        first = await backend.page(FIFTY)
        deep = json.dumps(_at_depth(json.loads(first.next or "{}"), world, engine, url))
        near, far, end, searched, raw = await _in_turns(
            world.sizes.pages,
            lambda: backend.page(FIFTY, first.next),
            lambda: backend.page(FIFTY, deep),
            lambda: backend.page(replace(FIFTY, backwards=True)),
            lambda: backend.page(IN_VAIN),
            await _raw(engine, url),
        )
    finally:
        await backend.close()
    share = SHARES[engine]
    return [
        at_most(
            f"database.deep.{engine}", "keyset page at half the depth", far, "ms", 1.5, near, "second page"
        ),
        at_most(f"database.end.{engine}", "last page of all", end, "ms", 1.5, near, "second page"),
        at_most(f"database.search.{engine}", "text that is nowhere, among the newest 10,000", searched, "ms"),
        at_most(f"database.page.{engine}", "page of 50", near, "ms", share, raw, "driver alone"),
    ]


async def _in_turns(times: int, *calls: Callable[[], Awaitable[object]]) -> list[float]:
    """Return for each call the median of its milliseconds."""
    found: list[list[float]] = [[] for _ in calls]
    for _ in range(times):
        for place, call in enumerate(calls):
            begun = time.perf_counter()
            _ = await call()
            found[place].append((time.perf_counter() - begun) * 1000)
    return [median(each) for each in found]


def _at_depth(cursor: dict[str, Any], world: World, engine: str, url: str) -> dict[str, Any]:
    """Return the cursor of a page at half the depth: another row's values in the place of the last row's."""
    half = world.sizes.rows[engine] // 2
    [(name, (segment, _, now))] = cursor.items()
    statement = f"SELECT created_at FROM bench_job WHERE id = {half}"
    if engine == "postgresql":
        created = world.postgres.execute(statement, database=urlsplit(url).path[1:])
    elif engine == "mariadb":
        with closing(mariadb_connection(url)) as connection, connection.cursor() as one:
            one.execute(statement.replace("created_at", "CAST(created_at AS CHAR)", 1))
            [(created,)] = one.fetchall()
    else:
        with closing(sqlite_connection(url)) as file:
            [(created,)] = file.execute(statement).fetchall()
    # A key is text where the database's images are text.
    return {name: [segment, [created, half if engine != "postgresql" else str(half)], now]}


async def _raw(engine: str, url: str) -> Callable[[], Awaitable[object]]:
    """Return a call that fetches the same fifty rows with the driver alone."""
    if engine == "postgresql":
        connection = await asyncpg.connect(url)
        return lambda: connection.fetch(BY_HAND)
    if engine == "mariadb":
        held = mariadb_connection(url)

        def ask() -> object:
            with held.cursor() as one:
                one.execute(BY_HAND)
                return one.fetchall()

        return lambda: asyncio.to_thread(ask)
    file = sqlite_connection(url)
    file.close()

    def read() -> object:
        with closing(sqlite_connection(url)) as own:
            return own.execute(BY_HAND).fetchall()

    return lambda: asyncio.to_thread(read)
