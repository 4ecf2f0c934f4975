"""Rows of a demo database before they are inserted, and what has to be known of their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["json", "uuid", "text[]", "uuid[]"]
Clock = Literal["naive_utc", "zoned"]


@dataclass(frozen=True, slots=True)
class SeedRow:
    """One row to be inserted.

    ``values`` are plain Python values: a list or dict for a JSON or array column (a ``str`` there is put in
    as it stands, broken or not), ``bytes`` for text that is not valid UTF-8 (SQLite only).
    ``ages`` are seconds before the database's now, per time column; ``None`` is NULL.
    """

    table: str
    values: Mapping[str, Any]
    ages: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SystemColumns:
    """What the inserts of one system need beyond names: the clock of its time columns, special types."""

    clock: Clock
    tables: Sequence[str]
    kinds: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    schemas: Mapping[str, str] = field(default_factory=dict)
    """The PostgreSQL schema of a table, where it is not the default one."""


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
}


def columns_of(system: str) -> SystemColumns:
    """The columns of a demo system; an unknown name is an error that lists the known ones."""
    try:
        return COLUMNS[system]
    except KeyError:
        raise ValueError(
            f"no demo rows for the system {system!r}: known are {', '.join(sorted(COLUMNS))}"
        ) from None
