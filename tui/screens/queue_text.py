"""A sequential queue in words: who holds it, since when, who waits."""

from __future__ import annotations

from datetime import datetime

from unstick.recovery.display import display_text
from unstick.recovery.durations import short_duration
from unstick.recovery.model import JobId, Queue
from unstick.tui.columns import fit_id
from unstick.tui.widgets.bar import Part

SHORT_ID = 14


def _name(job: JobId, *, wide: bool) -> str:
    name = display_text(job, limit=60)
    return name if wide else fit_id(name, SHORT_ID).rstrip()


def queue_parts(queue: Queue, now: datetime, *, wide: bool) -> list[Part]:
    """Return the queue's line. One dead holder stops everything behind it, so that is said first."""
    waiting = Part(f"{queue.waiting:,} waiting" if queue.waiting else "nobody waits", "dim", 1)
    following = Part(f"next {_name(queue.next, wide=wide)}" if queue.next else "", "dim", 2)
    if queue.holder is None:
        return [Part("Queue free", "title"), waiting, following]
    held = f" for {short_duration((now - queue.holder_since).total_seconds())}" if queue.holder_since else ""
    who = f"{_name(queue.holder, wide=wide)}{held}"
    if queue.holder_stuck:
        return [Part("Queue blocked by", "stuck"), Part(f"! stuck {who}", "stuck"), waiting, following]
    return [Part("Queue held by", "title"), Part(who, "running"), waiting, following]


def place_text(queue: Queue | None, job: JobId) -> str | None:
    """Return what a job has to do with the queue, or None when it has nothing to do with it."""
    if queue is None or job not in (queue.holder, queue.next):
        return None
    if job == queue.holder:
        since = f" since {queue.holder_since:%Y-%m-%d %H:%M:%S}" if queue.holder_since else ""
        waiting = f"{queue.waiting:,} waiting" if queue.waiting else "nobody waits"
        following = f", next {_name(queue.next, wide=False)}" if queue.next else ""
        return f"{'blocks' if queue.holder_stuck else 'holds'} it{since}; {waiting}{following}"
    return (
        "next, "
        + ("blocked by" if queue.holder_stuck else "behind")
        + (f" {display_text(queue.holder, limit=60)}" if queue.holder else " nobody")
    )
