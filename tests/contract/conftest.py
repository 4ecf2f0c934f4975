"""The worlds that every contract test runs in."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.memory_world import MemoryWorld
from tests.contract.tables import Engine
from tests.contract.world import System, World
from unstick.recovery.port import Backend

SYSTEMS: tuple[System, ...] = ("artitec", "extraction")
URLS: dict[str, tuple[Engine, str]] = {
    "postgresql": ("postgresql", "postgres_url"),
    "mariadb": ("mysql", "mariadb_url"),
    "sqlite": ("sqlite", "sqlite_url"),
}


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> System:
    """One of the two systems."""
    chosen: System = request.param
    return chosen


@pytest.fixture(params=["memory", *URLS])
async def world(request: pytest.FixtureRequest, system: System) -> AsyncIterator[World]:
    """An empty system; the test runs once on each backend and for each system."""
    if request.param == "memory":
        yield MemoryWorld(system)
        return
    from tests.contract.sql_world import SqlWorld

    engine, fixture = URLS[request.param]
    made = await SqlWorld.create(system, engine, request.getfixturevalue(fixture))
    yield made
    await made.close()


@pytest.fixture
async def backend(world: World) -> Backend:
    """A console on the world."""
    return await world.console()
