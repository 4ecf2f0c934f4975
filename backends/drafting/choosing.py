"""Which table most looks like jobs, and which column plays which part in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from unstick.backends.sql.engines import TableInfo

from .words import LOCKS, NOT_JOBS, ROLES, TABLES, plain

_WEIGHTS = {
    "status": 4, "heartbeat": 4, "started": 2, "finished": 2, "failed_at": 2, "updated": 1, "created": 1,
    "kind": 1, "error": 2, "retries": 3, "max_retries": 2, "owner": 2, "payload": 1, "progress": 1,
    "priority": 1, "step": 1,
}  # fmt: skip
LEAST = 7
"""Points below which a table does not look like jobs at all."""
CLOSE = 4
"""Points by which another table may look less like jobs and still has to be told of."""

_OF_NUMBERS = ("retries", "max_retries", "progress", "priority")
_OF_TEXT = ("kind", "error", "step")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A table that may hold jobs: the columns by the part they play, and how much speaks for it."""

    info: TableInfo
    parts: Mapping[str, str]
    points: int

    @property
    def name(self) -> str:
        """The table's name, with its schema where that is not the session's own."""
        return f"{self.info.schema}.{self.info.name}" if self.info.schema else self.info.name


def candidates(tables: Iterable[TableInfo], *, named: bool = False) -> list[Candidate]:
    """Return the tables that look like jobs, the likeliest first; `named` ones whatever they look like."""
    found = [Candidate(info, parts := parts_of(info), _points(info, parts)) for info in tables]
    return sorted(
        (each for each in found if named or (each.points >= LEAST and _tells_state(each.parts))),
        key=lambda each: (-each.points, each.name),
    )


def parts_of(info: TableInfo) -> dict[str, str]:
    """Return role -> column. Names that are just the word win over those that only end in it."""
    spelled = {name: plain(name) for name in info.columns}
    parts: dict[str, str] = {}
    for exact in (True, False):
        for role, words in ROLES.items():
            if role in parts:
                continue
            for word in words:
                match = next(
                    (
                        name
                        for name, text in spelled.items()
                        if name not in parts.values()
                        and _fits(role, info, name)
                        and (text == word if exact else text.endswith(f"_{word}"))
                    ),
                    None,
                )
                if match is not None:
                    parts[role] = match
                    break
    if not _tells_state(parts) and plain(parts.get("step", "")) == "phase":
        # Where nothing else tells the state, the phase is it.
        parts["status"] = parts.pop("step")
    return parts


def _fits(role: str, info: TableInfo, name: str) -> bool:
    """Whether a column's type can play the part: a `status_id` of bytes or a boolean `finished` can't."""
    kind = info.columns[name].kind
    if role in _OF_NUMBERS:
        return kind in ("int", "float", "other")
    if role in _OF_TEXT:
        return kind in ("text", "other", "int") if role == "kind" else kind in ("text", "other")
    if role in ("heartbeat", "updated", "started", "finished", "failed_at", "created"):
        return kind in ("time", "zoned_time", "int", "float", "text", "other")
    return kind not in ("binary", "bool")


def _tells_state(parts: Mapping[str, str]) -> bool:
    if "status" in parts:
        return True
    ended = "failed_at" in parts or "finished" in parts
    return "started" in parts and (ended or plain(parts["started"]) in LOCKS)


def _points(info: TableInfo, parts: Mapping[str, str]) -> int:
    name = plain(info.name)
    points = sum(_WEIGHTS.get(role, 0) for role in parts)
    points += 4 if any(word in name for word in TABLES) else 0
    return points - (6 if any(word in name for word in NOT_JOBS) else 0)
