"""The job system that tests migrate."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.migrations.acme import Acme, made


@pytest.fixture
async def acme(database_url: str, tmp_path: Path) -> AsyncIterator[Acme]:
    """The system before its migration; the test runs once on each database."""
    system = await made(database_url, tmp_path)
    yield system
    await system.place.close()
