"""The most retried jobs or variants as rows that can be opened; those to look at come first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from unstick.recovery.display import display_text
from unstick.recovery.model import Target
from unstick.recovery.stats import HIGH, Retried, Statistics
from unstick.tui.columns import Column, Layout
from unstick.tui.paint import Line, Span


def key_of(one: Retried) -> str:
    """Return what a row is known by: a job's id, or JOB/VARIANT."""
    return one.job if one.variant is None else str(Target(one.job, one.variant))


def _text(value: object, style: str = "text") -> Span:
    return Span(display_text(value, limit=120) or "-", style)


def _tries(one: Retried) -> Span:
    return Span(f"{one.retries:,}", "warning" if one.retries >= HIGH else "text")


def _when(moment: datetime | None) -> Span:
    return Span(f"{moment:%m-%d %H:%M}" if moment else "-", "dim")


def _columns(kind: str) -> tuple[Column[Retried], ...]:
    return (
        Column("tries", "RETRIES", _tries, 7, 7, right=True),
        Column("id", "ID", lambda one: _text(one.variant or one.job), 4, 14, 40),
        Column("job", "JOB", lambda one: _text(one.variant and one.job), 4, 9, 40, drop=6, optional=True),
        Column("status", "STATUS", lambda one: _text(one.status), 6, 12, 16, drop=7),
        Column("step", "STEP", lambda one: _text(one.step), 4, 12, 20, drop=4, optional=True),
        Column("kind", kind, lambda one: _text(one.name if one.variant else one.kind), 4, 14, 24, drop=3,
               optional=True),
        Column("updated", "UPDATED", lambda one: _when(one.updated), 11, 11, drop=5),
        Column("created", "CREATED", lambda one: _when(one.created), 11, 11, drop=2),
    )  # fmt: skip


class RetriedRows:
    """Jobs or variants with retries, of all times. `alerts` are the keys of those to look at."""

    def __init__(self) -> None:
        self.rows: dict[str, Retried] = {}
        self.alerts: frozenset[str] = frozenset()
        self.layout: Layout[Retried] = Layout(_columns("KIND"), self._why)

    def _why(self, one: Retried) -> Span:
        if key_of(one) in self.alerts:
            return Span("! to look at", "failed")
        of_job = " at ".join(part for part in (one.job_status, one.job_step) if part)
        return Span(f"of a job {display_text(of_job)}" if of_job else "", "dim")

    def take(self, found: Statistics, *, variants: bool, width: int) -> list[str]:
        """Show these; returns their keys in order."""
        figures = found.variants if variants else found.jobs
        alerts: Sequence[Retried] = figures.alerts if figures else ()
        top: Sequence[Retried] = figures.top if figures else found.retried_variants
        self.alerts = frozenset(map(key_of, alerts))
        self.rows = {key_of(one): one for one in (*alerts, *top)}
        self.layout = Layout(_columns("NAME" if variants else "KIND"), self._why)
        self.layout.resize(width, wide=False)
        self.layout.measure(self.rows.values())
        return list(self.rows)

    def resize(self, width: int) -> None:
        """Lay out for another width."""
        self.layout.resize(width, wide=False)

    def header(self) -> Line:
        """Return the heading line."""
        return self.layout.header()

    def row(self, key: str) -> Line:
        """Return one row's line."""
        return self.layout.row(self.rows[key])

    def empty(self) -> str:
        """Say why there are no rows."""
        return "nothing was ever retried"

    def tail(self) -> str:
        """There is nothing after the last row: no more are asked for."""
        return ""
