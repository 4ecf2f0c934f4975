"""How the feedlyai worker learns that a variant has changed: by NOTIFY, or where there is none by looking."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from unstick.backends.demo.connection import Connection

CHANNEL = "job_variant_state_changed"

# Seconds: a change may be committed that much later than the time that it carries.
_SLACK = 5.0
_NEWEST = "SELECT max({epoch updated_at}) FROM jobs_variants WHERE {epoch updated_at} <= {epoch}"
# As in the original, a row that was only inserted is no event.
_CHANGED = """
    SELECT job_variants_id, status, current_step, updated_at, retry_count, {epoch updated_at} AS moved
    FROM jobs_variants
    WHERE {epoch updated_at} BETWEEN ? AND {epoch} AND coalesce(updated_at <> created_at, TRUE)
    ORDER BY 6, pk
"""


@dataclass(frozen=True, slots=True)
class Event:
    """A variant became this."""

    variant: str
    status: str
    step: str


class Events(Protocol):
    """What has happened since this was asked last."""

    def news(self) -> list[Event]:
        """Return the events in their order. Not to be asked within a transaction."""
        ...


class Heard:
    """Notifications. One that doesn't say what variant it is about is none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def news(self) -> list[Event]:
        found = []
        for payload in self._connection.heard():
            with suppress(ValueError, KeyError, TypeError):
                told = json.loads(payload)
                found.append(Event(told["job_variants_id"], told["status"], told["current_step"]))
        return found


class Seen:
    """Rows whose ``updated_at`` moved since this was made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # How far the changes have been seen, and which ones of the last moments.
        self._until: float = connection.execute(_NEWEST).value or 0.0
        self._seen: set[tuple[object, ...]] = set()
        self._changed()

    def news(self) -> list[Event]:
        return self._changed() if self._connection.is_news() else []

    def _changed(self) -> list[Event]:
        found = self._connection.execute(_CHANGED, (self._until - _SLACK,)).fetchall()
        news = [row for row in found if tuple(row) not in self._seen]
        self._seen = set(map(tuple, found))
        if found:
            self._until = found[-1]["moved"]
        return [Event(row["job_variants_id"], row["status"], row["current_step"]) for row in news]


def events_of(connection: Connection) -> Events:
    """The events of the database from now on."""
    return Heard(connection) if connection.listen(CHANNEL) else Seen(connection)
