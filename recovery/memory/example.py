"""A believable source for demos and screens: the same jobs for the same seed."""

from __future__ import annotations

from random import Random

from ..model import JobId, State
from .store import Value
from .system import MemorySystem
from .worker import Worker

KINDS = ("update", "discovery", "inventory")
PLAIN = (State.DONE, State.DONE, State.DONE, State.PENDING, State.PENDING, State.FAILED, State.CANCELLED)
ERRORS = (
    "ConnectTimeout: listings.example.com did not answer in 30 s",
    "ValueError: price is empty in row 14",
    "Background execution failed: too many requests (429)",
)
FIRST = 88_001
VARIANTS = ("price", "status", "address")


def fill(worker: Worker, system: MemorySystem, jobs: int, stuck: int, seed: int) -> None:
    """Add so many jobs, so many of them stuck; one in ten of the rest runs as it should."""
    random = Random(seed)
    slots = list(range(jobs))
    random.shuffle(slots)
    marked = set(slots[:stuck])
    for index in range(jobs):
        state = _state(random, index in marked)
        job = _add(worker, system, random, index, state, stuck=index in marked)
        if system.variants_name and state is not State.PENDING:
            _children(worker, system, random, job, state)


def _state(random: Random, stuck: bool) -> State:
    if stuck or random.random() < 0.1:
        return State.RUNNING
    return random.choice(PLAIN)


def _add(
    worker: Worker, system: MemorySystem, random: Random, index: int, state: State, *, stuck: bool
) -> JobId:
    limit = system.threshold_s or 300.0
    silent = limit * random.uniform(1.5, 40.0) if stuck else limit * random.uniform(0.01, 0.6)
    ran = state is not State.PENDING
    live = state is State.RUNNING
    total = random.choice((4, 8, 12))
    done = total if state is State.DONE else random.randrange(total)
    columns: dict[str, Value] = {
        "kind": random.choice(KINDS),
        "priority": random.choice((0, 3, 5, 7)),
        "error": random.choice(ERRORS) if state is State.FAILED else None,
        "progress": done / total if ran else 0.0,
        "retry_count": random.choice((0, 0, 0, 0, 1, 2)),
    }
    if system.steps:
        step = random.randrange(len(system.steps))
        columns |= {"step": system.steps[step], "step_index": step, "step_count": len(system.steps)}
    age = silent if live else limit * random.uniform(2.0, 90.0)
    return worker.add(
        str(FIRST + index),
        system.status(state),
        created_ago=age + random.uniform(5.0, 7200.0),
        started_ago=age if ran else None,
        updated_ago=age * 0.9 if stuck else random.uniform(0.0, age),
        finished_ago=age * 0.4 if ran and not live else None,
        **columns,
    )


def _children(worker: Worker, system: MemorySystem, random: Random, job: JobId, state: State) -> None:
    for name in VARIANTS[: random.randrange(len(VARIANTS) + 1)]:
        done = state is State.DONE or random.random() < 0.5
        worker.add_variant(job, name, system.status(State.DONE if done else state))
    worker.add_event(job, "started", stage="fetch")
    if state is State.FAILED:
        worker.add_event(job, random.choice(ERRORS), level="ERROR", stage="parse")
