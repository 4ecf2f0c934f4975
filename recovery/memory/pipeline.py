"""A pipeline of steps in memory: jobs whose variants go through the steps and are left behind, or fail."""

from __future__ import annotations

from random import Random

from ..model import ActionInfo, JobId, State
from .system import MemoryAction, MemorySystem, VariantRule
from .worker import Worker

STEPS = ("draw", "cut", "paint")

PIPELINE = MemorySystem(
    name="pipelines",
    statuses={
        "busy": State.RUNNING,
        "done": State.DONE,
        "ok": State.DONE,
        "failed": State.FAILED,
        "bad": State.FAILED,
    },
    age=("updated_at",),
    threshold_s=3600.0,
    variants_name="pieces",
    steps=STEPS,
    variant_rules=(
        VariantRule("broken", "failed", ("bad",), ("busy", "failed")),
        VariantRule("lagging", "lagging", ("ok",), ("busy", "failed"), behind=True),
    ),
    actions=(
        MemoryAction(
            ActionInfo("recover", "set failed", only_stuck=True),
            to_status="failed",
            stamp=("updated_at",),
            limited=True,
        ),
        MemoryAction(
            ActionInfo("delete", "delete with its pieces", not_statuses=("busy",), destructive=True),
            to_status=None,
        ),
    ),
    variant_actions=(
        MemoryAction(
            ActionInfo("recover", "count one more and go on", only_stuck=True),
            to_status="ok",
            stamp=("updated_at",),
            counts=True,
            limited=True,
        ),
        MemoryAction(
            ActionInfo("retry", "do the piece again", from_statuses=("bad", "ok")),
            to_status="busy",
            stamp=("updated_at",),
            counts=True,
            limited=True,
        ),
    ),
)


def fill(worker: Worker, jobs: int, stuck: int, seed: int) -> None:
    """Add so many jobs of three pieces each, so many of them with a piece that was left behind or failed."""
    random = Random(seed)
    marked = set(random.sample(range(jobs), min(stuck, jobs)))
    for index in range(jobs):
        hangs = index in marked
        live = hangs or random.random() < 0.2
        step = random.choice((1, 2)) if live else 2
        job = worker.add(
            f"order-{4001 + index}",
            "busy" if live else random.choice(("done", "done", "failed")),
            created_ago=random.uniform(3600.0, 86_400.0),
            started_ago=random.uniform(600.0, 3000.0),
            updated_ago=random.uniform(1.0, 60.0),
            kind="poster",
            step=STEPS[step],
            step_index=step + 1,
            step_count=len(STEPS),
        )
        _pieces(worker, random, job, step, hangs=hangs)


def _pieces(worker: Worker, random: Random, job: JobId, step: int, *, hangs: bool) -> None:
    for number in range(3):
        worst = hangs and number == 0
        broken = worst and random.random() < 0.5
        worker.add_variant(
            job,
            f"piece-{number + 1}",
            "bad" if broken else "ok",
            id=f"{job.removeprefix('order-')}{number + 1:02}",
            step=STEPS[step - 1 if worst else step],
            error="the brush is dry" if broken else None,
            retry_count=random.choice((0, 0, 1, 3)) if worst else 0,
        )
