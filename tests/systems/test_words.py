"""The words for what the database said, for rows that moved on, and for an undo that is taken back."""

from __future__ import annotations

import pymysql
import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, in_database
from unstick.backends import create_backend
from unstick.backends.demo import seed
from unstick.backends.sql.errors import said
from unstick.recovery.engine import apply
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.recovery.source import Source


def test_what_mysql_said_comes_without_the_drivers_tuple() -> None:
    original = pymysql.err.OperationalError(
        1142, "UPDATE command denied to user 'ro'@'%' for table 'jobs'\nx"
    )
    error = sa.exc.DBAPIError("UPDATE", {}, original)
    assert said(error) == "UPDATE command denied to user 'ro'@'%' for table 'jobs'"


@pytest.mark.parametrize(
    ("status", "detail"),
    [("failed", "moved on: running → failed"), ("completed", "ended by itself: running → completed")],
)
async def test_only_a_job_that_is_done_ended_by_itself(database_url: str, status: str, detail: str) -> None:
    def fill(connection: sa.Connection) -> None:
        seed.insert(connection, "artitec", seed.rows("artitec"))

    def move(connection: sa.Connection) -> None:
        connection.execute(
            sa.text(f"UPDATE collection_jobs SET status = '{status}' WHERE status = 'running'")
        )

    await create_tables(database_url, "artitec")
    await in_database(database_url, fill)
    backend = create_backend(Source("here", database_url, profile="artitec"))
    try:
        await backend.open()
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        await in_database(database_url, move)
        result = await apply(backend, plan)
    finally:
        await backend.close()
    assert {row.detail for row in result.rows} == {detail}


async def test_an_undo_that_is_taken_back_is_called_so(database_url: str) -> None:
    def fill(connection: sa.Connection) -> None:
        seed.insert(connection, "artitec", seed.rows("artitec"))

    await create_tables(database_url, "artitec")
    await in_database(database_url, fill)
    backend = create_backend(Source("here", database_url, profile="artitec"))
    try:
        await backend.open()
        done = await apply(backend, await backend.plan("recover", Query(stuck_only=True), Options()))
        undone = await apply(backend, await backend.plan_undo(done.operation, Options()))
        plan = await backend.plan_undo(undone.operation, Options())
    finally:
        await backend.close()
    assert plan.verb.startswith("take back the undo of")
    assert {row.why for row in plan.rows} == {"take the undo back"}
