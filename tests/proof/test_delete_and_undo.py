"""What a delete took away comes back to the last bit; what runs is not deleted."""

import pytest

from tests.contract.world import outcomes
from tests.proof.dumps import dump_tables
from tests.proof.proof import Proof, on
from tests.proof.seams import before_the_lock
from tests.systems.databases import in_database
from unstick.backends.demo import seed
from unstick.backends.demo.insert import insert
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend

AWKWARD = {
    "postgresql": (
        # An infinite time, numbers in JSON that no double holds, arrays with all that needs quotes.
        "UPDATE kb.object_extraction_jobs SET completed_at = 'infinity', "
        """debug_info = '{"b": 1.00000000000000000001, "a": [1e400, "\\u00e9", null, true]}', """
        """discovered_types = ARRAY['a"b', NULL, '', 'NULL', '{x,y}', E'new\\nline'], """
        """source_metadata = NULL, error_message = E'\\r\\n\\ttab \\\\ ''quote''  '""",
        "UPDATE kb.object_extraction_logs SET details = '[]', logged_at = '4713-01-01 00:00:00+00 BC'",
    ),
    "mysql": (
        # Digits that a FLOAT has and its text has not, an instant in an hour that clocks repeat.
        "UPDATE collection_changes SET confidence = 0.123456789, "
        'proposed_entity_data = \'{"z": 1.0, "a": [ ]}\', '
        "old_value = 'caf\u00e9 \\\\ %s {now} :x', new_value = '', entity_id = 18446744073709551615",
        "UPDATE collection_jobs SET search_filters = '{\"k\" :  1.10}', error_message = '  trailing  ', "
        "updated_at = '2021-11-07 06:30:00', started_at = '2038-01-19 03:14:07'",
        "UPDATE entity_matches SET match_confidence = 0.3333333, updated_at = '2001-01-01 00:00:00'",
        "UPDATE collection_job_logs SET log_data = 'null'",
    ),
    "sqlite": (
        # Columns of SQLite hold anything: blobs, huge integers, infinite floats, text that is no UTF-8.
        "UPDATE object_extraction_jobs SET debug_info = x'00ff10', error_message = CAST(x'c328ff' AS TEXT), "
        "total_items = 9223372036854775807, processed_items = 0.1, successful_items = 9e999, "
        "failed_items = 'many', source_metadata = '{\"a\": 1.10}', error_details = 1e-320",
        "UPDATE object_extraction_logs SET details = x'', tokens_used = -0.0",
    ),
}


@pytest.mark.parametrize("kind", ["believable", "awkward", "hostile"])
async def test_undo_restores_every_column_of_a_deleted_job_and_its_children(proof: Proof, kind: str) -> None:
    backend = await proof.console()
    jobs = await seeded(proof, hostile=kind == "hostile")
    if kind == "awkward":
        for statement in AWKWARD[proof.engine]:
            await proof.world._side.run(statement)
    before = await dump_tables(proof)
    deleted = await delete(backend, jobs)
    assert set(await proof.statuses(jobs)) == {None}
    assert len((await dump_tables(proof))[proof.world._tables.logs]) < len(before[proof.world._tables.logs])
    undo = await backend.plan_undo(deleted, Options())
    result = await apply(backend, undo, chunk=7)
    assert (result.error, undo.left_out, result.counts.applied) == (None, (), len(jobs))
    after = await dump_tables(proof)
    for table, rows in before.items():
        assert list(map(tuple, after[table])) == list(map(tuple, rows)), table
    assert (await backend.operation(deleted)).status == "undone"


# Only PostgreSQL has such columns.
@on("postgresql")
async def test_an_identity_column_that_is_always_generated_comes_back_too(proof: Proof) -> None:
    logs = proof.world._tables.logs
    await proof.world._side.run(f"ALTER TABLE {logs} ADD serial BIGINT GENERATED ALWAYS AS IDENTITY")
    await proof.world._side.run(
        f"ALTER TABLE {logs} ADD size INT GENERATED ALWAYS AS (length(message)) STORED"
    )
    backend = await proof.console()
    jobs = await seeded(proof)
    before = await dump_tables(proof)
    deleted = await delete(backend, jobs)
    assert (await apply(backend, await backend.plan_undo(deleted, Options()))).counts.applied == len(jobs)
    assert await dump_tables(proof) == before


