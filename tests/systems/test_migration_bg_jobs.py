"""bg_jobs around its migration: what it says before, recovery off and on again, and the full roll-back."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, in_database
from unstick.backends import create_backend, migrate
from unstick.backends.demo import seed
from unstick.cli import main
from unstick.recovery.errors import SchemaMismatch
from unstick.recovery.source import Source

ADDED = {"current_interval_id", "interval_progress", "interval_started_at", "enable_recovery"}
INDEX = "idx_jobs_incomplete_intervals"


class Jobs:
    """The system's database with the demo's rows, and `unstick migrate` on it."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url, self._capsys = url, capsys
        self.source = Source("here", url, profile="bg_jobs")

    async def migrate(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run the command and return the one object that it prints."""
        self._capsys.readouterr()
        ran = await asyncio.to_thread(main, ["migrate", "--source", "here", "--json", *words])
        out, err = self._capsys.readouterr()
        assert ran == code, (out, err)
        found: dict[str, Any] = json.loads(out)
        return found

    async def enabled(self) -> dict[tuple[str, bool], int]:
        """How many jobs there are by type and by whether recovery is on for them."""
        statement = sa.text("SELECT type, enable_recovery, count(*) FROM jobs GROUP BY type, enable_recovery")

        def read(connection: sa.Connection) -> dict[tuple[str, bool], int]:
            return {(str(kind), bool(on)): int(number) for kind, on, number in connection.execute(statement)}

        return await in_database(self.url, read)

    async def shape(self) -> tuple[set[str], set[str | None]]:
        """The columns and indexes of the jobs."""

        def look(connection: sa.Connection) -> tuple[set[str], set[str | None]]:
            inspector = sa.inspect(connection)
            columns = {str(one["name"]) for one in inspector.get_columns("jobs")}
            return columns, {one["name"] for one in inspector.get_indexes("jobs")}

        return await in_database(self.url, look)


@pytest.fixture
async def jobs(
    database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path
) -> Jobs:
    await create_tables(database_url, "bg_jobs")
    await in_database(
        database_url, lambda connection: seed.insert(connection, "bg_jobs", seed.rows("bg_jobs"))
    )
    config = home / "config.toml"
    config.write_text(f'[sources.here]\nurl = "{database_url}"\nprofile = "bg_jobs"\n')
    monkeypatch.setenv("UNSTICK_CONFIG", str(config))
    return Jobs(database_url, capsys)


async def test_recovery_is_switched_off_for_interval_jobs_only_and_back_as_it_was(jobs: Jobs) -> None:
    before = await jobs.enabled()
    assert before["interval", True]
    assert before["interval", False]
    shown = await jobs.migrate("--step", "recovery_off")
    assert shown["planned"] == before["interval", True]
    assert await jobs.enabled() == before
    await jobs.migrate("--step", "recovery_off", "--apply", "--yes")
    off = await jobs.enabled()
    assert ("interval", True) not in off
    assert {key: number for key, number in off.items() if key[0] != "interval"} == {
        key: number for key, number in before.items() if key[0] != "interval"
    }
    assert (await jobs.migrate("--step", "recovery_off", "--apply", "--yes"))["planned"] == 0
    await jobs.migrate("--step", "recovery_off", "--rollback", "--apply", "--yes")
    assert await jobs.enabled() == before
    await jobs.migrate("--step", "recovery_on", "--apply", "--yes")
    assert ("interval", False) not in await jobs.enabled()


async def test_the_document_s_full_roll_back_is_one_word_and_nothing_less(jobs: Jobs) -> None:
    """Its columns were added by the application here, and hold what the intervals have come to."""
    before = await jobs.shape()
    kept = await jobs.migrate("--rollback", "--apply", "--yes")
    assert kept["left_out"] == []
    assert await jobs.shape() == before
    await jobs.migrate("--rollback", "--apply", "--yes", "--drop", "all")
    columns, indexes = await jobs.shape()
    assert columns == before[0] - ADDED
    assert indexes == before[1] - {INDEX}


async def test_what_intervals_have_come_to_is_not_lost_by_a_plain_roll_back(jobs: Jobs) -> None:
    await migrate(jobs.source, rollback=True, apply=True, drop=["all"])
    await migrate(jobs.source, apply=True)
    await in_database(
        jobs.url,
        lambda connection: connection.execute(
            sa.text("UPDATE jobs SET interval_progress = '{}' WHERE type = 'interval'")
        ),
    )
    kept = await jobs.migrate("--rollback", "--apply", "--yes", code=1)
    assert [one["name"] for one in kept["left_out"]] == ["jobs.interval_progress"]
    assert "which would be lost" in kept["left_out"][0]["reason"]
    assert (await jobs.shape())[0] & ADDED == {"interval_progress"}


async def test_before_its_migration_it_says_what_to_do(jobs: Jobs) -> None:
    await migrate(jobs.source, rollback=True, apply=True, drop=["all"])
    backend = create_backend(jobs.source)
    with pytest.raises(
        SchemaMismatch, match=r"can't do without jobs\.current_interval_id.*`unstick migrate --apply`"
    ):
        await backend.open()
    await backend.close()
    await jobs.migrate("--apply", "--yes")
    backend = create_backend(jobs.source)
    await backend.open()
    assert (await backend.counts()).total > 0
    await backend.close()
