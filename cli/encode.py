"""Domain objects as plain JSON values. Names and order of the keys are those of the dataclasses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from unstick.recovery.model import Job, Variant


def plain(value: Any) -> Any:
    """Return what json can write: times in ISO 8601, durations in seconds, tuples as lists."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return str(value)


def job_object(job: Job, *, full: bool = False) -> dict[str, Any]:
    """Return a job; `fields`, every mapped column, only with `full`."""
    found = _with_evidence(job)
    found["needs_person"] = job.needs_person
    if not full:
        del found["fields"]
    return found


def variant_object(variant: Variant, *, full: bool = True) -> dict[str, Any]:
    """Return a variant; `fields` only with `full`."""
    found = _with_evidence(variant)
    found["needs_person"] = variant.needs_person
    if not full:
        del found["fields"]
    return found


def _with_evidence(item: Job | Variant) -> dict[str, Any]:
    found: dict[str, Any] = plain(item)
    if item.verdict is not None:
        found["verdict"]["evidence"] = dict(item.verdict.evidence)
    return found


def print_json(document: Mapping[str, Any], *, line: bool = False) -> None:
    """Print one object, with `line` on a line of its own and at once. Only ASCII, so that no text from a
    database can move a cursor."""
    print(json.dumps(plain(document), indent=None if line else 2, ensure_ascii=True), flush=line)
