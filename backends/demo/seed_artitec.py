"""Believable rows for the artitec system: collection jobs, their changes, logs and matches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from unstick.backends.demo.rows import SeedRow

MINUTE = 60.0
HOUR = 3600.0

FIRST_SECOND = 1_764_000_000
"""What the ids of jobs count their seconds from; a fixed one, so that a seed always gives the same ids."""

PRIORITIES = {"community": 7, "builder": 5, "sales_rep": 5, "property": 3}
_KINDS = (
    ("community", "update"),
    ("community", "discovery"),
    ("builder", "update"),
    ("builder", "discovery"),
    ("property", "inventory"),
    ("property", "update"),
    ("sales_rep", "update"),
    ("sales_rep", "discovery"),
)
_NAMES = {
    "community": ("Cedar Hollow", "Larkspur Ranch", "Windmill Creek", "Harvest Bend", "Stonebridge Point"),
    "builder": ("Foxglove Homes", "Blue Mesa Builders", "Tallgrass Homes", "Kestrel & Sons", "Marlow Custom"),
    "property": ("114 Juniper Way", "2208 Heron Loop", "77 Aspen Court", "930 Quarry Rd", "41 Saddle Trail"),
    "sales_rep": ("Dana Whitfield", "Jorge Salinas", "Priya Raman", "Mei-Ling Chow", "Tom Okafor"),
}
_CITIES = ("Houston, TX", "Katy, TX", "Frisco, TX", "Round Rock, TX", "Conroe, TX", "Leander, TX")
_FIELDS = {
    "community": (("amenities", "pool, trails", "pool, trails, dog park"), ("hoa_fee", "85.00", "92.50")),
    "builder": (("phone", "512-555-0144", "512-555-0190"), ("rating", "4.1", "4.3")),
    "property": (("price", "412990", "405990"), ("status", "available", "under_contract")),
    "sales_rep": (
        ("email", "dana@foxglove.example", "d.whitfield@foxglove.example"),
        ("phone", "", "281-555-0102"),
    ),
}
_ERRORS = (
    "Background execution failed: Error code: 429 - {'type': 'error', 'error': {'type': 'rate_limit_error', "
    "'message': 'Number of request tokens has exceeded your per-minute rate limit'}}",
    "Background execution failed: HTTPSConnectionPool(host='www.foxglove.example', port=443): "
    "Read timed out. (read timeout=30)",
    "Execution failed: (pymysql.err.OperationalError) (2013, 'Lost connection to server during query')\n"
    "[SQL: UPDATE collection_jobs SET items_found=%(items_found)s WHERE collection_jobs.id = %(id_1)s]\n"
    "(Background on this error at: https://sqlalche.me/e/20/e3q8)",
    "Background execution failed: Expecting value: line 1 column 1 (char 0)",
    "Job timed out after 30+ minutes (auto-cleanup)",
    "Job timed out after running for more than 30 minutes. Background execution may have failed.",
    "Background execution failed: ANTHROPIC_API_KEY is not set",
)
_STAGES = ("searching", "parsing", "matching", "saving")

# How many jobs of each life there are per unit of scale: sixty together.
_LIVES = (
    ("completed", 22),
    ("failed", 9),
    ("cancelled", 3),
    ("stuck", 1),
    ("no_start", 1),
    ("young", 1),
    ("pending", 23),
)


@dataclass(frozen=True, slots=True)
class _Times:
    """Ages in seconds before now; None is NULL."""

    created: float
    updated: float
    started: float | None = None
    completed: float | None = None


def rows(random: Random, scale: int) -> Iterator[SeedRow]:
    """Jobs oldest first (so their numbers rise with time), then everything that points at them."""
    planned = [(life, _times(random, life, n)) for life, count in _LIVES for n in range(count * scale)]
    planned.sort(key=lambda one: -one[1].created)
    used: set[str] = set()
    jobs = [_job(random, life, times, used) for life, times in planned]
    yield from jobs
    for job in jobs:
        yield from _changes(random, job)
    for (life, times), job in zip(planned, jobs, strict=True):
        yield from _logs(life, times, job)
    for job in jobs:
        if job.values["status"] == "completed" and random.random() < 0.4:
            yield _match(random, job)


def _times(random: Random, life: str, number: int) -> _Times:
    # At a larger scale the later ones of a life differ by minutes, but no young one gets old.
    later = MINUTE * number
    if life == "stuck":
        return _Times(created=4.9 * HOUR + later, started=4.6 * HOUR + later, updated=4.55 * HOUR + later)
    if life == "no_start":
        return _Times(created=2.4 * HOUR + later, updated=1.7 * HOUR + later)
    if life == "young":
        return _Times(created=95 * MINUTE, started=8 + number % 10, updated=3)
    if life == "pending":
        created = float(random.randint(60, int(4.5 * HOUR)))
        return _Times(created=created, updated=created)
    created = float(random.randint(int(6 * HOUR), int(7 * 24 * HOUR)))
    if life == "cancelled":
        ended = created - random.randint(120, 5400)
        return _Times(created=created, completed=ended, updated=ended)
    started = created - random.randint(5, 900)
    ended = started - random.randint(45, 1600)
    return _Times(created=created, started=started, completed=ended, updated=ended)


def _job_id(random: Random, created: float, used: set[str]) -> str:
    while (name := f"JOB-{int(FIRST_SECOND - created)}-{random.getrandbits(24):06X}") in used:
        continue
    used.add(name)
    return name


def _job(random: Random, life: str, times: _Times, used: set[str]) -> SeedRow:
    entity, job_type = random.choice(_KINDS)
    name, city = random.choice(_NAMES[entity]), random.choice(_CITIES)
    is_child = entity in ("property", "sales_rep")
    found = {"completed": random.randint(1, 40), "failed": random.randint(0, 6), "stuck": 4, "young": 9}.get(
        life, 0
    )
    new = random.randint(0, found // 4) if job_type == "discovery" else 0
    error = random.choice(_ERRORS) if life == "failed" else None
    values: dict[str, Any] = {
        "job_id": _job_id(random, times.created, used),
        "entity_type": entity,
        "entity_id": None if job_type == "discovery" else random.randint(100, 4999),
        "job_type": job_type,
        "parent_entity_type": "builder" if is_child else None,
        "parent_entity_id": random.randint(100, 4999) if is_child else None,
        "status": life if life in ("completed", "failed", "cancelled", "pending") else "running",
        "priority": PRIORITIES[entity],
        "search_query": f"{name} {city}",
        "target_url": f"https://www.{name.split()[0].lower()}.example/{entity}"
        if job_type == "update"
        else None,
        "search_filters": {"location": city, "price_max": 650000} if job_type != "update" else None,
        "items_found": found,
        "changes_detected": min(found, 6),
        "new_entities_found": new,
        "error_message": error,
        "initiated_by": random.choice(("admin-1", "admin-7", "cascade", None)),
    }
    ages = {
        "started_at": times.started,
        "completed_at": times.completed,
        "created_at": times.created,
        "updated_at": times.updated,
    }
    return SeedRow("collection_jobs", values, ages)


def _changes(random: Random, job: SeedRow) -> Iterator[SeedRow]:
    if job.ages["started_at"] is None:
        return
    entity: str = job.values["entity_type"]
    begun, last = job.ages["started_at"], job.ages["updated_at"] or 0.0
    for _ in range(job.values["changes_detected"]):
        field, old, new = random.choice(_FIELDS[entity])
        status = random.choice(("pending", "approved", "rejected", "applied", "applied"))
        is_new = job.values["new_entities_found"] > 0 and random.random() < 0.4
        created = round(random.uniform(last, begun), 0)
        reviewed = None if status == "pending" else round(created * 0.8, 0)
        values = {
            "job_id": job.values["job_id"],
            "entity_type": entity,
            "entity_id": None if is_new else job.values["entity_id"],
            "is_new_entity": is_new,
            "proposed_entity_data": {"name": random.choice(_NAMES[entity]), "verified": False}
            if is_new
            else None,
            "field_name": None if is_new else field,
            "old_value": None if is_new else old,
            "new_value": None if is_new else new,
            "change_type": "added" if is_new else random.choice(("modified", "modified", "removed")),
            "status": status,
            "confidence": round(random.uniform(0.55, 1.0), 2),
            "source_url": job.values["target_url"],
            "reviewed_by": None if reviewed is None else "admin-7",
            "review_notes": "number belongs to the sales office" if status == "rejected" else None,
        }
        applied = None if status != "applied" or reviewed is None else round(reviewed * 0.9, 0)
        yield SeedRow(
            "collection_changes",
            values,
            {"reviewed_at": reviewed, "applied_at": applied, "created_at": created},
        )


def _logs(life: str, times: _Times, job: SeedRow) -> Iterator[SeedRow]:
    job_id: str = job.values["job_id"]
    yield _log(job_id, times.created, "INFO", f"Job {job_id} queued", "queued")
    if life == "cancelled":
        yield _log(job_id, times.updated, "WARNING", "Cancelled by an administrator", None)
    if life == "no_start":
        yield _log(job_id, times.updated, "INFO", f"Executing job {job_id} in background", "searching")
    if times.started is None:
        return
    yield _log(job_id, times.started, "INFO", f"Executing job {job_id} in background", "searching")
    reached = {"stuck": (10,), "young": (10, 35), "failed": (10,)}.get(life, (10, 40, 75, 100))
    for number, percent in enumerate(reached):
        age = times.started - (times.started - times.updated) * (number + 1) / (len(reached) + 1)
        stage = _STAGES[min(number, len(_STAGES) - 1)]
        yield _log(job_id, round(age, 0), "DEBUG", f"Progress: {percent}%", stage, {"progress": percent})
    if life == "completed":
        found = job.values["items_found"]
        yield _log(
            job_id,
            times.updated,
            "SUCCESS",
            f"Job {job_id} completed successfully",
            "saving",
            {"items": found},
        )
    elif life == "failed":
        reason = str(job.values["error_message"]).splitlines()[0]
        yield _log(job_id, times.updated, "ERROR", f"Background job {job_id} failed: {reason}", None)


def _log(
    job_id: str, age: float, level: str, message: str, stage: str | None, data: dict[str, Any] | None = None
) -> SeedRow:
    values = {"job_id": job_id, "level": level, "message": message, "log_data": data, "stage": stage}
    return SeedRow("collection_job_logs", values, {"timestamp": age})


def _match(random: Random, job: SeedRow) -> SeedRow:
    entity: str = job.values["entity_type"]
    status = random.choice(("pending", "confirmed", "rejected", "merged"))
    values = {
        "discovered_entity_type": entity,
        "discovered_name": random.choice(_NAMES[entity]),
        "discovered_location": random.choice(_CITIES),
        "discovered_data": {"website": "https://www.foxglove.example"},
        "matched_entity_type": entity,
        "matched_entity_id": random.randint(100, 4999),
        "match_confidence": round(random.uniform(0.6, 1.0), 2),
        "match_status": status,
        "matched_by": "auto" if status == "pending" else "admin-7",
        "match_method": random.choice(("name_exact", "name_fuzzy", "website_match")),
        "match_notes": None,
        "job_id": job.values["job_id"],
    }
    age = job.ages["updated_at"]
    return SeedRow("entity_matches", values, {"created_at": age, "updated_at": age})
