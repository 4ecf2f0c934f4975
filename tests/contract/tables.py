"""The tables of the two systems as their own workers know them, on each of the three databases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from tests.contract.world import System

Engine = Literal["postgresql", "mysql", "sqlite"]
PROJECT = str(uuid5(NAMESPACE_URL, "project"))


@dataclass(frozen=True)
class Tables:
    """Names and fixed values of one system on one database."""

    jobs: str
    key: str
    kind: str
    logs: str
    log_key: str
    log_at: str
    every: tuple[str, ...]
    fixed: Mapping[str, object]
    log_fixed: Mapping[str, object]
    first: tuple[str, ...]
    """Statements for the rows that jobs refer to."""
    forbid: Callable[[str], str]
    """The statement that makes the database refuse any other status for a running job."""
    make_id: Callable[[str], str]
    make_time: Callable[[float], object]


def tables(system: System, engine: Engine) -> Tables:
    """Return the tables of a system on a database."""
    return _artitec(engine) if system == "artitec" else _extraction(engine)


def _artitec(engine: Engine) -> Tables:
    return Tables(
        jobs="collection_jobs",
        key="job_id",
        kind="job_type",
        logs="collection_job_logs",
        log_key="job_id",
        log_at="timestamp",
        every=("collection_jobs", "collection_changes", "collection_job_logs", "entity_matches"),
        fixed={"entity_type": "builder", "priority": 0},
        log_fixed={"level": "INFO"},
        first=(),
        forbid=lambda job: _forbid(engine, "collection_jobs", "job_id", job),
        make_id=lambda name: f"JOB-{name}",
        make_time=lambda ago: _whole_second(engine, ago),
    )


def _extraction(engine: Engine) -> Tables:
    schema = "kb." if engine == "postgresql" else ""
    return Tables(
        jobs=f"{schema}object_extraction_jobs",
        key="id",
        kind="source_type",
        logs=f"{schema}object_extraction_logs",
        log_key="extraction_job_id",
        log_at="logged_at",
        every=(f"{schema}object_extraction_jobs", f"{schema}object_extraction_logs"),
        fixed={"org_id": PROJECT, "project_id": PROJECT},
        log_fixed={"step_index": 1, "operation_type": "llm_call"},
        first=(f"INSERT INTO {schema}projects (id, org_id, name) VALUES ('{PROJECT}', '{PROJECT}', 'p')",),
        forbid=lambda job: _forbid(engine, f"{schema}object_extraction_jobs", "id", job),
        make_id=lambda name: str(uuid5(NAMESPACE_URL, name)),
        make_time=lambda ago: _microsecond(engine, ago),
    )


def _forbid(engine: Engine, table: str, key: str, job: str) -> str:
    if engine == "sqlite":
        return (
            f"CREATE TRIGGER forbidden BEFORE UPDATE ON {table} WHEN NEW.{key} = '{job}' "
            "AND NEW.status <> 'running' BEGIN SELECT RAISE(ABORT, 'forbidden'); END"
        )
    return f"ALTER TABLE {table} ADD CONSTRAINT forbidden CHECK ({key} <> '{job}' OR status = 'running')"


def _whole_second(engine: Engine, ago: float) -> object:
    at = (datetime.now(UTC) - timedelta(seconds=ago)).replace(tzinfo=None, microsecond=0)
    return at.isoformat(" ") if engine == "sqlite" else at


def _microsecond(engine: Engine, ago: float) -> object:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    if engine == "postgresql":
        return at
    return at.strftime("%Y-%m-%d %H:%M:%S.%f+00:00") if engine == "sqlite" else at.replace(tzinfo=None)
