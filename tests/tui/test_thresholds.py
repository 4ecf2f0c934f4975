"""Which age counts in the console: as on the command line, the system's own variable before the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.sides import connect
from tests.harness.sqlite import create_database
from tests.tui.driver import JobScreen, console
from unstick.backends import create_backend
from unstick.backends.demo.ddl import statements
from unstick.recovery.source import Source

STARTED = "2020-01-01 00:00:00"


async def hanging(path: Path) -> str:
    """A queue with one job that runs since 2020."""
    url = create_database(path)
    side = await connect(url)
    for statement in statements("artitec", "sqlite"):
        await side.run(statement)
    await side.run(
        "INSERT INTO collection_jobs"
        " (job_id, entity_type, job_type, status, started_at, created_at, updated_at)"
        " VALUES ('JOB-1', 'builder', 'update', 'running', ?, ?, ?)",
        *(STARTED, STARTED, STARTED),
    )
    await side.close()
    return url


@pytest.mark.parametrize(("minutes", "stuck"), [(None, False), ("30", True)])
async def test_the_systems_own_variable_goes_before_the_file(
    minutes: str | None, stuck: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if minutes is not None:
        monkeypatch.setenv("ARTITEC_JOB_TIMEOUT_MINUTES", minutes)
    url = await hanging(tmp_path / "jobs.db")
    source = Source("queue", url, refresh_s=3600.0, thresholds={"stuck": 3600.0 * 24 * 36_500})
    async with console(others=[(lambda: create_backend(source), source)], size=(120, 40)) as c:
        await c.press("]")
        await c.until_shows("JOB-1")
        assert ("! stuck" in c.text) is stuck
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await c.until_shows("Fields")
        assert ("Why it is stuck" in c.text) is stuck
