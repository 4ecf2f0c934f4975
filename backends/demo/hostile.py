"""Rows that break careless consoles: escapes, markup, controls, huge or malformed texts, NULLs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from unstick.backends.demo import hostile_new
from unstick.backends.demo.ddl import Dialect, dialect_of
from unstick.backends.demo.rows import SeedRow

# Each by a short name, so that a failing test says which one it was.
TEXTS: dict[str, str] = {
    "ansi": "before \x1b[2J\x1b[31mred\x1b[0m after",
    "osc title": "\x1b]0;owned\x07 and a link \x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "osc 52 clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "c1 csi": "\x9b31mred by one character\x9b0m",
    "closing markup": "[/]",
    "closing named markup": "text [/red] text",
    "action markup": "[@click=app.quit]x[/]",
    "colour markup": "[red]not red[/red] [bold]x",
    "open bracket": "list[0] = [",
    "backslashes": "C:\\temp\\[/] \\[red]",
    "bidi override": "invoice\u202egpj.exe",
    "bidi isolate": "\u2066abc\u2069 \u200f\u200e",
    "zero width": "pay\u200bpal\u200d\u2060\ufeff",
    "control characters": "bell\x07 back\x08\x08 del\x7f cr\rover",
    "tabs and lines": "one\ttwo\nthree\r\n\n\nfour",
    "chinese and japanese": "深圳市南山区 住宅開発 ハーベスト",
    "korean": "한국어 작업 이름 실패했습니다",
    "emoji and combining": "👩‍👩‍👧‍👦 e\u0301 a\u0300\u0301\u0302 ﷽",
    "percent and colon": "100% :name %(x)s {y} $1 ? ; -- '' \"",
    "long word": "x" * 5_000,
    "empty": "",
    "blank": "   ",
}
NUL_TEXT = "before\x00after"
INVALID_UTF8 = b"caf\xe9 \xed\xa0\x80 \xff end"
MEGABYTE = 1_000_000
_MYSQL_TEXT_BYTES = 65_535
_BROKEN_JSON = '{"progress": 10, "unclosed": ["'


def rows(system: str, dialect: str) -> list[SeedRow]:
    """The hostile rows of ``system`` that a database of ``dialect`` accepts."""
    engine = dialect_of(dialect)
    texts: dict[str, str | bytes] = dict(TEXTS)
    if engine != "postgresql":
        texts["nul"] = NUL_TEXT
    if engine == "sqlite":
        texts["invalid utf-8"] = INVALID_UTF8
    # MySQL's TEXT, which artitec has, ends at 64 KB.
    is_short = engine == "mysql" and system == "artitec"
    texts["one megabyte"] = "stack frame\n" * ((_MYSQL_TEXT_BYTES if is_short else MEGABYTE) // 12)
    return _MAKERS[system](texts, engine)


def _artitec(texts: dict[str, str | bytes], engine: Dialect) -> list[SeedRow]:
    jobs = [_artitec_job(f"HOSTILE-{name}", text) for name, text in texts.items()]
    jobs.append(_artitec_job("HOSTILE-null everywhere", None, bare=True))
    jobs.append(_artitec_job("HOSTILE-unknown status", None, status="in_progress"))
    jobs.append(_artitec_job("HOSTILE-odd status", None, status="[red]RUNNING[/] \x1b[5m"))
    jobs.append(_artitec_job("HOSTILE-[/]\x1b[2J\u202e한국", None))
    jobs.append(_artitec_job("HOSTILE-started in the future", None, status="running", started=-7200.0))
    if engine == "sqlite":
        jobs.append(_artitec_job("HOSTILE-broken json", None, filters=_BROKEN_JSON))
    logs = [
        SeedRow(
            "collection_job_logs",
            {"job_id": f"HOSTILE-{name}", "level": "ERROR", "message": text, "log_data": None, "stage": None},
            {"timestamp": 60.0},
        )
        for name, text in texts.items()
    ]
    changes = [
        SeedRow(
            "collection_changes",
            {
                "job_id": f"HOSTILE-{name}",
                "entity_type": "builder",
                "entity_id": None,
                "is_new_entity": False,
                "change_type": "modified",
                "old_value": text,
                "new_value": None,
            },
            {"reviewed_at": None, "applied_at": None, "created_at": 60.0},
        )
        for name, text in texts.items()
    ]
    return [*jobs, *logs, *changes]


def _artitec_job(
    job_id: str,
    text: str | bytes | None,
    *,
    status: str = "failed",
    filters: str | None = None,
    started: float | None = 3600.0,
    bare: bool = False,
) -> SeedRow:
    name = None if bare else text
    short = name[:50] if isinstance(name, str) else None
    values: dict[str, Any] = {
        "job_id": job_id,
        "entity_type": "builder" if short is None or not short.strip() else short,
        "entity_id": None,
        "job_type": "update",
        "parent_entity_type": None,
        "parent_entity_id": None,
        "status": status,
        "priority": None if bare else 5,
        "search_query": name,
        "target_url": None,
        "search_filters": filters,
        "items_found": None if bare else 0,
        "changes_detected": None if bare else 0,
        "new_entities_found": None if bare else 0,
        "error_message": text,
        "initiated_by": None,
    }
    begun = None if bare else started
    ages = {"started_at": begun, "completed_at": None, "created_at": 7200.0, "updated_at": 60.0}
    return SeedRow("collection_jobs", values, ages)


def _hostile_uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"hostile:{name}"))


def _extraction(texts: dict[str, str | bytes], engine: Dialect) -> list[SeedRow]:
    org, project = _hostile_uuid("org"), _hostile_uuid("project")
    old = {"created_at": 86_400.0, "updated_at": 86_400.0}
    found = [
        SeedRow("user_profiles", {"subject_id": _hostile_uuid("person"), "display_name": None}, old),
        SeedRow("projects", {"id": project, "org_id": org, "name": TEXTS["action markup"]}, old),
    ]
    jobs = [_extraction_job(name, text, org, project) for name, text in texts.items()]
    jobs.append(_extraction_job("null everywhere", None, org, project, bare=True))
    jobs.append(
        _extraction_job("started in the future", None, org, project, status="running", started=-7200.0)
    )
    if engine == "sqlite":
        jobs.append(_extraction_job("broken json", None, org, project, metadata=_BROKEN_JSON))
    logs = [
        SeedRow(
            "object_extraction_logs",
            {
                "id": _hostile_uuid(f"log of {name}"),
                "extraction_job_id": _hostile_uuid(name),
                "step_index": 0,
                "operation_type": "error",
                "operation_name": None,
                "status": "error",
                "message": text,
                "error_message": None,
                "details": None,
            },
            {"logged_at": 60.0},
        )
        for name, text in texts.items()
    ]
    return [*found, *jobs, *logs]


def _extraction_job(
    name: str,
    text: str | bytes | None,
    org: str,
    project: str,
    *,
    status: str = "failed",
    metadata: str | None = "{}",
    started: float | None = 3600.0,
    bare: bool = False,
) -> SeedRow:
    short = text[:50] if isinstance(text, str) and text.strip() else "document"
    counter = None if bare else 0
    values: dict[str, Any] = {
        "id": _hostile_uuid(name),
        "org_id": org,
        "project_id": project,
        "source_type": short,
        "source_id": None if bare else text,
        "source_metadata": None if bare else metadata,
        "extraction_config": None,
        "status": status,
        "total_items": counter,
        "processed_items": counter,
        "successful_items": counter,
        "failed_items": counter,
        "discovered_types": None if bare else [],
        "created_objects": None if bare else [],
        "error_message": text,
        "error_details": None,
        "debug_info": None,
        "subject_id": None,
    }
    begun = None if bare else started
    ages = {"started_at": begun, "completed_at": None, "created_at": 7200.0, "updated_at": 60.0}
    return SeedRow("object_extraction_jobs", values, ages)


_MAKERS: Mapping[str, Callable[[dict[str, str | bytes], Dialect], list[SeedRow]]] = {
    "artitec": _artitec,
    "extraction": _extraction,
    "algoitny": hostile_new.algoitny,
    "feedlyai": hostile_new.feedlyai,
    "bg_jobs": hostile_new.bg_jobs,
}
