"""The database that a test of the profile format makes its tables in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.profiles.place import Place


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    """An empty database; the test runs once on each of the three."""
    made = Place(database_url, tmp_path)
    yield made
    await made.close()


@pytest.fixture
async def postgres_place(postgres_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    """An empty database on PostgreSQL, for what only that has."""
    made = Place(postgres_url, tmp_path)
    yield made
    await made.close()
