"""Believable rows for the feedlyai system: jobs and their variants, each at one of eight steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from unstick.backends.demo import seed_feedlyai_children as children
from unstick.backends.demo.rows import SeedRow, columns_of
from unstick.backends.demo.seed_feedlyai_children import STEPS

__all__ = ["STEPS", "TENANTS", "job_id", "rows", "variant_id"]

MINUTE = 60.0
HOUR = 3600.0
DAY = 24 * HOUR

TENANTS = ("tenant-gangnam-01", "tenant-hongdae-02", "tenant-busan-03")
_STORES = ("소담 베이커리", "Cafe Mono", "바다횟집")
_LAST = STEPS[-1]


@dataclass(frozen=True, slots=True)
class _Variant:
    status: str
    step: str
    age: float
    retries: int | None = 0


@dataclass(frozen=True, slots=True)
class _Case:
    """How many jobs of a life there are per unit of scale, and what they look like; ages in seconds."""

    count: int
    status: str
    step: str
    age: float
    variants: tuple[_Variant, ...]
    retries: int | None = 0


def _at(step: str, age: float = 6 * MINUTE, status: str = "done", retries: int | None = 0) -> _Variant:
    return _Variant(status, step, age, retries)


_ENDED = tuple(_at(_LAST) for _ in range(3))
# The first of each name that the document tells of is its scenario in full; 34 jobs together.
_CASES = {
    "done": _Case(10, "done", _LAST, 0, _ENDED),
    # Every variant failed at the job's step: the original starts these over by itself until the limit.
    "failed": _Case(2, "failed", "overlay", 40 * MINUTE, (_at("overlay", 40 * MINUTE, "failed", 3),) * 2, 3),
    "queued": _Case(3, "queued", "user_img_input", 0, (_at("vlm_analyze", 0, "queued"),) * 3),
    "running": _Case(
        2,
        "running",
        "planner",
        4,
        (_at("planner", 4), _at("planner", 9, "running"), _at("planner", 12, "running")),
    ),
    # Scenario 1. The variant is behind, done, and too young to be stalled as well.
    "lagging": _Case(
        1, "running", "ocr_eval", 70, (_at("planner", 90), _at("ocr_eval", 70), _at("ocr_eval", 80))
    ),
    # Scenario 1 and, by age, scenario 3: it counts once.
    "lagging_long": _Case(
        1, "running", "vlm_judge", 11 * MINUTE, (_at("yolo_detect", 12 * MINUTE), _at("vlm_judge"))
    ),
    # Scenario 2, with the job running and with the job failed.
    "failed_variant": _Case(
        1,
        "running",
        "readability_eval",
        8 * MINUTE,
        (_at("overlay", 9 * MINUTE, "failed"), _at("readability_eval", 8 * MINUTE, "running")),
    ),
    "failed_job": _Case(
        1,
        "failed",
        "vlm_judge",
        20 * MINUTE,
        (_at("planner", 25 * MINUTE, "failed", 1), _at("vlm_judge", 20 * MINUTE)),
    ),
    # A failed variant at its job's own step is not behind.
    "not_behind": _Case(
        1,
        "running",
        "overlay",
        7 * MINUTE,
        (_at("overlay", 7 * MINUTE, "failed"), _at("overlay", 7 * MINUTE, "running")),
    ),
    # Scenario 3. The job was moved back, so nobody is behind it, yet a sibling is further on. By their names
    # the two steps are in the wrong order.
    "stalled": _Case(
        1,
        "running",
        "yolo_detect",
        8 * MINUTE,
        (_at("yolo_detect", 8 * MINUTE), _at("ocr_eval", 15 * MINUTE)),
    ),
    # Scenario 4.
    "unfinished": _Case(1, "running", _LAST, 6 * MINUTE, _ENDED),
    "unfinished_null": _Case(1, "running", _LAST, 6 * MINUTE, _ENDED[:2], None),
    # Scenario 4 wants at least one variant.
    "empty": _Case(1, "running", _LAST, 30 * MINUTE, ()),
    "lagging_null": _Case(
        1,
        "running",
        "overlay",
        3 * MINUTE,
        (_at("vlm_analyze", 4 * MINUTE, retries=None), _at("overlay", 3 * MINUTE)),
        None,
    ),
    # Recovered three times within the hour: the limit.
    "at_limit": _Case(
        1,
        "running",
        "iou_eval",
        9 * MINUTE,
        (_at("planner", 9 * MINUTE, "failed", 3), _at("iou_eval", 14 * MINUTE)),
        1,
    ),
    # Steps that are not in the order: nobody is behind.
    "unknown_job_step": _Case(1, "running", "ad_copy_gen_kor", 12 * MINUTE, (_at(_LAST, 14 * MINUTE),) * 2),
    "unknown_variant_step": _Case(
        1,
        "running",
        "overlay",
        12 * MINUTE,
        (_at("upscale", 20 * MINUTE), _at("overlay", 12 * MINUTE, "running")),
    ),
    # Behind, but running: the original only means to log it.
    "silent_running": _Case(
        1,
        "running",
        "overlay",
        18 * MINUTE,
        (_at("yolo_detect", 35 * MINUTE, "running"), _at("overlay", 18 * MINUTE, "running")),
    ),
    "null_step": _Case(1, "failed", "", 50 * MINUTE, ()),
    "cancelled_by_hand": _Case(2, "failed", "img_gen", 2 * DAY, ()),
}


def job_id(life: str, number: int = 0) -> str:
    """The job of a given life, by which tests find it; the same for every seed."""
    return str(uuid5(NAMESPACE_URL, f"feedlyai:{life}:{number}"))


def variant_id(life: str, number: int = 0, index: int = 0) -> str:
    """One of that job's variants, counted from 0."""
    return str(uuid5(NAMESPACE_URL, f"feedlyai:{life}:{number}:{index}"))


