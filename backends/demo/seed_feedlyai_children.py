"""What a feedlyai job and its variants own: assets, runs, traces, layouts, evaluations, texts."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from unstick.backends.demo.rows import SeedRow

STEPS = (
    "vlm_analyze",
    "yolo_detect",
    "planner",
    "overlay",
    "vlm_judge",
    "ocr_eval",
    "readability_eval",
    "iou_eval",
)
"""The eight steps of a variant, in order."""

_EVALUATIONS = {
    "vlm_judge": "llava_judge",
    "ocr_eval": "ocr",
    "readability_eval": "readability",
    "iou_eval": "iou",
}


def asset_id(owner: str) -> str:
    """The image of a job or a variant."""
    return _id(owner, "asset")


def _id(owner: str, kind: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"feedlyai:{owner}:{kind}"))


def of_job(random: Random, job: dict[str, Any], variants: list[SeedRow], created: float) -> Iterator[SeedRow]:
    """The children of one job, in no order."""
    name, tenant = job["job_id"], job["tenant_id"]
    times: dict[str, float | None] = {"created_at": created, "updated_at": created}
    source = asset_id(name)
    yield _asset(source, name, tenant, times)
    texts = {"desc_kor": "겨울 신메뉴 딸기 케이크", "desc_eng": "Strawberry cake, new this winter"}
    yield SeedRow("job_inputs", {"job_id": name, "img_asset_id": source, **texts}, times)
    for variant in variants:
        yield _asset(variant.values["img_asset_id"], name, tenant, times)
    if job["status"] == "queued":
        return
    run, later = _id(name, "run"), created - 2
    run_values = {
        "run_id": run,
        "job_id": name,
        "tenant_id": tenant,
        "src_asset_id": source,
        "status": "failed" if job["current_step"] == "img_gen" else "done",
        "latency_ms": random.uniform(4_000, 60_000),
    }
    yield SeedRow("gen_runs", run_values, {"created_at": later, "finished_at": later})
    trace = {"operation_type": "translate", "request": {"text": texts["desc_kor"]}, "response": None}
    llm = {"llm_trace_id": _id(name, "llm"), "job_id": name, "provider": "gpt", "latency_ms": 900.0, **trace}
    yield SeedRow("llm_traces", llm, times)
    copy = {"ad_copy_gen_id": _id(name, "copy"), "job_id": name, "generation_stage": "ad_copy_eng"}
    yield SeedRow(
        "txt_ad_copy_generations",
        {**copy, "ad_copy_eng": "Winter, with strawberries.", "status": "done"},
        times,
    )
    for variant in variants:
        yield from _of_variant(variant, run)
    reached = max((_order(variant) for variant in variants), default=0)
    if reached >= 2:
        yield from _detection(random, name, source, times)
    if job["status"] == "done":
        yield _feed(job, variants, times)


def _asset(asset: str, job: str, tenant: str, times: dict[str, float | None]) -> SeedRow:
    values = {
        "image_asset_id": asset,
        "image_type": "generated",
        "image_url": f"/assets/{tenant}/{asset}.png",
        "width": 1024,
        "height": 1024,
        "tenant_id": tenant,
        "job_id": job,
    }
    return SeedRow("image_assets", values, times)


def _order(variant: SeedRow) -> int:
    step = variant.values["current_step"]
    return STEPS.index(step) + 1 if step in STEPS else 0


def _of_variant(variant: SeedRow, run: str) -> Iterator[SeedRow]:
    name, job, asset = (variant.values[key] for key in ("job_variants_id", "job_id", "img_asset_id"))
    age = variant.ages["updated_at"]
    times = {"created_at": age, "updated_at": age}
    gen = {
        "gen_variant_id": _id(name, "gen"),
        "run_id": run,
        "canvas_asset_id": asset,
        "prompt_en": "a table",
    }
    yield SeedRow("gen_variants", gen, {"created_at": age})
    reached = _order(variant)
    trace = {"vlm_trace_id": _id(name, "vlm"), "job_id": job, "job_variants_id": name, "provider": "llava"}
    response = {"suitable": True} if reached > 1 else None
    trace_values = {
        **trace,
        "operation_type": "analyze",
        "request": {},
        "response": response,
        "latency_ms": 2e3,
    }
    yield SeedRow("vlm_traces", trace_values, times)
    if reached < STEPS.index("overlay") + 1:
        return
    proposal = {
        "proposal_id": _id(name, "proposal"),
        "image_asset_id": asset,
        "layout": {"boxes": [[0.1, 0.1]]},
    }
    yield SeedRow("planner_proposals", proposal, times)
    overlay = {
        "overlay_id": _id(name, "overlay"),
        "proposal_id": proposal["proposal_id"],
        "job_variants_id": name,
    }
    yield SeedRow("overlay_layouts", {**overlay, "layout": {"x": 0.1, "y": 0.1}}, times)
    for step, kind in _EVALUATIONS.items():
        if STEPS.index(step) + 1 <= reached:
            result = {"evaluation_id": _id(name, kind), "job_id": job, "overlay_id": overlay["overlay_id"]}
            values = {**result, "evaluation_type": kind, "metrics": {"score": 0.87}}
            yield SeedRow("evaluations", values, times)


def _detection(random: Random, job: str, source: str, times: dict[str, float | None]) -> Iterator[SeedRow]:
    found = {"detection_id": _id(job, "detection"), "image_asset_id": source, "job_id": job}
    box = [random.randint(0, 400), random.randint(0, 400), 800, 900]
    yield SeedRow("detections", {**found, "box": box, "label": "cake", "score": 0.91}, times)
    yolo = {"yolo_run_id": _id(job, "yolo"), "job_id": job, "image_asset_id": source, "model_name": "yolov8x"}
    yield SeedRow("yolo_runs", {**yolo, "detection_count": 1}, times)


def _feed(job: dict[str, Any], variants: list[SeedRow], times: dict[str, float | None]) -> SeedRow:
    first = variants[0].values["job_variants_id"]
    values = {
        "instagram_feed_id": _id(job["job_id"], "feed"),
        "job_id": job["job_id"],
        "overlay_id": _id(first, "overlay"),
        "tenant_id": job["tenant_id"],
        "instagram_ad_copy": "딸기 케이크와 함께하는 겨울",
        "hashtags": "#딸기 #케이크",
    }
    return SeedRow("instagram_feeds", values, times)