async def test_a_running_job_is_refused_by_name_and_the_others_are_deleted(proof: Proof) -> None:
    running = await proof.world.add("running", "running")
    failed = await proof.world.add("failed", "failed")
    backend = await proof.console()
    plan = await backend.plan("delete", [running, failed], Options())
    [left] = plan.left_out
    assert left.job == running
    assert "running" in left.reason
    assert outcomes(await apply(backend, plan)) == {failed: "applied"}
    assert await proof.statuses([running, failed]) == ["running", None]


@pytest.mark.parametrize("late", [False, True])
async def test_a_job_that_starts_after_the_plan_is_refused_by_name(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    jobs = [await proof.world.add(name, "failed") for name in ("a", "b", "c")]
    for job in jobs:
        await proof.world.add_log(job, "a line")
    backend, worker = await proof.console(), proof.worker()
    plan = await backend.plan("delete", jobs, Options())
    if late and proof.engine != "sqlite":
        before_the_lock(monkeypatch, lambda: worker.do(worker.world.reclaim(jobs[1])))
    else:
        worker.do(worker.world.reclaim(jobs[1]))
    result = await apply(backend, plan)
    assert outcomes(result) == {jobs[0]: "applied", jobs[1]: "drifted", jobs[2]: "applied"}
    assert "running" in result.rows[1].detail
    assert await proof.statuses(jobs) == [None, "running", None]
    assert len(worker.run(f"SELECT id FROM {proof.world._tables.logs}")) == 1


async def test_undo_leaves_a_job_alone_that_somebody_made_anew(proof: Proof) -> None:
    jobs = [await proof.world.add(name, "failed") for name in ("a", "b")]
    for job in jobs:
        await proof.world.add_log(job, "a line")
    backend = await proof.console()
    deleted = await delete(backend, jobs)
    undo = await backend.plan_undo(deleted, Options())
    await proof.world.add("a", "pending")
    result = await apply(backend, undo)
    assert outcomes(result) == {jobs[0]: "drifted", jobs[1]: "applied"}
    assert await proof.statuses(jobs) == ["pending", "failed"]
    assert len(await proof.world._side.run(f"SELECT id FROM {proof.world._tables.logs}")) == 1


async def seeded(proof: Proof, *, hostile: bool = False) -> list[JobId]:
    """The demo's rows; the jobs among them that may be deleted."""
    rows = seed.hostile_rows(proof.system, proof.engine) if hostile else seed.rows(proof.system)
    await in_database(proof.url, lambda connection: insert(connection, proof.system, rows))
    names = proof.world._tables
    found = await proof.world._side.run(
        f"SELECT {names.key} FROM {names.jobs} WHERE status NOT IN ('running', 'pending') ORDER BY 1"
    )
    return [JobId(str(row[0])) for row in found]


async def delete(backend: Backend, jobs: list[JobId]) -> str:
    """Delete all of them."""
    plan = await backend.plan("delete", jobs, Options())
    assert plan.left_out == ()
    result = await apply(backend, plan, chunk=10)
    assert outcomes(result) == dict.fromkeys(jobs, "applied")
    return result.operation


# Only MariaDB takes texts for equal whatever their case.
@on("mariadb")
async def test_children_that_only_the_database_takes_for_the_jobs_own_come_back_too(proof: Proof) -> None:
    jobs = [await proof.world.add(name, "failed") for name in ("a", "b")]
    for job in jobs:
        await proof.world.add_log(JobId(job.lower()), "a line")
    before = await dump_tables(proof)
    backend = await proof.console()
    deleted = await delete(backend, jobs)
    assert (await apply(backend, await backend.plan_undo(deleted, Options()))).counts.applied == 2
    assert await dump_tables(proof) == before
