"""The best SQL that a person would write for the same work: batches of 500, each row compared under its lock
with what was seen before, images before and after, history and journal."""

from __future__ import annotations

import time
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
_SEEN = "SELECT id, status, created_at, started_at, heartbeat_at, finished_at FROM bench_job ORDER BY id"
_SAME = """
  SELECT j.* FROM bench_job j JOIN unnest($1::bigint[], $2::text[], $3::timestamp[], $4::timestamp[],
    $5::timestamp[], $6::timestamp[]) AS seen (id, status, created, started, heartbeat, finished)
  ON j.id = seen.id AND j.status = seen.status AND (j.created_at, j.started_at, j.heartbeat_at, j.finished_at)
    IS NOT DISTINCT FROM (seen.created, seen.started, seen.heartbeat, seen.finished)
"""
POSTGRESQL_RECOVER = f"""
WITH locked AS (
  {_SAME} WHERE j.status = 'working'
  AND j.heartbeat_at < (now() AT TIME ZONE 'UTC') - interval '10 minutes' FOR UPDATE OF j SKIP LOCKED
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
  {_SAME} WHERE j.status <> 'working' FOR UPDATE OF j SKIP LOCKED
), parts AS (
  DELETE FROM bench_part p USING locked l WHERE p.job_id = l.id RETURNING p.*
), kept AS (
  SELECT job_id, json_agg(row_to_json(parts)) AS images FROM parts GROUP BY job_id
), gone AS (
  DELETE FROM bench_job j USING locked l WHERE j.id = l.id RETURNING j.*
), told AS (
  INSERT INTO {_HISTORY} SELECT {_ATTEMPT.format(id="id")} FROM gone
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
    "UPDATE unstick_operation_rows SET changes = {after} "
    "WHERE operation = 'byhand' AND row_number IN ({ids})",
)
OTHERS_DELETE = (
    f"INSERT INTO {_ROW} SELECT {_NOTE} FROM bench_job WHERE id IN ({{ids}})",
    f"INSERT INTO {_ROW} SELECT 'parts', {{id}}, {{id}}, 'applied', '', '', {{part}} FROM bench_part "
    "WHERE job_id IN ({ids})",
    f"INSERT INTO {_HISTORY} SELECT {_ATTEMPT} FROM bench_job WHERE id IN ({{ids}})",
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


async def postgresql(url: str, statement: str, batch: int = BATCH) -> float:
    """Do the work on PostgreSQL and return the seconds."""
    connection = await asyncpg.connect(url)
    try:
        seen = [tuple(row) for row in await connection.fetch(_SEEN)]
        begun = time.perf_counter()
        for first in range(0, len(seen), batch):
            await connection.execute(statement, *map(list, zip(*seen[first : first + batch], strict=True)))
        return time.perf_counter() - begun
    finally:
        await connection.close()


def others(engine: str, url: str, statements: tuple[str, ...]) -> float:
    """Do the work on MariaDB or SQLite: lock, compare, copy, change, commit, batch by batch. Returns the
    seconds."""
    with closing(mariadb_connection(url) if engine == "mariadb" else sqlite_connection(url)) as connection:
        cursor: Any = connection.cursor()
        cursor.execute(_SEEN)
        seen = {row[0]: row for row in cursor.fetchall()}
        begun = time.perf_counter()
        numbers = list(seen)
        for first in range(0, len(seen), BATCH):
            _batch(engine, cursor, seen, numbers[first : first + BATCH], statements)
        return time.perf_counter() - begun


def _batch(
    engine: str, cursor: Any, seen: dict[int, Any], numbers: list[int], statements: tuple[str, ...]
) -> None:
    cursor.execute("BEGIN" if engine == "mariadb" else "BEGIN IMMEDIATE")
    asked = _SEEN.replace("ORDER BY id", f"WHERE id IN ({', '.join(map(str, numbers))}){_LOCK[engine]}")
    cursor.execute(asked)
    ids = ", ".join(str(row[0]) for row in cursor.fetchall() if row == seen[row[0]])
    function = "JSON_OBJECT" if engine == "mariadb" else "json_object"
    image = _IMAGE.format(function=function)
    now_is = f"(SELECT {image} FROM bench_job WHERE id = row_number)"
    words = {
        "id": "id",
        "image": image,
        "after": f"concat(changes, {now_is})" if engine == "mariadb" else f"changes || {now_is}",
        "part": _PART.format(function=function),
        "now": _NOW[engine],
    }
    for statement in statements:
        cursor.execute(_quoted(engine, statement.format(ids=ids, **words)))
    cursor.execute("COMMIT")


def _quoted(engine: str, statement: str) -> str:
    """A word that MariaDB has a use of its own for."""
    return statement.replace("row_number", "`row_number`") if engine == "mariadb" else statement


async def one_by_one(url: str) -> float:
    """Recover on PostgreSQL row by row, a transaction each, and return the seconds."""
    return await postgresql(url, POSTGRESQL_RECOVER, batch=1)
