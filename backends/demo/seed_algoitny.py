"""Believable rows for the algoitny system: problems, two kinds of jobs, and their progress history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from unstick.backends.demo.rows import SeedRow

MINUTE = 60.0
HOUR = 3600.0

EXTRACTION = "problem_extraction_jobs"
GENERATION = "script_generation_jobs"
CONTENT_TYPES = {EXTRACTION: 11, GENERATION: 12}
"""The ids of the content types by which the progress history names a job's table."""

EXTRACTION_STEPS = (
    ("Fetching webpage", "Fetching the problem page..."),
    ("Extracting problem info", "Extracting title and constraints..."),
    ("Generating solution", "Generating a solution (attempt 1)..."),
    ("Validating solution", "Validating the solution against the samples..."),
    ("Saving problem", "Saving the problem..."),
)
GENERATION_STEPS = (
    ("Building prompt", "Collecting constraints..."),
    ("Generating script", "Asking the model for a test case generator..."),
    ("Checking script", "Running the generator once..."),
)
_ERRORS = (
    "Failed to fetch problem page: 403 Client Error: Forbidden for url: https://codeforces.com/problemset/1900/C",
    "Gemini API error: 503 The model is overloaded. Please try again later.\n"
    "Traceback (most recent call last):\n"
    '  File "/app/api/tasks.py", line 812, in extract_problem_info_task\n'
    "    info = service.extract_problem_info_from_url(job.problem_url)",
    "Solution failed validation after 5 attempts: sample 2 expected '7', got '6'",
    "Job orphaned: No updates received for more than 30 minutes. Worker may have crashed or restarted.",
    "Job orphaned - no updates for > 10 minutes",
)
_TITLES = (
    "두 수의 합",
    "Shortest Path",
    "연결 요소의 개수",
    "Balanced Teams",
    "Segment Tree Queries",
    "행렬 곱셈 순서",
)
_LANGUAGES = ("python", "cpp", "java")

# How many jobs of each life there are per unit of scale: 42 and 23 together.
_LIVES = {
    EXTRACTION: (
        ("completed", 17),
        ("failed", 6),
        ("pending", 8),
        ("silent", 3),
        ("bare", 1),
        ("alive", 2),
        ("fresh", 1),
        ("no_problem", 2),
        ("superseded", 1),
        ("newer", 1),
    ),
    GENERATION: (("completed", 10), ("failed", 4), ("pending", 5), ("silent", 2), ("bare", 1), ("fresh", 1)),
}
_STATUS = {"completed": "COMPLETED", "newer": "COMPLETED", "failed": "FAILED", "pending": "PENDING"}
# Seconds since the job was made and since its newest progress step, of those that are processed. The
# application never moves updated_at while a job runs, so only the steps tell the living from the dead.
_PROCESSING: dict[str, tuple[float, float | None]] = {
    "silent": (3 * HOUR, 2.6 * HOUR),
    "bare": (95 * MINUTE, None),
    "alive": (50 * MINUTE, 90.0),
    "fresh": (4 * MINUTE, 10.0),
    "no_problem": (2.2 * HOUR, 2.1 * HOUR),
    "superseded": (5 * HOUR, 4.8 * HOUR),
}
_NEWER_AGE = 4 * HOUR


@dataclass(frozen=True, slots=True)
class _Plan:
    """A job to be; ages are seconds before now."""

    table: str
    life: str
    number: int
    created: float
    updated: float
    problem: int

    @property
    def status(self) -> str:
        return _STATUS.get(self.life, "PROCESSING")


def task_id(table: str, life: str, number: int = 0) -> str:
    """The Celery task of a job, by which tests find the one of a given life; the same for every seed."""
    return str(uuid5(NAMESPACE_URL, f"algoitny:{table}:{life}:{number}"))


def rows(random: Random, scale: int) -> Iterator[SeedRow]:
    """Problems, then the jobs of both tables oldest first (so their numbers rise), then the history."""
    names = {EXTRACTION: "problemextractionjob", GENERATION: "scriptgenerationjob"}
    for table, number in CONTENT_TYPES.items():
        yield SeedRow("django_content_type", {"id": number, "app_label": "api", "model": names[table]})
    plans = {table: _plans(random, table, scale) for table in _LIVES}
    extractions = list(enumerate(plans[EXTRACTION], start=1))
    owners = {plan.problem: (number, plan) for number, plan in extractions if plan.life != "superseded"}
    problems = [
        _problem(random, number, plan) for number, plan in owners.values() if plan.life != "no_problem"
    ]
    yield from problems
    yield from _test_cases(problems)
    for number, plan in extractions:
        yield _extraction(random, number, plan)
    titled = [row for row in problems if row.values["is_completed"]]
    generations = list(enumerate(plans[GENERATION], start=1))
    for number, plan in generations:
        yield _generation(random, number, plan, random.choice(titled))
    for number, plan in [*extractions, *generations]:
        yield from _history(number, plan)


def _plans(random: Random, table: str, scale: int) -> list[_Plan]:
    found = []
    for life, count in _LIVES[table]:
        for number in range(count * scale):
            created, updated = _ages(random, life, number)
            # The newer job is about the problem of the one that it superseded.
            base = "superseded" if life == "newer" else life
            problem = [name for name, _ in _LIVES[EXTRACTION]].index(base) * 10_000 + number + 1_000
            found.append(_Plan(table, life, number, created, updated, problem))
    return sorted(found, key=lambda plan: -plan.created)


