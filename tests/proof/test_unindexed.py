"""A delete that makes the database read whole tables is said before, not noticed afterwards."""

from tests.proof.proof import Proof, on
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend

INDEXES = {
    "postgresql": "SELECT DISTINCT i.indexrelid::regclass::text FROM pg_index i JOIN pg_attribute a "
    "ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
    "WHERE i.indrelid = to_regclass('{table}') AND a.attname = '{column}'",
    "mysql": "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() "
    "AND table_name = '{table}' AND column_name = '{column}' AND seq_in_index = 1",
    "sqlite": "SELECT DISTINCT l.name FROM pragma_index_list('{table}') AS l, pragma_index_info(l.name) AS i "
    "WHERE i.seqno = 0 AND i.name = '{column}'",
}
KEYS = (
    "SELECT DISTINCT constraint_name FROM information_schema.key_column_usage "
    "WHERE table_schema = DATABASE() AND table_name = '{table}' AND column_name = '{column}' "
    "AND referenced_table_name IS NOT NULL"
)


async def told(backend: Backend, job: JobId, action: str = "delete") -> list[str]:
    """What the plan says about indexes."""
    plan = await backend.plan(action, [job], Options())
    return [warning for warning in plan.warnings if "has no index" in warning]


async def drop_indexes(proof: Proof) -> None:
    """Take away every index that finds the lines of a job, and what keeps it there."""
    names, run = proof.world._tables, proof.world._side.run
    of = {"table": names.logs, "column": names.log_key}
    if proof.engine == "mysql":
        for (key,) in await run(KEYS.format(**of)):
            await run(f"ALTER TABLE {names.logs} DROP FOREIGN KEY {key}")
    there = await run(INDEXES[proof.engine].format(**of))
    assert there
    for (index,) in there:
        await run(f"DROP INDEX {index}" + (f" ON {names.logs}" if proof.engine == "mysql" else ""))


async def test_a_plan_says_when_the_parts_of_a_job_are_found_without_an_index(proof: Proof) -> None:
    job, names = await proof.world.add("a", "failed"), proof.world._tables
    backend = await proof.console()
    assert await told(backend, job) == []
    await drop_indexes(proof)
    [warning] = await told(backend, job)
    assert warning.startswith(f"{names.logs} has no index that begins with {names.log_key}: ")
    assert "add one first" in warning
    assert await told(backend, job, "retry") == []


# MariaDB makes an index for every foreign key itself.
@on("postgresql", "sqlite")
async def test_a_plan_says_when_a_foreign_key_that_no_profile_names_has_no_index(proof: Proof) -> None:
    job, names, run = await proof.world.add("a", "failed"), proof.world._tables, proof.world._side.run
    kind = "TEXT"
    if proof.engine == "postgresql":
        [[found]] = await run(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
            f"WHERE attrelid = to_regclass('{names.jobs}') AND attname = '{names.key}'"
        )
        kind = str(found)
    schema, _, _ = names.jobs.rpartition(".")
    receipts = f"{schema}.receipts" if schema else "receipts"
    await run(f"CREATE TABLE {receipts} (id INTEGER PRIMARY KEY, job {kind} REFERENCES {names.jobs})")
    backend = await proof.console()
    [warning] = await told(backend, job)
    assert warning.startswith(f"{receipts} has no index that begins with job: ")
    await run(f"CREATE INDEX receipts_of_a_job ON {receipts} (job)")
    assert await told(backend, job) == []
