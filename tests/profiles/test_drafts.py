"""A profile drafted from tables that nobody described: it loads, it reads, and what it recovers is right."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.profiles.drafted import ALL, HUNG, NUMBERED, SHORT, SPECS, Spec, make
from tests.systems.databases import dialect_of, in_database
from unstick.backends import create_backend
from unstick.backends.drafting.drafts import Draft, draft
from unstick.backends.profile.load import parse_profile
from unstick.recovery.engine import apply
from unstick.recovery.errors import SchemaMismatch
from unstick.recovery.model import State
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.query import Query, Term
from unstick.recovery.source import Source


async def drafted(url: str, table: str | None = None) -> Draft:
    return await draft(Source("app", url), "app", table=table)


async def opened(url: str, text: str, folder: Path) -> Backend:
    file = folder / "app.toml"
    file.write_text(text, "utf-8")
    backend = create_backend(Source("app", url, profile=str(file)))
    await backend.open()
    return backend


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
async def test_a_draft_finds_what_hangs_and_recovers_just_that(
    spec: Spec, database_url: str, tmp_path: Path
) -> None:
    await make(database_url, spec)
    found = await drafted(database_url)
    assert not found.known
    assert found.table == spec.table
    backend = await opened(database_url, found.text, tmp_path)
    try:
        counts = await backend.counts()
        assert (counts.total, counts.stuck) == (sum(spec.counts.values()), HUNG), found.text
        running = counts.by_state[State.RUNNING]
        assert running == ALL["running"] + HUNG, found.text
        stuck = {job.id for job in (await backend.page(Query(stuck_only=True))).rows}
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        assert {row.job for row in plan.rows} == stuck
        assert plan.warnings, "a draft can't know that a late worker does no harm"
        result = await apply(backend, plan)
        assert result.counts.applied == HUNG
        after = await backend.counts()
        assert after.stuck == 0
        assert after.by_state[State.PENDING] == ALL["pending"] + HUNG
        assert after.by_state[State.RUNNING] == ALL["running"]
    finally:
        await backend.close()


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.words], ids=lambda spec: spec.name)
async def test_what_failed_can_be_retried_and_only_what_is_over_deleted(
    spec: Spec, database_url: str, tmp_path: Path
) -> None:
    await make(database_url, spec)
    backend = await opened(database_url, (await drafted(database_url)).text, tmp_path)
    try:
        everything = Query()
        retry = await backend.plan("retry", everything, Options())
        assert len(retry.rows) == ALL["failed"]
        delete = await backend.plan("delete", everything, Options())
        assert len(delete.rows) == ALL["failed"] + ALL["done"]
        assert (await apply(backend, retry)).counts.applied == ALL["failed"]
        assert (await backend.page(Query(terms=(Term("state", "=", State.FAILED),)))).rows == ()
    finally:
        await backend.close()


async def test_where_no_running_status_can_be_told_nothing_is_recovered_and_the_draft_says_what_to_fill_in(
    database_url: str, tmp_path: Path
) -> None:
    await make(database_url, NUMBERED)
    found = await drafted(database_url)
    profile = parse_profile(found.text, "draft")
    [job] = profile.jobs
    assert job.rules == ()
    assert set(job.actions) == set()
    asked = " ".join(found.look)
    assert "what do these mean?" in asked
    assert '"1" (12 rows, all with started_at)' in asked
    assert "THE STATUS OF A JOB THAT IS WORKED ON" in found.text
    # What a person fills in then works, beginning with the draft's own example.
    filled = found.text.replace(
        "[jobs.states]", '[jobs.states]\npending = ["0"]\nrunning = ["1"]\ndone = ["2"]\nfailed = ["3"]'
    )
    example = "\n".join(
        line.removeprefix("#").strip() for line in found.text.splitlines() if "#     " in line
    )
    example = example.replace('"THE STATUS OF A JOB THAT IS WORKED ON"', '"1"')
    example = example.replace('"THE STATUS OF A JOB THAT WAITS"', "0")
    backend = await opened(database_url, f"{filled}\n{example}\n", tmp_path)
    try:
        assert (await backend.counts()).stuck == HUNG
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        assert (await apply(backend, plan)).counts.applied == HUNG
    finally:
        await backend.close()


async def test_of_two_tables_the_likelier_is_drafted_and_the_other_named(database_url: str) -> None:
    oban, other = SPECS[2], SPECS[4]
    await make(database_url, oban, other)
    found = await drafted(database_url)
    assert found.table == oban.table
    assert f"{other.table} looks like jobs, too" in " ".join(found.look)
    assert (await drafted(database_url, other.table)).table == other.table


async def test_without_any_time_one_sentence_says_what_is_missing(database_url: str) -> None:
    words = {"pending": "queued", "running": "running", "done": "done", "failed": "failed"}
    await make(database_url, Spec("no times", "jobs", "zoned", {}, words, more={"attempts": sa.Integer(),
               "last_error": sa.Text(), "kind": SHORT}))  # fmt: skip
    with pytest.raises(SchemaMismatch, match="none of its columns holds a time") as told:
        await drafted(database_url)
    assert "heartbeat_at" in str(told.value)
    assert "\n" not in str(told.value)


async def test_a_database_without_anything_like_jobs_is_told_with_its_tables(database_url: str) -> None:
    await make(database_url, Spec("users", "users", "zoned", {"created": "created_at"}, status="",
               more={"email": SHORT}))  # fmt: skip
    with pytest.raises(SchemaMismatch, match=r"no table looks like jobs \(its tables: users\)"):
        await drafted(database_url)
    with pytest.raises(SchemaMismatch, match="there is no table nowhere"):
        await drafted(database_url, "nowhere")


CHILD = "CREATE TABLE part (id integer PRIMARY KEY, job_id integer{null} REFERENCES import_jobs(id){rule})"
CHILD_MYSQL = (
    "CREATE TABLE part (id integer PRIMARY KEY, job_id integer{null}, "
    "FOREIGN KEY (job_id) REFERENCES import_jobs(id){rule})"
)


@pytest.mark.parametrize(
    ("rule", "key"),
    [("CASCADE", "cascade"), ("SET NULL", "detach"), ("", None)],
    ids=lambda each: each or "none",
)
async def test_a_deletion_takes_along_only_what_the_foreign_keys_say(
    rule: str, key: str | None, database_url: str
) -> None:
    text = CHILD_MYSQL if dialect_of(database_url) == "mysql" else CHILD
    asked = f" ON DELETE {rule}" if rule else ""
    await make(database_url, SPECS[4], also=text.format(null="", rule=asked))
    found = await drafted(database_url)
    [job] = parse_profile(found.text, "draft").jobs
    assert [(child.table, child.match) for child in job.children] == [("part", {"job_id": "id"})]
    if key is None:
        assert "delete" not in job.actions
        assert "rows of part keep a job from being deleted" in " ".join(found.look)
    else:
        assert getattr(job.actions["delete"], key) == ("part",)


async def test_a_known_system_needs_no_draft(database_url: str) -> None:
    from tests.systems.databases import create_tables

    await create_tables(database_url, "artitec")
    found = await drafted(database_url)
    assert found.known
    assert found.profile == "artitec"


async def test_a_draft_only_reads(database_url: str) -> None:
    await make(database_url, SPECS[0])
    before = await _content(database_url, SPECS[0].table)
    await drafted(database_url)
    assert await _content(database_url, SPECS[0].table) == before


async def _content(url: str, table: str) -> list[tuple[object, ...]]:
    query = sa.select(sa.text("*")).select_from(sa.table(table)).order_by(sa.text("1"))
    return await in_database(url, lambda connection: [tuple(row) for row in connection.execute(query)])


async def test_text_of_the_database_can_neither_end_a_comment_nor_break_the_draft(sqlite_url: str) -> None:
    nasty = 'x"]\n[jobs.actions.delete]\ndelete = true\x1b[31m'
    words = {"pending": "new", "running": "running", "done": nasty, "failed": "error"}
    await make(sqlite_url, Spec("hostile", 'my "jobs"\n', "iso", {"created": "created_at",
               "started": "started_at"}, words))  # fmt: skip
    found = await drafted(sqlite_url)
    [job] = parse_profile(found.text, "draft").jobs
    assert job.table == 'my "jobs"\n'
    assert nasty not in found.text
    assert "\x1b" not in found.text
    assert "delete" in job.actions
    assert job.actions["delete"].statuses == ("error",)


async def test_a_named_table_without_any_state_is_told_about(sqlite_url: str) -> None:
    await in_database(
        sqlite_url, lambda c: c.exec_driver_sql("CREATE TABLE tx (id integer primary key, ts text)")
    )
    await in_database(
        sqlite_url, lambda c: c.exec_driver_sql("INSERT INTO tx VALUES (1, '2024-01-01 10:00:00')")
    )
    with pytest.raises(SchemaMismatch, match="tx has no column that tells the state of a job"):
        await draft(Source("s", sqlite_url), "tx", table="tx")


async def test_a_phase_is_the_state_where_nothing_else_tells_it(sqlite_url: str) -> None:
    words = "id integer primary key, phase text, begun_on text, attempts integer"
    rows = "(1, 'doing', '2024-01-01 10:00:00', 1), (2, 'queued', NULL, 0)"
    await in_database(sqlite_url, lambda c: c.exec_driver_sql(f"CREATE TABLE print_jobs ({words})"))
    await in_database(sqlite_url, lambda c: c.exec_driver_sql(f"INSERT INTO print_jobs VALUES {rows}"))
    [job] = parse_profile((await drafted(sqlite_url)).text, "draft").jobs
    assert (job.status, job.states[State.RUNNING]) == ("phase", ("doing",))
    assert [rule.statuses for rule in job.rules] == [("doing",)]
