"""Believable rows for the extraction system: projects, people, extraction jobs and their logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from unstick.backends.demo.rows import SeedRow

MINUTE = 60.0
HOUR = 3600.0

RESET = "Job was interrupted by server restart and has been reset to pending."
_PROJECTS = ("Requirements 2026", "Supplier contracts", "Plant handbook")
_PEOPLE = ("Ingrid Solberg", "Marek Nowak", "Aiko Tanaka", "Renée Duval")
_SOURCES = ("document", "document", "document", "api", "manual", "bulk_import")
_TYPES = ("Requirement", "Decision", "Risk", "Person", "Organization", "Event", "Location")
_FILES = ("safety-manual.pdf", "minutes-2026-03.docx", "rfq-114.pdf", "site-survey.md", "annex-b.xlsx")
_ERRORS = (
    "LLM extraction failed for chunk 14 of 31\n\n"
    "GoogleGenerativeAIError: [503 Service Unavailable] The model is overloaded. Please try again later.\n"
    "    at GenerativeModel.generateContent (node_modules/@google/generative-ai/dist/index.js:1146:17)\n"
    "    at LangChainGeminiProvider.extractEntities (llm/langchain-gemini.provider.ts:214:31)\n"
    "    at ExtractionWorkerService.processJob (extraction-jobs/extraction-worker.service.ts:388:44)\n\n"
    "The 13 chunks before this one were extracted; their objects were kept. The remaining 17 were not tried.",
    'insert or update on table "graph_objects" violates foreign key constraint "graph_objects_fk"\n\n'
    'Detail: Key (project_id)=(00000000-0000-0000-0000-000000000000) is not present in table "projects".\n\n'
    "This happens when a project is deleted while one of its documents is being extracted.",
    "Document text is empty after conversion (0 of 48 pages had a text layer)\n\n"
    "The file looks like a scan. Run it through OCR and upload it again; a retry will fail in the same way.",
    "Response of the model is not valid JSON\n\n"
    "SyntaxError: Unterminated string in JSON at position 32768\n    at JSON.parse (<anonymous>)\n\n"
    'First characters of the response: {"entities":[{"type_name":"Requirement","name":"The pump shall ...\n\n'
    "The answer was cut at the output limit. A smaller chunk size usually helps.",
    "connect ECONNREFUSED 127.0.0.1:5432",
)

# How many jobs of each life there are per unit of scale: eighty together.
_LIVES = (
    ("completed", 40),
    ("requires_review", 6),
    ("failed", 10),
    ("cancelled", 4),
    ("pending", 12),
    ("orphan", 5),
    ("living", 3),
)
# (seconds since the start, seconds since the last update); the second is the job that the document tells of.
_ORPHANS = (
    (12 * MINUTE, 10 * MINUTE),
    (2278.0, 2275.0),
    (HOUR, 52 * MINUTE),
    (2 * HOUR, 95 * MINUTE),
    (3.2 * HOUR, 3 * HOUR),
)
_LIVING = ((95.0, 4.0), (9 * MINUTE, 21.0), (26 * MINUTE, 48.0))


@dataclass(frozen=True, slots=True)
class _Times:
    """Ages in seconds before now; None is NULL."""

    created: float
    updated: float
    started: float | None = None
    completed: float | None = None


def rows(random: Random, scale: int) -> Iterator[SeedRow]:
    """People and projects, jobs oldest first, then the logs."""
    org = _uuid(random)
    people = [_person(random, name) for name in _PEOPLE]
    projects = [_project(random, org, name) for name in _PROJECTS]
    yield from people
    yield from projects
    planned = [
        (life, _times(random, life, number)) for life, count in _LIVES for number in range(count * scale)
    ]
    planned.sort(key=lambda one: -one[1].created)
    subjects = [person.values["subject_id"] for person in people]
    jobs = [_job(random, life, times, random.choice(projects), [*subjects, None]) for life, times in planned]
    yield from jobs
    for (life, times), job in zip(planned, jobs, strict=True):
        yield from _logs(random, life, times, job)


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _person(random: Random, name: str) -> SeedRow:
    ages = {"created_at": 90 * 24 * HOUR, "updated_at": 90 * 24 * HOUR}
    return SeedRow("user_profiles", {"subject_id": _uuid(random), "display_name": name}, ages)


def _project(random: Random, org: str, name: str) -> SeedRow:
    ages = {"created_at": 60 * 24 * HOUR, "updated_at": 60 * 24 * HOUR}
    return SeedRow("projects", {"id": _uuid(random), "org_id": org, "name": name}, ages)


def _times(random: Random, life: str, number: int) -> _Times:
    jitter = random.random()
    if life in ("orphan", "living"):
        known = _ORPHANS if life == "orphan" else _LIVING
        started, updated = known[number % len(known)]
        if life == "orphan":
            # At a larger scale the repetitions differ by half a minute each.
            later = number // len(known) * MINUTE / 2
            started, updated = started + later, updated + later
        return _Times(created=started + 3 + 40 * jitter, started=started, updated=updated)
    if life == "pending":
        # One of them has been through a recovery before.
        created = 30 + 2 * HOUR * jitter
        return _Times(created=created, updated=created if number else created * 0.5)
    created = 4 * HOUR + 5 * 24 * HOUR * jitter
    if life == "cancelled":
        return _Times(created=created, updated=created - random.uniform(5, 600))
    started = created - random.uniform(1, 300)
    ended = started - random.uniform(8, 900)
    return _Times(created=created, started=started, completed=ended, updated=ended)


def _counters(random: Random, life: str) -> dict[str, int]:
    """total, processed, successful and failed items; processed is the sum of the last two."""
    total = random.randint(4, 48)
    if life in ("pending", "cancelled"):
        return {"total_items": 0, "processed_items": 0, "successful_items": 0, "failed_items": 0}
    done = total if life in ("completed", "requires_review") else random.randint(1, total - 1)
    bad = random.randint(1, max(1, done // 3)) if life in ("failed", "requires_review") else 0
    return {
        "total_items": total,
        "processed_items": done,
        "successful_items": done - bad,
        "failed_items": bad,
    }


def _job(random: Random, life: str, times: _Times, project: SeedRow, subjects: list[str | None]) -> SeedRow:
    source = random.choice(_SOURCES)
    counters = _counters(random, life)
    error = random.choice(_ERRORS) if life == "failed" else None
    if life == "pending" and times.updated != times.created:
        error = f"{_ERRORS[0]}\n\n{RESET}"
    values: dict[str, Any] = {
        "id": _uuid(random),
        "org_id": project.values["org_id"],
        "project_id": project.values["id"],
        "source_type": source,
        "source_id": None if source == "manual" else _uuid(random),
        "source_metadata": {"filename": random.choice(_FILES), "pages": random.randint(1, 120)},
        "extraction_config": {"enabled_types": random.sample(_TYPES, 3), "chunk_size": 8000},
        "status": "running" if life in ("orphan", "living") else life,
        **counters,
        "discovered_types": random.sample(_TYPES, min(3, counters["successful_items"])),
        "created_objects": [_uuid(random) for _ in range(min(5, counters["successful_items"]))],
        "error_message": error,
        "error_details": {"provider": "gemini", "attempt": 1} if life == "failed" else None,
        "debug_info": {"llm_calls": counters["processed_items"]} if life == "requires_review" else None,
        "subject_id": random.choice(subjects),
    }
    ages = {
        "started_at": times.started,
        "completed_at": times.completed,
        "created_at": times.created,
        "updated_at": times.updated,
    }
    return SeedRow("object_extraction_jobs", values, ages)


def _logs(random: Random, life: str, times: _Times, job: SeedRow) -> Iterator[SeedRow]:
    if times.started is None:
        return
    job_id: str = job.values["id"]
    steps = min(6, max(1, int(job.values["processed_items"])))
    for index in range(steps):
        age = times.started - (times.started - times.updated) * (index + 1) / (steps + 1)
        operation = ("chunk_processing", "llm_call", "object_creation")[index % 3]
        yield _log(random, job_id, age, index, operation, f"chunk {index + 1} of {job.values['total_items']}")
    if life == "failed":
        text = str(job.values["error_message"])
        yield _log(random, job_id, times.updated, steps, "error", "extraction failed", error=text)


def _log(
    random: Random,
    job_id: str,
    age: float,
    index: int,
    operation: str,
    message: str,
    error: str | None = None,
) -> SeedRow:
    values = {
        "id": _uuid(random),
        "extraction_job_id": job_id,
        "step_index": index,
        "operation_type": operation,
        "operation_name": None if operation == "error" else "extract_entities",
        "status": "success" if error is None else "error",
        "message": message,
        "error_message": error,
        "details": {"model": "gemini-2.5-flash"} if operation == "llm_call" else None,
        "duration_ms": random.randint(80, 28_000),
        "tokens_used": random.randint(400, 9_000) if operation == "llm_call" else None,
    }
    return SeedRow("object_extraction_logs", values, {"logged_at": age})