def rows(random: Random, scale: int) -> Iterator[SeedRow]:
    """Table by table, each after those that it points at."""
    found = list(_tenants())
    for life, case in _CASES.items():
        for number in range(case.count * scale):
            found += _job(random, life, number, case)
    order = {name: index for index, name in enumerate(columns_of("feedlyai").tables)}
    yield from sorted(found, key=lambda row: order[row.table])


def _tenants() -> Iterator[SeedRow]:
    old = {"created_at": 90 * DAY, "updated_at": 90 * DAY}
    for index, (tenant, store) in enumerate(zip(TENANTS, _STORES, strict=True)):
        yield SeedRow("tenants", {"tenant_id": tenant, "display_name": store, "uid": f"uid-{index}"}, old)
        yield SeedRow("stores", {"store_id": _store_id(index), "title": store, "store_category": "cafe"}, old)


def _store_id(index: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"feedlyai:store:{index}"))


def _job(random: Random, life: str, number: int, case: _Case) -> Iterator[SeedRow]:
    index = random.randrange(len(TENANTS))
    age, retries = case.age, case.retries
    if life == "done":
        # Over nine days, so that statistics over seven leave some out.
        age, retries = random.uniform(2 * HOUR, 9 * DAY), random.choice((0, 0, 0, 0, 1, 1, 2, 4))
    elif life == "queued":
        age = random.uniform(20, 20 * MINUTE)
    # The pipeline takes minutes; what is queued has not begun.
    created = age if life == "queued" else age + random.uniform(5, 40) * MINUTE
    values: dict[str, Any] = {
        "job_id": job_id(life, number),
        "tenant_id": TENANTS[index],
        "store_id": _store_id(index),
        "status": case.status,
        "current_step": case.step or None,
        "version": "v1",
        "retry_count": retries,
    }
    yield SeedRow("jobs", values, {"created_at": created, "updated_at": age})
    variants = [
        _variant_row(random, life, number, position, variant, created, age)
        for position, variant in enumerate(case.variants)
    ]
    yield from variants
    yield from children.of_job(random, values, variants, created)


def _variant_row(
    random: Random, life: str, number: int, position: int, variant: _Variant, created: float, job_age: float
) -> SeedRow:
    is_plain = life in ("done", "queued")
    identity = variant_id(life, number, position)
    values = {
        "job_variants_id": identity,
        "job_id": job_id(life, number),
        "img_asset_id": children.asset_id(identity),
        "creation_order": position + 1,
        "selected": life == "done" and position == 0,
        "status": variant.status,
        "current_step": variant.step,
        "retry_count": random.choice((0, 0, 0, 1, 3)) if life == "done" else variant.retries,
        "overlaid_img_asset_id": None,
    }
    age = job_age + 2 * position if is_plain else variant.age
    return SeedRow("jobs_variants", values, {"created_at": max(created - 1, age), "updated_at": age})
