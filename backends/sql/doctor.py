"""Checks of one source, each for itself: what fails says so, and the others go on.

First what is asked of any server (doctor_server, doctor_limits, doctor_pooler), then which job system it
holds (doctor_profile), and last what needs that to be open.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from unstick.recovery.errors import BackendError, Unreachable, UnstickError
from unstick.recovery.model import Capabilities
from unstick.recovery.query import Query
from unstick.recovery.source import Source

from .backend import SqlBackend
from .doctor_check import Check
from .doctor_limits import limits
from .doctor_pooler import mysql_proxy, pooler
from .doctor_profile import columns, fingerprint
from .doctor_server import Question, clock, replica, tls, version

__all__ = ["Check", "check"]

FIRST = "correct this first"
Examine = Callable[[], Awaitable[list[Check]]]


async def check(source: Source) -> list[Check]:
    """Look at a source and return the findings in order. Never raises ours: what can't be asked is one."""
    try:
        backend = SqlBackend(source)
    except UnstickError as error:
        return [Check("configuration", False, str(error), FIRST)]
    try:
        reached = await _guarded("connection", lambda: _reach(backend))
        if not reached[-1].ok:
            return reached
        return reached + await _examine(backend, source)
    finally:
        await backend.close()


async def _examine(backend: SqlBackend, source: Source) -> list[Check]:
    found: list[Check] = []
    for name, question in (("server", version), ("tls", tls)):
        found += await _guarded(name, _asked(backend, source, question), vital=False)
    found += await _guarded("pooler", lambda: _between(backend, source), vital=False)
    for name, question in (("replica", replica), ("timeouts", limits), ("clock", clock)):
        found += await _guarded(name, _asked(backend, source, question), vital=False)
    for name, question in (("fingerprint", fingerprint), ("columns", columns)):
        found += await _guarded(name, _asked(backend, source, question))
    opened = await _guarded("profile", lambda: _open(backend))
    found += opened
    if not opened[0].ok:
        return found
    last: tuple[tuple[str, Callable[[SqlBackend], Awaitable[list[Check]]]], ...]
    last = (("reading", _reads), ("indexes", _indexes), ("verbs", _verbs), ("writing", _writes))
    for name, examine in last:
        found += await _guarded(name, lambda examine=examine: examine(backend))  # type: ignore[misc]
    return found


def _asked(backend: SqlBackend, source: Source, question: Question) -> Examine:
    return lambda: backend.examine(lambda connection: question(connection, source))


async def _guarded(name: str, examine: Examine, *, vital: bool = True) -> list[Check]:
    """Return the findings, or that there are none. What is not `vital`, an account need not be allowed to
    ask."""
    try:
        return await examine()
    except UnstickError as error:
        if not vital and isinstance(error, BackendError) and not isinstance(error, Unreachable):
            return [Check(name, True, f"can't be told: {error}", "nothing depends on it", note=True)]
        return [Check(name, False, str(error), FIRST)]
    except Exception as error:
        told = f"this could not be checked: {type(error).__name__}: {error}"
        return [Check(name, False, told, "this is a mistake in unstick; please report it")]


async def _reach(backend: SqlBackend) -> list[Check]:
    start = time.monotonic()
    await backend.examine(lambda connection: connection.exec_driver_sql("SELECT 1").close())
    milliseconds = (time.monotonic() - start) * 1000
    return [Check("connection", True, f"open in {milliseconds:.0f} ms")]


async def _between(backend: SqlBackend, source: Source) -> list[Check]:
    engine = await backend.examine(lambda connection: connection.dialect.name)
    if engine == "postgresql":
        return await pooler(source)
    return [] if engine == "sqlite" else await _asked(backend, source, mysql_proxy)()


async def _open(backend: SqlBackend) -> list[Check]:
    await backend.open()
    known = backend.capabilities
    local = known.journal != "database"
    return [
        Check("profile", True, f"{known.profile} on {known.database}"),
        *(Check("problem", False, problem, "correct this, then look again") for problem in known.problems),
        Check(
            "journal",
            True,
            "in a local file on this machine" if local else "in the database",
            "`unstick migrate --apply` installs it for all operators" if local else "",
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


async def _verbs(backend: SqlBackend) -> list[Check]:
    """What the account may do, verb by verb; the grants that are missing come with `writing`."""
    if backend.capabilities.read_only:
        return []
    told = []
    for action in backend.capabilities.actions:
        lacking = await backend.missing_privileges(action.name)
        wanted = ", ".join(f"{one.privilege} {one.table}" for one in lacking)
        told.append(f"{action.name} not (without {wanted})" if lacking else f"{action.name} allowed")
    return [Check("verbs", True, ", ".join(told))] if told else []


async def _writes(backend: SqlBackend) -> list[Check]:
    if backend.capabilities.read_only:
        why = next(iter(backend.capabilities.refusal.values()), "the source is read-only")
        return [Check("writing", True, f"off: {why}")]
    lacking = await backend.missing_privileges()
    if lacking:
        return [
            Check("writing", False, f"this account may not {one.privilege} {one.table}", f"{one.grant};")
            for one in lacking
        ]
    return [Check("writing", True, await backend.can_write())]
