"""The queue's rows (River's river_job) for the bg_jobs system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from unstick.backends.demo.rows import Moment, SeedRow

UNIQUE_STATES = 0b11110101
"""A unique job may not be twice among all states but cancelled and discarded; the client's default."""

CLIENT = "worker-1_2026_11_20T08_00_00_417023"
_RESCUED = "Stuck job rescued by Rescuer"
_RECOVERY_STATES = ("available", "scheduled", "retryable", "running")


def unique_key(kind: str, args: dict[str, Any], period: str = "") -> bytes:
    """The key by which the queue knows a job again: its kind and its arguments."""
    text = json.dumps(args, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(f"&kind={kind}&args={text}{period and f'&period={period}'}".encode()).digest()


def recovery_args(args: dict[str, Any], interval: str) -> dict[str, Any]:
    """The arguments of a recovery of ``interval``, from those of the job's own runs."""
    return {**args, "interval_id": interval}


class Queue:
    """Rows in the making; they are numbered as they come, from 1."""

    def __init__(self) -> None:
        self._rows: list[SeedRow] = []
        self._recoveries = 0

    def rows(self) -> Iterator[SeedRow]:
        yield from self._rows

    def add_job(
        self,
        state: str,
        args: dict[str, Any],
        interval: str | None,
        *,
        begun: float | None,
        last_run: float | None,
        next_run: float | None,
    ) -> int:
        """All rows of one job; the number of the one that runs it, or will."""
        if last_run is not None and state != "running":
            self._run("discarded" if state in ("discarded", "at limit") else "completed", args, last_run)
        if state in ("recovering", "at limit") and interval is not None and begun is not None:
            states = ("discarded",) * 3 if state == "at limit" else (self._next_state(),)
            for number, found in enumerate(states):
                self._recovery(found, recovery_args(args, interval), begun - 60 * (number + 4))
        if state == "running" and begun is not None:
            return self._run("running", args, begun)
        if state == "scheduled" and next_run is not None:
            return self._run("scheduled", args, next_run)
        return len(self._rows)

    def _next_state(self) -> str:
        self._recoveries += 1
        return _RECOVERY_STATES[(self._recoveries - 1) % len(_RECOVERY_STATES)]

    def _run(self, state: str, args: dict[str, Any], age: float) -> int:
        """A normal run, due ``age`` seconds ago. There is one attempt, so a worker that died ends it."""
        period = f"{len(self._rows)}"
        return self._add(
            "interval_job", state, args, age, attempts=1, key=unique_key("interval_job", args, period)
        )

    def _recovery(self, state: str, args: dict[str, Any], age: float) -> int:
        return self._add(
            "task_recovery", state, args, age, attempts=25, key=unique_key("task_recovery", args)
        )

    def _add(
        self, kind: str, state: str, args: dict[str, Any], age: float, *, attempts: int, key: bytes
    ) -> int:
        number = len(self._rows) + 1
        is_final = state in ("completed", "discarded", "cancelled")
        is_tried = is_final or state in ("running", "retryable")
        error = {"at": Moment(max(age - 30, 0)), "attempt": 1, "error": _RESCUED, "trace": ""}
        values = {
            "id": number,
            "state": state,
            "attempt": 1 if is_tried else 0,
            "max_attempts": attempts,
            "priority": 1,
            "args": args,
            "attempted_by": [CLIENT] if is_tried else None,
            "errors": [error] if state in ("discarded", "retryable") else None,
            "kind": kind,
            "metadata": {},
            "queue": "default",
            "tags": [],
            "unique_key": key,
            "unique_states": UNIQUE_STATES,
        }
        waits = kind == "task_recovery" and state in ("scheduled", "retryable")
        ages = {
            "attempted_at": age if is_tried else None,
            "created_at": max(age, 0) + 5 * 60,
            "finalized_at": max(age - 30, 0) if is_final else None,
            # A normal run that is scheduled has an age below zero already.
            "scheduled_at": -90.0 if waits else age,
        }
        self._rows.append(SeedRow("river_job", values, ages))
        return number
