"""The best SQL that a person would write for the same work: batches of 500, history and journal included."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import asyncpg

from tests.bench.world import mariadb_connection, sqlite_connection

BATCH = 500
_ROW = "unstick_operation_rows (operation, row_number, job, outcome, detail, at, changes)"
_HISTORY = (
    "unstick_history (database_name, profile, job, at, action, reason, result, from_status, to_status, who, "
    "operation, detail)"
)
_NOTE = "'byhand', {id}, {id}, 'applied', 'working -> queued', '2026-01-01 00:00:00.000000', {image}"
_ATTEMPT = (
    "'here', 'bench', {id}, '2026-01-01 00:00:00.000000', 'recover', 'stuck', 'applied', 'working', "
    "'queued', 'me', 'byhand', ''"
)
POSTGRESQL_RECOVER = f"""
WITH locked AS (
  SELECT * FROM bench_job WHERE id = ANY($1::bigint[]) AND status = 'working'
  AND heartbeat_at < (now() AT TIME ZONE 'UTC') - interval '10 minutes' FOR UPDATE SKIP LOCKED
), changed AS (
  UPDATE bench_job j
  SET status = 'queued', error = 'the worker went away', heartbeat_at = now() AT TIME ZONE 'UTC'
  FROM locked l WHERE j.id = l.id RETURNING j.id, row_to_json(l) AS before, row_to_json(j) AS after
), noted AS (
  INSERT INTO {_ROW}
  SELECT {_NOTE.format(id="id", image="json_build_array(before, after)::text")} FROM changed
)
INSERT INTO {_HISTORY} SELECT {_ATTEMPT.format(id="id")} FROM changed
"""
POSTGRESQL_DELETE = f"""
WITH locked AS (
  SELECT * FROM bench_job WHERE id = ANY($1::bigint[]) AND status <> 'working' FOR UPDATE SKIP LOCKED
), parts AS (
  DELETE FROM bench_part p USING locked l WHERE p.job_id = l.id RETURNING p.*
), kept AS (
  SELECT job_id, json_agg(row_to_json(parts)) AS images FROM parts GROUP BY job_id
), gone AS (
  DELETE FROM bench_job j USING locked l WHERE j.id = l.id RETURNING j.*
)
INSERT INTO {_ROW}
SELECT {_NOTE.format(id="g.id", image="json_build_array(row_to_json(g), k.images)::text")}
FROM gone g LEFT JOIN kept k ON k.job_id = g.id
"""
"""One statement each, so that it is one round trip, too."""
OTHERS_RECOVER = (
    f"INSERT INTO {_ROW} SELECT {_NOTE} FROM bench_job WHERE id IN ({{ids}})",
    f"INSERT INTO {_HISTORY} SELECT {_ATTEMPT} FROM bench_job WHERE id IN ({{ids}})",
    "UPDATE bench_job SET status = 'queued', error = 'the worker went away', heartbeat_at = {now} "
    "WHERE id IN ({ids}) AND status = 'working'",
)
OTHERS_DELETE = (
    f"INSERT INTO {_ROW} SELECT {_NOTE} FROM bench_job WHERE id IN ({{ids}})",
    f"INSERT INTO {_ROW} SELECT 'parts', {{id}}, {{id}}, 'applied', '', '', {{part}} FROM bench_part "
    "WHERE job_id IN ({ids})",
    "DELETE FROM bench_part WHERE job_id IN ({ids})",
    "DELETE FROM bench_job WHERE id IN ({ids})",
)
_IMAGE = (
    "{function}('id', id, 'status', status, 'error', error, 'heartbeat_at', heartbeat_at, "
    "'created_at', created_at, 'kind', kind, 'step', step, 'started_at', started_at)"
)
_PART = "{function}('id', id, 'job_id', job_id, 'name', name, 'payload', payload)"
_NOW = {"mariadb": "utc_timestamp(6)", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}
_LOCK = {"mariadb": " FOR UPDATE SKIP LOCKED", "sqlite": ""}


async def postgresql(url: str, number: int, statement: str) -> None:
    """Do the work on PostgreSQL."""
    connection = await asyncpg.connect(url)
    try:
        for first in range(1, number + 1, BATCH):
            await connection.execute(statement, list(range(first, min(first + BATCH, number + 1))))
    finally:
        await connection.close()


def others(engine: str, url: str, number: int, statements: tuple[str, ...]) -> None:
    """Do the work on MariaDB or SQLite: lock, copy, change, commit, batch by batch."""
    function = "JSON_OBJECT" if engine == "mariadb" else "json_object"
    words = {
        "id": "id",
        "image": _IMAGE.format(function=function),
        "part": _PART.format(function=function),
        "now": _NOW[engine],
    }
    with closing(mariadb_connection(url) if engine == "mariadb" else sqlite_connection(url)) as connection:
        cursor: Any = connection.cursor()
        run: Callable[[str], Any] = cursor.execute
        for first in range(1, number + 1, BATCH):
            ids = ", ".join(map(str, range(first, min(first + BATCH, number + 1))))
            run("BEGIN" if engine == "mariadb" else "BEGIN IMMEDIATE")
            run(f"SELECT id, status, heartbeat_at FROM bench_job WHERE id IN ({ids}){_LOCK[engine]}")
            cursor.fetchall()
            for statement in statements:
                run(_quoted(engine, statement).format(ids=ids, **words))
            run("COMMIT")


def _quoted(engine: str, statement: str) -> str:
    """A word that MariaDB has a use of its own for."""
    return statement.replace("row_number", "`row_number`") if engine == "mariadb" else statement


async def one_by_one(url: str, number: int) -> None:
    """Recover on PostgreSQL row by row, a transaction each."""
    connection = await asyncpg.connect(url)
    try:
        for one in range(1, number + 1):
            await connection.execute(POSTGRESQL_RECOVER, [one])
    finally:
        await connection.close()
