"""Rows of a demo database before they are inserted, and what has to be known of their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["json", "json text", "uuid", "text[]", "uuid[]", "json[]", "bytes", "bits", "river state"]
Clock = Literal["naive_utc", "naive_micros", "zoned"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time within a JSON document, ``age`` seconds before the database's now, as RFC 3339 text.

    Written as a program in the time zone ``hours`` east of Greenwich does that counts nanoseconds.
    """

    age: float
    hours: int = 0


@dataclass(frozen=True, slots=True)
class SeedRow:
    """One row to be inserted.

    ``values`` are plain Python values: a list or dict for a JSON or array column (a ``str`` there is put in
    as it stands, broken or not; a ``Moment`` in it becomes text), ``bytes`` for text that is not valid UTF-8
    (SQLite only) or for a column of bytes, a number for a column of bits.
    ``ages`` are seconds before the database's now, per time column; ``None`` is NULL.
    """

    table: str
    values: Mapping[str, Any]
    ages: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SystemColumns:
    """What the inserts of one system need beyond names: the clock of its time columns, special types."""

    clock: Clock
    """What most time columns hold; ``naive_micros`` is ``naive_utc`` with the fraction of a second."""
    tables: Sequence[str]
    kinds: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    schemas: Mapping[str, str] = field(default_factory=dict)
    """The PostgreSQL schema of a table, where it is not the default one."""
    clocks: Mapping[tuple[str, str], Clock] = field(default_factory=dict)
    """By table and column, where the clock is another one."""
    serials: Mapping[str, str] = field(default_factory=dict)
    """The numbered column of each table whose rows bring their numbers along: it goes on from there."""


def _uuids(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, "uuid")


_REQUEST: Mapping[str, Kind] = {"request": "json", "response": "json"}

COLUMNS: Mapping[str, SystemColumns] = {
    "artitec": SystemColumns(
        clock="naive_utc",
        tables=("collection_jobs", "collection_changes", "collection_job_logs", "entity_matches"),
        kinds={
            "collection_jobs": {"search_filters": "json"},
            "collection_changes": {"proposed_entity_data": "json"},
            "collection_job_logs": {"log_data": "json"},
            "entity_matches": {"discovered_data": "json"},
        },
    ),
    "extraction": SystemColumns(
        clock="zoned",
        tables=("user_profiles", "projects", "object_extraction_jobs", "object_extraction_logs"),
        kinds={
            "user_profiles": {"subject_id": "uuid"},
            "projects": {"id": "uuid", "org_id": "uuid"},
            "object_extraction_jobs": {
                "id": "uuid",
                "org_id": "uuid",
                "project_id": "uuid",
                "subject_id": "uuid",
                "source_metadata": "json",
                "extraction_config": "json",
                "error_details": "json",
                "debug_info": "json",
                "discovered_types": "text[]",
                "created_objects": "uuid[]",
            },
            "object_extraction_logs": {"id": "uuid", "extraction_job_id": "uuid", "details": "json"},
        },
        schemas={
            "user_profiles": "core",
            "projects": "kb",
            "object_extraction_jobs": "kb",
            "object_extraction_logs": "kb",
        },
    ),
    "algoitny": SystemColumns(
        clock="naive_micros",
        tables=(
            "django_content_type",
            "problems",
            "test_cases",
            "problem_extraction_jobs",
            "script_generation_jobs",
            "job_progress_history",
        ),
        kinds={
            "problems": {"tags": "json", "metadata": "json"},
            "script_generation_jobs": {"tags": "json"},
        },
        serials=dict.fromkeys(
            ("django_content_type", "problems", "problem_extraction_jobs", "script_generation_jobs"), "id"
        ),
    ),
    "feedlyai": SystemColumns(
        clock="zoned",
        tables=(
            "tenants",
            "stores",
            "jobs",
            "image_assets",
            "job_inputs",
            "jobs_variants",
            "gen_runs",
            "gen_variants",
            "planner_proposals",
            "overlay_layouts",
            "detections",
            "yolo_runs",
            "vlm_traces",
            "llm_traces",
            "evaluations",
            "txt_ad_copy_generations",
            "instagram_feeds",
        ),
        kinds={
            "stores": _uuids("store_id"),
            "jobs": _uuids("job_id", "store_id"),
            "image_assets": _uuids("image_asset_id", "job_id"),
            "job_inputs": _uuids("job_id", "img_asset_id"),
            "jobs_variants": _uuids("job_variants_id", "job_id", "img_asset_id", "overlaid_img_asset_id"),
            "gen_runs": _uuids("run_id", "job_id", "src_asset_id"),
            "gen_variants": _uuids("gen_variant_id", "run_id", "canvas_asset_id"),
            "planner_proposals": {**_uuids("proposal_id", "image_asset_id"), "layout": "json"},
            "overlay_layouts": {**_uuids("overlay_id", "proposal_id", "job_variants_id"), "layout": "json"},
            "detections": {**_uuids("detection_id", "image_asset_id", "job_id"), "box": "json"},
            "yolo_runs": _uuids("yolo_run_id", "job_id", "image_asset_id"),
            "vlm_traces": {**_uuids("vlm_trace_id", "job_id", "job_variants_id"), **_REQUEST},
            "llm_traces": {**_uuids("llm_trace_id", "job_id"), **_REQUEST},
            "evaluations": {**_uuids("evaluation_id", "job_id", "overlay_id"), "metrics": "json"},
            "txt_ad_copy_generations": _uuids("ad_copy_gen_id", "job_id"),
            "instagram_feeds": _uuids("instagram_feed_id", "job_id", "overlay_id"),
        },
    ),
    "bg_jobs": SystemColumns(
        clock="zoned",
        tables=("jobs", "tasks", "river_job", "river_queue"),
        kinds={
            "jobs": {
                "id": "uuid",
                "interval": "json text",
                "interval_progress": "json text",
            },
            "tasks": {"id": "uuid", "job_id": "uuid"},
            "river_job": {
                "state": "river state",
                "args": "json",
                "metadata": "json",
                "errors": "json[]",
                "attempted_by": "text[]",
                "tags": "text[]",
                "unique_key": "bytes",
                "unique_states": "bits",
            },
            "river_queue": {"metadata": "json"},
        },
        clocks={("jobs", "interval_started_at"): "naive_micros"},
        serials={"river_job": "id"},
    ),
}


def columns_of(system: str) -> SystemColumns:
    """The columns of a demo system; an unknown name is an error that lists the known ones."""
    try:
        return COLUMNS[system]
    except KeyError:
        raise ValueError(
            f"no demo rows for the system {system!r}: known are {', '.join(sorted(COLUMNS))}"
        ) from None