def _ages(random: Random, life: str, number: int) -> tuple[float, float]:
    """Since the creation and since the last update, which are the same unless the job was tried again."""
    if life in _PROCESSING:
        created, _ = _PROCESSING[life]
        # At a larger scale the later ones of a life differ by minutes, but no young one gets old.
        created += number % 10 * 5 if life == "fresh" else number * MINUTE
        return created, created
    if life == "newer":
        return _NEWER_AGE + number * MINUTE, _NEWER_AGE + number * MINUTE
    if life == "pending":
        created = random.uniform(30, 25 * MINUTE)
        return created, created if number else created * 0.5
    created = random.uniform(6 * HOUR, 6 * 24 * HOUR)
    return created, created * 0.9 if life == "failed" and number % 3 == 0 else created


def _metadata(number: int, plan: _Plan, error: str | None) -> dict[str, Any]:
    if plan.life == "bare":
        # Written before the application noted the job there.
        return {"execution_count": 3}
    found: dict[str, Any] = {"extraction_status": plan.status, "extraction_job_id": number}
    progress = {"COMPLETED": "Extraction completed", "PENDING": "Queued..."}
    found["progress"] = progress.get(plan.status, EXTRACTION_STEPS[2][1])
    if error is not None:
        found["error_message"] = found["extraction_error"] = error
    if plan.status == "COMPLETED":
        found["execution_count"] = number % 7
    return found


def _error(plan: _Plan) -> str | None:
    return _ERRORS[plan.number % len(_ERRORS)] if plan.life == "failed" else None


def _key(plan: _Plan) -> dict[str, str]:
    platform = ("baekjoon", "codeforces")[plan.problem % 2]
    return {"platform": platform, "problem_id": str(plan.problem)}


def _url(plan: _Plan) -> str:
    key = _key(plan)
    site = "www.acmicpc.net" if key["platform"] == "baekjoon" else "codeforces.com"
    return f"https://{site}/problem/{key['problem_id']}"


def _problem(random: Random, number: int, plan: _Plan) -> SeedRow:
    is_done = plan.status == "COMPLETED"
    values: dict[str, Any] = {
        "id": number,
        **_key(plan),
        "title": random.choice(_TITLES),
        "problem_url": _url(plan),
        "tags": random.sample(("dp", "graph", "greedy", "math"), 2),
        "solution_code": "print(sum(map(int, input().split())))" if is_done else None,
        "language": random.choice(_LANGUAGES),
        "constraints": "1 <= N <= 100000" if is_done else None,
        "is_completed": is_done,
        "is_deleted": False,
        "deleted_reason": None,
        "metadata": _metadata(number, plan, _error(plan)),
        "needs_review": False,
        "review_notes": None,
        "verified_by_admin": is_done and number % 2 == 0,
    }
    return SeedRow(
        "problems", values, {"deleted_at": None, "reviewed_at": None, "created_at": plan.created + 1}
    )


def _test_cases(problems: list[SeedRow]) -> Iterator[SeedRow]:
    for problem in problems:
        if problem.values["is_completed"]:
            values = {"problem_id": problem.values["id"], "input": "1 2\n", "output": "3\n"}
            yield SeedRow("test_cases", values)


def _common(number: int, plan: _Plan, key: dict[str, str]) -> tuple[dict[str, Any], dict[str, float | None]]:
    values = {
        "id": number,
        **key,
        "status": plan.status,
        "celery_task_id": task_id(plan.table, plan.life, plan.number),
        "error_message": _error(plan),
    }
    return values, {"created_at": plan.created, "updated_at": plan.updated}


def _extraction(random: Random, number: int, plan: _Plan) -> SeedRow:
    values, ages = _common(number, plan, _key(plan))
    values |= {"problem_url": _url(plan), "problem_identifier": f"{plan.problem} {random.choice(_TITLES)}"}
    return SeedRow(EXTRACTION, values, ages)


def _generation(random: Random, number: int, plan: _Plan, problem: SeedRow) -> SeedRow:
    key = {name: problem.values[name] for name in ("platform", "problem_id")}
    values, ages = _common(number, plan, key)
    values |= {name: problem.values[name] for name in ("title", "problem_url", "tags", "solution_code")}
    values |= {
        "language": random.choice(_LANGUAGES),
        "constraints": problem.values["constraints"],
        "generator_code": "def generate(n):\n    ..." if plan.status == "COMPLETED" else None,
    }
    return SeedRow(GENERATION, values, ages)


def _history(number: int, plan: _Plan) -> Iterator[SeedRow]:
    steps = EXTRACTION_STEPS if plan.table == EXTRACTION else GENERATION_STEPS
    if plan.status == "PROCESSING":
        newest = _PROCESSING[plan.life][1]
        if newest is None:
            return
        if plan.life == "silent":
            newest += plan.number * MINUTE
        steps = steps[:3]
    elif plan.status == "PENDING":
        return
    else:
        newest = max(plan.updated - 200, 1.0) if plan.updated == plan.created else plan.updated
    for index, (step, message) in enumerate(steps):
        is_last = index == len(steps) - 1
        age = plan.created - 2 - (plan.created - 2 - newest) * index / (len(steps) - 1)
        status = "completed"
        if is_last and plan.status != "COMPLETED":
            status = "failed" if plan.status == "FAILED" else "in_progress"
        yield _step(plan.table, number, step, _error(plan) if status == "failed" else message, status, age)


def _step(table: str, number: int, step: str, message: str | None, status: str, age: float) -> SeedRow:
    values = {
        "content_type_id": CONTENT_TYPES[table],
        "object_id": number,
        "step": step,
        "message": message or "",
        "status": status,
    }
    return SeedRow("job_progress_history", values, {"created_at": age})
