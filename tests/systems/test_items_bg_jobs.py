"""bg_jobs: plans that only add to the queue, and jobs that say nothing of recovery."""

import pytest

from tests.systems.bg_jobs import ROWS, Here, act, plan, rules
from tests.systems.databases import create_tables, in_database
from unstick.backends.demo import seed
from unstick.backends.demo.seed_bg_jobs import job_id
from unstick.cli.changes import change_words
from unstick.tui.screens.plan_text import changes


async def test_a_recovery_that_only_adds_to_the_queue_is_not_called_a_deletion(database_url: str) -> None:
    await create_tables(database_url, "bg_jobs")
    await in_database(database_url, lambda connection: seed.insert(connection, "bg_jobs", ROWS))
    here = Here(database_url)
    try:
        backend = await here.console()
        [recovered] = (await plan(backend, "recover", job_id("stuck"))).rows
        assert change_words(recovered) == "new row in river_job"
        assert list(changes(recovered)) == []
    finally:
        await here.close()


async def test_a_job_that_does_not_say_goes_by_the_default_of_the_environment(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_tables(postgres_url, "bg_jobs")
    await in_database(postgres_url, lambda connection: seed.insert(connection, "bg_jobs", ROWS))
    here = Here(postgres_url)
    # The document's column always says; where it was added without its default, a job may not.
    await here.run("ALTER TABLE jobs ALTER COLUMN enable_recovery DROP NOT NULL")
    await here.run("UPDATE jobs SET enable_recovery = NULL WHERE id = :id", id=job_id("stuck"))
    try:
        assert (await rules(await here.console()))[job_id("stuck")] == "stuck"
        monkeypatch.setenv("DEFAULT_RECOVERY_ENABLED", "no")
        found = await rules(await here.console())
        assert found[job_id("stuck")] == "disabled"
        assert found[job_id("stuck", 1)] == "stuck", "it says itself that it is recovered"
    finally:
        await here.close()


async def test_recovery_is_switched_off_and_on_for_one_job(database_url: str) -> None:
    await create_tables(database_url, "bg_jobs")
    await in_database(database_url, lambda connection: seed.insert(connection, "bg_jobs", ROWS))
    here = Here(database_url)
    try:
        backend = await here.console()
        for action, rule in (("recovery_off", "disabled"), ("recovery_on", "stuck")):
            assert (await act(backend, action, job_id("stuck"))).counts.applied == 1
            found = await rules(backend)
            assert (found[job_id("stuck")], found[job_id("stuck", 1)]) == (rule, "stuck")
    finally:
        await here.close()
