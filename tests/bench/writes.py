"""Recovering and deleting many rows, beside the best SQL that does the same work."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import psutil

from tests.bench import by_hand
from tests.bench.figures import Figure, at_least, at_most, percentile
from tests.bench.world import World, noted
from unstick.recovery.engine import CHUNK, Result, apply
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

STUCK = Query(stuck_only=True)
SLOWER = 1.5
CALM_S = 2.0
"""How long a worker is watched undisturbed."""
FEW = 300
"""Rows that are changed one by one: the others would take too long."""


def writes(world: World) -> Iterator[Figure]:
    """Recovery and deletion on the three databases."""
    for engine in world.sizes.engines:
        number = world.sizes.written[engine]
        with noted(f"recovering and deleting {number:,} rows on {engine}"):
            found = [*_recovered(world, engine, number), *_deleted(world, engine, number)]
        yield from found


def _recovered(world: World, engine: str, number: int) -> Iterator[Figure]:
    url = world.stuck(engine, number)
    planned, took, result = asyncio.run(_carried_out(world, url, "recover"))
    _check(result, number)
    raw = _timed(world, engine, number, "recover")
    line, what = f"writes.recover.{engine}", f"recover {number:,} rows, history and journal"
    yield at_most(line, what, took, "s", SLOWER, raw, "best SQL by hand")
    select = asyncio.run(_selected(world, url))
    yield at_most(
        f"writes.plan.{engine}", "dry run of them", planned, "s", 1.2, select, "listing the same rows"
    )
    if engine == "postgresql":
        few = world.stuck(engine, FEW)
        slow = asyncio.run(by_hand.one_by_one(few)) * number / FEW
        yield at_least(
            "writes.rows.postgresql", "rows per second", number / took, "/s", 20, number / slow, "one by one"
        )


def _deleted(world: World, engine: str, number: int) -> Iterator[Figure]:
    url = world.stuck(engine, number)
    world.run(engine, url, "UPDATE bench_job SET status = 'error'")
    _, took, result = asyncio.run(_carried_out(world, url, "delete"))
    _check(result, number)
    raw = _timed(world, engine, number, "delete")
    line, what = f"writes.delete.{engine}", f"delete {number:,} rows with 3 parts each"
    yield at_most(line, what, took, "s", SLOWER, raw, "best SQL by hand")


def _check(result: Result, number: int) -> None:
    applied = sum(row.outcome is Outcome.APPLIED for row in result.rows)
    if applied != number:
        raise RuntimeError(f"{applied:,} of {number:,} rows were applied: {result.error}")


async def _carried_out(world: World, url: str, action: str) -> tuple[float, float, Result]:
    """Return the seconds of the plan and of the apply, and what came of it."""
    backend = world.backend(url, statement_timeout_s=120)
    await backend.open()
    try:
        begun = time.perf_counter()
        plan = await _plan(backend, action)
        planned = time.perf_counter()
        result = await apply(backend, plan)
        return planned - begun, time.perf_counter() - planned, result
    finally:
        await backend.close()


async def _plan(backend: Backend, action: str) -> Plan:
    return await backend.plan(action, STUCK if action == "recover" else Query(), Options(reason="measured"))


async def _selected(world: World, url: str) -> float:
    """Return the seconds that it takes to list all rows, all of whose columns a plan shows."""
    backend = world.backend(url, statement_timeout_s=120)
    await backend.open()
    try:
        return await _clocked(lambda: backend.page(replace(Query(sort="id"), limit=10_000_000)))
    finally:
        await backend.close()


async def _clocked(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    _ = await work()
    return time.perf_counter() - begun


def _timed(world: World, engine: str, number: int, action: str) -> float:
    """Return the seconds of the same work by hand."""
    url = world.stuck(engine, number)
    if action == "delete":
        world.run(engine, url, "UPDATE bench_job SET status = 'error'")
    if engine == "postgresql":
        statement = by_hand.POSTGRESQL_RECOVER if action == "recover" else by_hand.POSTGRESQL_DELETE
        return asyncio.run(by_hand.postgresql(url, statement))
    return by_hand.others(
        engine, url, by_hand.OTHERS_RECOVER if action == "recover" else by_hand.OTHERS_DELETE
    )


def memory(world: World) -> Iterator[Figure]:
    """How much the memory grows while many rows are changed, compared with few."""
    number = world.sizes.written["postgresql"]
    grown = asyncio.run(_grown(world, world.stuck("postgresql", number)))
    what = f"memory that applying {number:,} rows adds to the plan's"
    yield at_most("writes.memory", what, grown, "MiB", limit=20)


async def _grown(world: World, url: str) -> float:
    backend, us = world.backend(url, statement_timeout_s=120), psutil.Process()
    await backend.open()
    try:
        plan = await _plan(backend, "recover")
        before = us.memory_info().rss
        most = [before]
        await apply(backend, plan, on_progress=lambda _: most.append(us.memory_info().rss))
        return float(max(most) - before) / 2**20
    finally:
        await backend.close()


def locks(world: World) -> Iterator[Figure]:
    """How long other workers wait for rows of the same table while they are recovered."""
    number = world.sizes.written["postgresql"]
    calm, busy = asyncio.run(_claims(world, world.stuck("postgresql", number), number))
    what = f"a worker's claim while {number:,} rows are recovered, p95"
    yield at_most("writes.claims", what, busy, "ms", 2, calm, "undisturbed")


async def _claims(world: World, url: str, number: int) -> tuple[float, float]:
    backend = world.backend(url, statement_timeout_s=120)
    await backend.open()
    plan = await _plan(backend, "recover")
    calm = await _claimed(url, number, CALM_S)
    busy = await _claimed(url, number, 0, lambda: apply(backend, plan, chunk=CHUNK))
    await backend.close()
    return calm, busy


async def _claimed(
    url: str, number: int, seconds: float, meanwhile: Callable[[], Awaitable[object]] | None = None
) -> float:
    """Return the milliseconds of a claim, p95. The worker is a process of its own, as workers are: what we
    compute between two statements must not look like his waiting."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.programs.claims", url, str(number), str(seconds)),
        stdin=PIPE,
        stdout=PIPE,
    )
    assert worker.stdout is not None
    await worker.stdout.readline()
    if meanwhile is not None:
        await meanwhile()
    told, _ = await worker.communicate(b"")
    return percentile(json.loads(told), 0.95)
