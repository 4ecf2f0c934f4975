"""Rows that break careless consoles, for algoitny, feedlyai and bg_jobs; all beside the ordinary ones."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from unstick.backends.demo.ddl import Dialect
from unstick.backends.demo.rows import SeedRow
from unstick.backends.demo.seed_algoitny import EXTRACTION, GENERATION

_FIRST_NUMBER = 900_000
_OLD: dict[str, float | None] = {"created_at": 7200.0, "updated_at": 7200.0}
_FUTURE: dict[str, float | None] = {"created_at": 7200.0, "updated_at": -7200.0}
_ODD_STATUS = "[red]RUN[/] \x1b[5m"
_RUNNING = '{"interval_id": "i", "status": "running", '
_TIMES = '"started_at": "2026-01-02T03:04:05Z", "last_updated_at": "2026-01-02T03:04:05.123456789+07:00"'

# What may stand where an interval's progress should; each by a short name.
DOCUMENTS: dict[str, str] = {
    "no characters": "",
    "blanks": "  \n",
    "no json": "running since yesterday",
    "null": "null",
    "number": "42",
    "text": '"running"',
    "list": "[]",
    "nothing in it": "{}",
    "cut off": _RUNNING + '"task_results": {"a": {"task_id": "a", "sta',
    "two documents": "{}{}",
    "trailing comma": '{"status": "running",}',
    "not a number": '{"status": "running", "total_tasks": NaN}',
    "one quote": "{'status': 'running'}",
    "deep": "[" * 5_000 + "]" * 5_000,
    "status only": '{"status": "running"}',
    "status of another kind": '{"status": ["running"]}',
    "unknown status": '{"status": "RUNNING \\u001b[5m"}',
    "tasks as a list": _RUNNING + _TIMES + ', "total_tasks": 1, "task_results": [{"status": "created"}]}',
    "tasks of null": _RUNNING + _TIMES + ', "total_tasks": 2, "task_results": null}',
    "a task of null": _RUNNING + _TIMES + ', "total_tasks": 2, "task_results": {"a": null, "b": 7}}',
    "counts as text": _RUNNING
    + _TIMES
    + ', "total_tasks": "many", "completed_tasks": -1, "task_results": {}}',
    "no time": _RUNNING + '"total_tasks": 1, "task_results": {}}',
    "time of null": _RUNNING + '"last_updated_at": null, "task_results": {}}',
    "time as a number": _RUNNING + '"last_updated_at": 1767323045, "task_results": {}}',
    "no such time": _RUNNING + '"last_updated_at": "2026-02-31T25:61:00Z", "task_results": {}}',
    "time of zero": _RUNNING + '"last_updated_at": "0001-01-01T00:00:00Z", "task_results": {}}',
    "time in the future": _RUNNING + '"last_updated_at": "2999-01-01T00:00:00Z", "task_results": {}}',
    "key twice": '{"status": "running", "status": "completed"}',
    "another interval": '{"interval_id": "other", "status": "running", ' + _TIMES + ', "task_results": {}}',
    "hostile texts": _RUNNING
    + _TIMES
    + ', "task_results": {"[/]": {"task_id": "[/]", "status": "failed", "error": "\\u001b[2J[red]\\u202e"}}}',
}


def hostile_id(name: str) -> str:
    """The UUID of a hostile job, by its short name."""
    return str(uuid5(NAMESPACE_URL, f"hostile job:{name}"))


def _short(text: str | bytes | None, length: int) -> str:
    return text[:length] if isinstance(text, str) else ""


def algoitny(texts: dict[str, str | bytes], engine: Dialect) -> list[SeedRow]:
    """Jobs of both tables with each text as their error, and a problem whose metadata holds it."""
    found = []
    for number, (name, text) in enumerate(texts.items(), start=_FIRST_NUMBER):
        found.append(_problem(number, {"progress": text} if isinstance(text, str) and name != "nul" else []))
        found += [_extraction(number, text, "FAILED"), _generation(number, text)]
    number = _FIRST_NUMBER + len(texts)
    found.append(_extraction(number, None, "in_progress"))
    found.append(_extraction(number + 1, None, _ODD_STATUS))
    found.append(_extraction(number + 2, None, "PROCESSING", _FUTURE))
    # Metadata that is no object, which nothing can be merged into.
    for offset, metadata in enumerate(([], "null", '"text"', "7"), start=3):
        found.append(_problem(number + offset, metadata))
        found.append(_extraction(number + offset, None, "PROCESSING"))
    order = {"problems": 0, EXTRACTION: 1, GENERATION: 2}
    return sorted(found, key=lambda row: order[row.table])


def _key(number: int) -> dict[str, Any]:
    return {"platform": "hostile", "problem_id": str(number)}


def _problem(number: int, metadata: Any) -> SeedRow:
    flags = dict.fromkeys(("is_completed", "is_deleted", "needs_review", "verified_by_admin"), False)
    values = {"id": number, **_key(number), "title": "[/]", "tags": [], "metadata": metadata, **flags}
    return SeedRow("problems", values, {"created_at": 60.0})


def _extraction(
    number: int, text: str | bytes | None, status: str, ages: dict[str, float | None] = _OLD
) -> SeedRow:
    values = {
        "id": number,
        **_key(number),
        "status": status,
        "celery_task_id": None if text is None else _short(text, 255),
        "error_message": text,
        "problem_url": _short(text, 200),
        "problem_identifier": _short(text, 255),
    }
    return SeedRow(EXTRACTION, values, ages)


def _generation(number: int, text: str | bytes | None) -> SeedRow:
    values = {
        "id": number,
        **_key(number),
        "status": "FAILED",
        "celery_task_id": None,
        "error_message": text,
        "title": _short(text, 255),
        "tags": ["[/]"],
        "language": "python",
        "constraints": _short(text, 60_000),
    }
    return SeedRow(GENERATION, values, _OLD)


def feedlyai(texts: dict[str, str | bytes], engine: Dialect) -> list[SeedRow]:
    """Jobs with each text where their version should be, and a variant at a step of that name."""
    jobs, variants = [], []
    for name, text in texts.items():
        jobs.append(_pipeline(name, text, "running", _short(text, 60)))
        variants.append(_variant(name, "done", _short(text, 60), 0))
    jobs.append(_pipeline("null everywhere", None, None, None, retries=None, ages=dict.fromkeys(_OLD)))
    variants.append(_variant("null everywhere", None, None, None, dict.fromkeys(_OLD)))
    jobs.append(_pipeline("odd status", None, _ODD_STATUS, "planner"))
    jobs.append(_pipeline("in the future", None, "running", "overlay", ages=_FUTURE))
    variants.append(_variant("in the future", "done", "planner", 2_147_483_647, _FUTURE))
    jobs.append(_pipeline("below zero", None, "running", "overlay", retries=-5))
    variants.append(_variant("below zero", "failed", "PLANNER ", -5))
    # A variant of no job.
    variants.append(_variant(None, "done", "planner", 0))
    return [*jobs, *variants]


def _pipeline(
    name: str,
    text: str | bytes | None,
    status: str | None,
    step: str | None,
    *,
    retries: int | None = 0,
    ages: dict[str, float | None] = _OLD,
) -> SeedRow:
    values = {
        "job_id": hostile_id(name),
        "tenant_id": None,
        "store_id": None,
        "status": status,
        "current_step": step,
        "version": text,
        "retry_count": retries,
    }
    return SeedRow("jobs", values, ages)


def _variant(
    job: str | None,
    status: str | None,
    step: str | None,
    retries: int | None,
    ages: dict[str, float | None] = _OLD,
) -> SeedRow:
    values = {
        "job_variants_id": hostile_id(f"variant of {job}"),
        "job_id": None if job is None else hostile_id(job),
        "img_asset_id": None,
        "creation_order": 1,
        "selected": None,
        "status": status,
        "current_step": step,
        "retry_count": retries,
    }
    return SeedRow("jobs_variants", values, ages)


def bg_jobs(texts: dict[str, str | bytes], engine: Dialect) -> list[SeedRow]:
    """Jobs with each text as name and payload, jobs with each odd document as progress, odd queue rows."""
    jobs = [_interval(name, None, text) for name, text in texts.items()]
    jobs += [_interval(name, document) for name, document in DOCUMENTS.items()]
    jobs.append(_interval("long document", _RUNNING + _TIMES + ', "x": "' + "y" * 1_000_000 + '"}'))
    jobs.append(_interval("odd status", None, status=_ODD_STATUS))
    tasks = [
        SeedRow(
            "tasks",
            {
                "id": hostile_id(f"task of {name}"),
                "job_id": hostile_id(name),
                "status": "failed",
                "payload": "",
                "result": text,
                "version": 1,
            },
            _OLD,
        )
        for name, text in texts.items()
    ]
    queue = [_queued(0, {}), _queued(1, {"job_id": None}), _queued(2, []), _queued(3, "7")]
    if engine == "sqlite":
        queue.append(_queued(4, '{"job_id": "unclosed'))
    return [*jobs, *tasks, *queue]


def _interval(
    name: str, progress: str | None, text: str | bytes | None = "hostile", *, status: str = "active"
) -> SeedRow:
    values = {
        "id": hostile_id(name),
        "name": _short(text, 255),
        "user_id": _short(text, 100),
        "workspace_id": "ws-1",
        "payload": text,
        "status": status,
        "type": "interval",
        "schedule": None,
        "interval": text,
        "version": 1,
        "river_job_id": 0,
        "current_interval_id": None if progress is None else "i",
        "interval_progress": progress,
        "enable_recovery": True,
    }
    times = {"next_run_at": None, "last_run_at": None, "interval_started_at": None}
    return SeedRow("jobs", values, {**_OLD, **times})


def _queued(number: int, args: Any) -> SeedRow:
    values = {
        "id": _FIRST_NUMBER + number,
        "state": "available",
        "attempt": 0,
        "max_attempts": 25,
        "args": args,
        "kind": "task_recovery",
    }
    return SeedRow("river_job", values, {"created_at": 60.0, "scheduled_at": -7200.0})
