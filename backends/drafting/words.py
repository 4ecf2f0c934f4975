"""The words by which columns and statuses tell what they are, in English and German."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from unstick.recovery.model import State

ROLES: Mapping[str, Sequence[str]] = {
    "status": ("status", "state", "job_status", "job_state", "task_status", "zustand", "stand"),
    "heartbeat": (
        "heartbeat_at", "heartbeat", "last_heartbeat_at", "last_heartbeat", "heartbeat_on", "last_seen_at",
        "last_seen", "last_beat", "beat_at", "alive_at", "last_alive", "pinged_at", "last_ping",
        "progress_at", "lebenszeichen", "letztes_lebenszeichen", "herzschlag", "lebt_noch",
    ),
    "updated": (
        "updated_at", "updated", "update_time", "updated_on", "modified_at", "modified", "last_modified",
        "changed_at", "touched_at",
        "touched_on", "changed_on",
        "last_update", "mtime", "geaendert_am", "geaendert", "aktualisiert_am",
        "aktualisiert",
    ),
    "started": (
        "started_at", "started", "start_time", "started_on", "attempted_at", "performed_at", "picked_at",
        "picked_up_at", "claimed_at", "locked_at", "reserved_at", "taken_at", "dequeued_at", "begun_at",
        "begun_on",
        "begin_at", "start_date", "started_ms", "gestartet_am", "gestartet", "begonnen_am", "begonnen",
        "beginn",
    ),
    "finished": (
        "finished_at", "finished", "finish_time", "completed_at", "completed", "completed_on", "ended_at",
        "end_time", "end_date", "done_at", "finalized_at", "closed_at", "finished_ms", "beendet_am",
        "beendet",
        "fertig_am", "abgeschlossen_am", "erledigt_am", "ende",
    ),
    "failed_at": (
        "failed_at", "failed_on", "errored_at", "expired_at", "discarded_at", "fehlgeschlagen_am",
    ),
    "created": (
        "created_at", "created", "create_time", "created_on", "inserted_at", "enqueued_at", "queued_at",
        "queued_on",
        "submitted_at", "creation_date", "ctime", "date_created", "created_ms", "angelegt_am", "angelegt",
        "erstellt_am", "erstellt", "erzeugt_am", "eingestellt_am",
    ),
    "kind": (
        "kind", "job_type", "task_type", "type", "job_class", "class_name", "task_name", "job_name",
        "entrypoint",
        "handler_name", "function", "worker", "task", "queue", "queue_name", "name", "art",
        "auftragsart", "typ",
        "warteschlange",
    ),
    "error": (
        "last_error", "error", "error_message", "error_text", "last_error_message", "exception",
        "failure_reason", "failure", "traceback", "fehler", "fehlermeldung", "fehlertext", "letzter_fehler",
    ),
    "retries": (
        "attempts", "attempt", "retries", "retry_count", "tries", "try_count", "attempt_count",
        "error_count",
        "executions", "executions_count", "versuche", "anzahl_versuche", "versuch",
    ),
    "max_retries": (
        "max_attempts", "max_retries", "max_tries", "retry_limit", "attempts_max", "max_versuche",
    ),
    "step": ("step", "stage", "phase", "current_step", "schritt"),
    "progress": ("progress", "percent", "progress_percent", "fortschritt"),
    "priority": ("priority", "prio", "prioritaet", "urgency"),
    "owner": (
        "locked_by", "worker_id", "claimed_by", "owner", "reserved_by", "attempted_by", "picked_by",
        "worker",
        "worker_name", "process_id", "hostname", "node", "queue_manager_id", "bearbeiter", "gesperrt_von",
    ),
    "payload": (
        "payload", "args", "arguments", "params", "parameters", "data", "body", "handler", "nutzdaten",
    ),
}  # fmt: skip
"""Role -> names of columns, the most telling first."""

LOCKS = ("locked_at", "reserved_at", "claimed_at", "taken_at", "picked_at", "picked_up_at")
"""Columns that are set while a job is worked on, and only then."""

STATES: Mapping[State, Sequence[str]] = {
    State.RUNNING: (
        "running", "executing", "working", "active", "in_progress", "inprogress", "processing", "started",
        "busy", "picked", "claimed", "locked", "reserved", "leased", "acquired",
        "doing", "in_flight",
        "laeuft", "in_arbeit",
        "in_bearbeitung", "aktiv", "gestartet",
    ),
    State.PENDING: (
        "pending", "queued", "waiting", "available", "ready", "new", "created", "enqueued", "scheduled",
        "todo",
        "open", "submitted", "retryable", "retry", "retrying", "wartend", "wartet", "neu", "offen",
        "bereit",
        "geplant", "eingereiht", "angelegt",
    ),
    State.DONE: (
        "done", "completed", "complete", "finished", "success", "successful", "succeeded", "succeed", "ok",
        "processed", "fertig", "erledigt", "abgeschlossen", "beendet", "erfolgreich",
    ),
    State.FAILED: (
        "failed", "failure", "error", "errored", "crashed", "dead", "exception", "discarded", "aborted",
        "timeout", "timed_out", "fehler", "fehlerhaft", "fehlgeschlagen", "gescheitert",
    ),
    State.CANCELLED: (
        "cancelled", "canceled", "revoked", "skipped", "expired", "deleted", "abandoned", "abgebrochen",
        "storniert", "verworfen",
    ),
}  # fmt: skip
"""State -> the words of native statuses, the most telling first."""

TABLES = ("job", "task", "queue", "work", "auftr", "aufgabe", "run", "process", "execution", "vorgang")
NOT_JOBS = (
    "log", "history", "archive", "audit", "event", "migration", "schedule", "lock", "session", "setting",
    "config", "worker", "protokoll", "verlauf", "unstick",
)  # fmt: skip
"""Parts of names of tables that hold something about jobs, but not the jobs."""


def plain(word: str) -> str:
    """Return a name as these lists write it: `Geändert Am`, `geaendertAm` and `GEAENDERT_AM` are one."""
    spelled = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word.strip())
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        spelled = spelled.lower().replace(umlaut, letters)
    ascii_only = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")


def state_of(status: str) -> State | None:
    """Return what a native status says by its word; None where it says nothing that is known."""
    word = plain(status)
    for state, words in STATES.items():
        if word in words:
            return state
    # `job_running`, `STATUS_FAILED`: the last part is the word.
    last = word.rpartition("_")[2]
    found = {state for state, words in STATES.items() if last in words}
    return found.pop() if len(found) == 1 and last != word else None
