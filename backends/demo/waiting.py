"""The rows of a demo system in which everything still waits: nothing runs, nothing has ended or failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from unstick.backends.demo import seed
from unstick.backends.demo.rows import SeedRow, columns_of

# By table, whether a row of it is a job that waits. Tables that are not named hold what is about these jobs.
_JOBS: Mapping[str, Mapping[str, Callable[[SeedRow], bool]]] = {
    "artitec": {"collection_jobs": lambda row: _is(row, "pending") and _is_new(row)},
    "extraction": {"object_extraction_jobs": lambda row: _is(row, "pending") and _is_new(row)},
    "algoitny": {
        "problem_extraction_jobs": lambda row: _is(row, "PENDING"),
        "script_generation_jobs": lambda row: _is(row, "PENDING"),
    },
    "feedlyai": {"jobs": lambda row: _is(row, "queued")},
    "bg_jobs": {
        "jobs": lambda row: (
            row.values["type"] == "interval"
            and _is(row, "active")
            and row.values["interval_progress"] is None
            and row.values["enable_recovery"]
        )
    },
}
# Tables that are about nothing in particular, or that other jobs share.
_ALWAYS = ("user_profiles", "projects", "django_content_type", "problems", "tenants", "stores", "river_queue")
_ENDED = ("completed", "discarded", "cancelled")


def rows(system: str, *, number: int = 0) -> list[SeedRow]:
    """The rows of ``seed.rows(system, seed=number)`` that are about waiting jobs, in insert order."""
    columns_of(system)
    found = seed.rows(system, seed=number)
    kept = {identity for row in found for identity in _own(system, row)}
    return [row for row in found if _stays(system, row, kept)]


def _own(system: str, row: SeedRow) -> Iterator[str]:
    """How other rows name this one, if it is a job that waits."""
    waits = _JOBS[system].get(row.table)
    if waits is not None and waits(row):
        yield _key(row)


def _key(row: SeedRow) -> str:
    return str(next(row.values[name] for name in ("job_id", "id") if name in row.values))


def _stays(system: str, row: SeedRow, kept: set[str]) -> bool:
    waits = _JOBS[system].get(row.table)
    if waits is not None:
        return waits(row)
    if row.table in _ALWAYS:
        return True
    if row.table == "river_job":
        return row.values["args"]["job_id"] in kept and row.values["state"] not in _ENDED
    about = row.values.get("job_id", row.values.get("extraction_job_id"))
    return about is not None and str(about) in kept


def _is(row: SeedRow, status: str) -> bool:
    return bool(row.values["status"] == status)


def _is_new(row: SeedRow) -> bool:
    """Whether nobody has tried it before."""
    return row.ages["updated_at"] == row.ages["created_at"]
