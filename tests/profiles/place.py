"""A fresh database, small invented tables in it, and consoles that read them by a profile of the test."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import sqlalchemy as sa

from tests.systems.databases import dialect_of, in_database
from unstick.backends import create_backend
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import Job, JobId, Variant
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query
from unstick.recovery.source import Source

STUCK = Query(stuck_only=True)


class Place:
    """One database and the consoles on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self._folder = url, folder
        self.engine = dialect_of(url)
        self._open: list[Backend] = []
        self._profiles = 0

    def pick(self, postgresql: str, mysql: str, sqlite: str) -> str:
        """Return the text for this database."""
        return {"postgresql": postgresql, "mysql": mysql, "sqlite": sqlite}[self.engine]

    async def run(self, *statements: str, zone: str | None = None) -> None:
        """Run statements as they are, in a session of the given time zone."""

        def work(connection: sa.Connection) -> None:
            if zone is not None and self.engine != "sqlite":
                name = "TIME ZONE" if self.engine == "postgresql" else "time_zone ="
                connection.exec_driver_sql(f"SET {name} '{zone}'")
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%") if self._formats else statement)

        await in_database(self.url, work)

    @property
    def _formats(self) -> bool:
        return self.engine == "mysql"

    async def rows(self, select: str) -> list[tuple[Any, ...]]:
        """Return what a SELECT gives."""
        return await in_database(
            self.url, lambda connection: [tuple(row) for row in connection.exec_driver_sql(select)]
        )

    async def value(self, select: str) -> Any:
        """Return the one value that a SELECT gives."""
        [[value]] = await self.rows(select)
        return value

    def ago(self, seconds: float, clock: str = "utc") -> str:
        """SQL for a time so many seconds ago, as a column of the clock holds it."""
        return self.pick(_postgresql(seconds, clock), _mysql(seconds, clock), _sqlite(seconds, clock))

    def profile(self, text: str) -> str:
        """Write a profile and return its path."""
        self._profiles += 1
        path = self._folder / f"profile{self._profiles}.toml"
        path.write_text(dedent(text), "utf-8")
        return str(path)

    async def console(self, profile: str, **settings: Any) -> Backend:
        """Open a console by a profile's text."""
        return await self.console_of(self.profile(profile), **settings)

    async def console_of(self, profile: str, **settings: Any) -> Backend:
        """Open a console by the name or path of a profile."""
        backend = create_backend(Source("here", self.url, profile=profile, **settings))
        self._open.append(backend)
        await backend.open()
        return backend

    async def close(self) -> None:
        """Close every console."""
        for backend in self._open:
            await backend.close()


def _postgresql(seconds: float, clock: str) -> str:
    past = f"now() - interval '1 second' * {seconds}"
    return {
        "zoned": f"({past})",
        "utc": f"(({past}) AT TIME ZONE 'UTC')",
        "local": f"({past})::timestamp",
        "epoch_s": f"floor(extract(epoch FROM {past}))::bigint",
        "epoch_ms": f"floor(extract(epoch FROM {past}) * 1000)::bigint",
        "iso": f"""to_char(({past}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    }[clock]


def _mysql(seconds: float, clock: str) -> str:
    micros = int(seconds * 1_000_000)
    local, utc = (f"{now}(6) - INTERVAL {micros} MICROSECOND" for now in ("NOW", "UTC_TIMESTAMP"))
    return {
        "zoned": f"({local})",
        "utc": f"({utc})",
        "local": f"({local})",
        "epoch_s": f"floor(unix_timestamp({local}))",
        "epoch_ms": f"floor(unix_timestamp({local}) * 1000)",
        "iso": f"DATE_FORMAT({utc}, '%Y-%m-%dT%H:%i:%s.%fZ')",
    }[clock]


def _sqlite(seconds: float, clock: str) -> str:
    past = f"'now', '{-seconds:+.3f} seconds'"
    return {
        "zoned": f"strftime('%Y-%m-%d %H:%M:%f+00:00', {past})",
        "utc": f"strftime('%Y-%m-%d %H:%M:%f', {past})",
        "local": f"strftime('%Y-%m-%d %H:%M:%f', {past}, 'localtime')",
        "epoch_s": f"CAST(strftime('%s', {past}) AS INTEGER)",
        "epoch_ms": f"CAST((julianday({past}) - 2440587.5) * 86400000 AS INTEGER)",
        "iso": f"strftime('%Y-%m-%dT%H:%M:%fZ', {past})",
    }[clock]


async def stuck(backend: Backend, thresholds: Mapping[str, float | None] | None = None) -> set[str]:
    """Return the ids of what is stuck; page, count and plan must agree about it."""
    found = await backend.page(Query(stuck_only=True, thresholds=thresholds or {}))
    ids = {str(job.id) for job in found.rows}
    assert (await backend.counts(thresholds)).stuck == len(ids)
    shown = await backend.page(Query(thresholds=thresholds or {}))
    assert {str(job.id) for job in shown.rows if job.verdict} == ids
    return ids


async def job(backend: Backend, name: str) -> Job:
    """Return one job."""
    return await backend.job(JobId(name))


async def variants(backend: Backend, name: str) -> dict[str, Variant]:
    """Return a job's variants by id."""
    return {str(variant.id): variant for variant in await backend.variants(JobId(name))}


async def plan(backend: Backend, action: str, *ids: str, **options: Any) -> Plan:
    """Plan an action of these jobs, or of everything that is stuck."""
    selection: Query | Sequence[JobId] = [JobId(name) for name in ids] if ids else STUCK
    return await backend.plan(action, selection, Options(**options))


async def act(backend: Backend, action: str, *ids: str, **options: Any) -> Result:
    """Plan and apply, and see that every row that was asked for has an outcome."""
    made = await plan(backend, action, *ids, **options)
    result = await apply(backend, made)
    assert result.counts.total == len(made.rows)
    return result


async def undo(backend: Backend, result: Result) -> Result:
    """Undo an operation."""
    return await apply(backend, await backend.plan_undo(result.operation, Options()))
