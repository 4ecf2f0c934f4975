"""bg_jobs: what a person reads in a plan that only puts a row into the queue."""

from tests.systems.bg_jobs import ROWS, Here, plan
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
