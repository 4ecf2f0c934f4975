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
