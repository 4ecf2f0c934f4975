"""Checks of one source: reachable, recognised, columns, privileges to read, clock, journal, indexes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from unstick.recovery.errors import UnstickError
from unstick.recovery.model import Capabilities
from unstick.recovery.query import Query
from unstick.recovery.source import Source

from .backend import SqlBackend

SKEW_S = 5.0
"""A difference between the two clocks that is worth a word; verdicts use the database's clock in any case."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `advice` says what to do when `ok` is False, or is worth knowing all the same.

    `note` marks what is no mistake, but whose advice is worth reading.
    """

    name: str
    ok: bool
    detail: str
    advice: str = ""
    note: bool = False


async def check(source: Source) -> list[Check]:
    """Look at a source and return the findings in order; the first one that fails ends the list."""
    backend = SqlBackend(source)
    found: list[Check] = []
    try:
        for examine in (_open, _clock, _reads, _indexes, _writes):
            found += await _guarded(examine, backend)
            if found[-1].name == examine.__name__.strip("_") and not found[-1].ok:
                break
    finally:
        await backend.close()
    return found


async def _guarded(
    examine: Callable[[SqlBackend], Awaitable[list[Check]]], backend: SqlBackend
) -> list[Check]:
    try:
        return await examine(backend)
    except UnstickError as error:
        return [Check(examine.__name__.strip("_"), False, str(error), "correct this first")]


async def _open(backend: SqlBackend) -> list[Check]:
    start = time.monotonic()
    await backend.open()
    known = backend.capabilities
    milliseconds = (time.monotonic() - start) * 1000
    return [
        Check("connection", True, f"{known.version} at {known.database}, open in {milliseconds:.0f} ms"),
        Check("profile", True, known.profile),
        *(Check("problem", False, problem, "correct this, then look again") for problem in known.problems),
        Check(
            "journal",
            True,
            "in the database" if known.journal == "database" else "in a local file on this machine",
            "" if known.journal == "database" else "`unstick migrate --apply` installs it for all operators",
        ),
        *_migration(known),
        Check("locks", True, _locks(known)),
    ]


def _migration(known: Capabilities) -> list[Check]:
    if not known.not_migrated:
        return []
    detail = f"not there yet: {', '.join(known.not_migrated)}; what needs them is left out"
    return [Check("migration", True, detail, "`unstick migrate` shows how they would be added")]


def _locks(known: Capabilities) -> str:
    if known.engine == "sqlite":
        return "one writer at a time for the whole file"
    return "SKIP LOCKED" if known.skip_locked else "no SKIP LOCKED: rows that a worker holds are waited for"


async def _clock(backend: SqlBackend) -> list[Check]:
    start = time.monotonic()
    now = await backend.clock()
    trip = time.monotonic() - start
    skew = (datetime.now(UTC) - now).total_seconds() - trip / 2
    advice = "verdicts use the database's clock; correct this machine's" if abs(skew) > SKEW_S else ""
    return [
        Check("clock", True, f"{skew:+.1f} s from the database's, round trip {trip * 1000:.0f} ms", advice)
    ]


async def _reads(backend: SqlBackend) -> list[Check]:
    counts = await backend.counts()
    start = time.monotonic()
    await backend.page(Query(limit=50))
    milliseconds = (time.monotonic() - start) * 1000
    detail = f"{counts.total} jobs, {counts.stuck} stuck; a page of 50 in {milliseconds:.0f} ms"
    return [Check("reading", True, detail)]


async def _indexes(backend: SqlBackend) -> list[Check]:
    missing = (await backend.health()).missing
    if not missing:
        return [Check("indexes", True, "the tables have what the questions of a console look for")]
    return [
        Check("indexes", True, f"{one.place} is missing, for {one.why}", f"{one.statement};", note=True)
        for one in missing
    ]


async def _writes(backend: SqlBackend) -> list[Check]:
    if backend.capabilities.read_only:
        return [Check("writing", True, "off: the source is read-only", "open it with --write to change rows")]
    lacking = await backend.missing_privileges()
    if lacking:
        return [
            Check("writing", False, f"this account may not {one.privilege} {one.table}", f"{one.grant};")
            for one in lacking
        ]
    return [Check("writing", True, await backend.can_write())]
