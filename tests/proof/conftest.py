"""The three databases that everything here is proven on, each with the journal inside and outside."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.tables import Engine
from tests.contract.world import System
from tests.proof.proof import Keeping, Proof

PLACES: dict[str, tuple[System, Engine, str]] = {
    "postgresql": ("extraction", "postgresql", "postgres_url"),
    "mariadb": ("artitec", "mysql", "mariadb_url"),
    "sqlite": ("extraction", "sqlite", "sqlite_url"),
}


@pytest.fixture(params=["database", "local"])
def keeping(request: pytest.FixtureRequest) -> Keeping:
    """Where the journal is kept."""
    chosen: Keeping = request.param
    return chosen


@pytest.fixture(params=PLACES)
async def proof(request: pytest.FixtureRequest, keeping: Keeping) -> AsyncIterator[Proof]:
    """An empty system on each of the three databases, for each place of the journal."""
    system, engine, fixture = PLACES[request.param]
    made = await Proof.create(system, engine, request.getfixturevalue(fixture), keeping)
    yield made
    await made.close()
