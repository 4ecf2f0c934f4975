"""The title line of the live table, and its views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unstick.recovery.display import display_text
from unstick.recovery.model import Counts, State
from unstick.recovery.query import Term
from unstick.tui.actions.model import JOBS
from unstick.tui.widgets.bar import Part
from unstick.tui.window import K, R

if TYPE_CHECKING:
    from unstick.tui.screens.live_table import LiveTable

VIEWS: dict[str, tuple[tuple[Term, ...], bool]] = {
    "all": ((), False),
    "stuck": ((), True),
    "failed": ((Term("state", "=", State.FAILED),), False),
    "running": ((Term("state", "=", State.RUNNING),), False),
    "pending": ((Term("state", "=", State.PENDING),), False),
}
"""What each view adds to the filter, and whether it shows stuck rows only."""

_COUNTED = (State.RUNNING, State.PENDING, State.FAILED, State.DONE, State.OTHER, State.CANCELLED)


def title_parts(screen: LiveTable[K, R]) -> list[Part]:
    """Return view, filter, marks and counts; marks stay longest on a narrow terminal."""
    window, query = screen.rows.window, screen.query_now
    called = display_text(screen.called, limit=20)
    parts = [Part(f"{called[:1].upper()}{called[1:]} > {view_name(screen)}", "title")]
    if screen.filter_text:
        parts.append(Part("/" + display_text(screen.filter_text.removeprefix("/"), limit=60), "key"))
    if window.newest is not None:
        parts.append(Part(f"newest {window.newest:,} only", "warning"))
    if screen.marks.ids or screen.marks.anchor:
        hidden = screen.marks.hidden(window.order, window.ghosts)
        parts.append(Part(f"marked {len(screen.marks.ids):,}, hidden {hidden}", "mark"))
        parts.append(Part("order frozen", "dim", 8))
    if window.unseen:
        parts.append(Part(f"+{len(window.unseen)} new", "key"))
    if query.sort != "stuck" or query.descending:
        parts.append(Part(f"by {query.sort}{' reversed' if query.descending else ''}", "dim", 7))
    if query.backwards:
        loaded = f"the last {len(window.order):,} rows" if window.more or window.full else "from the end"
        parts.append(Part(loaded, "dim", 7))
    if screen.counts is not None:
        of_jobs = screen.SCOPE == JOBS
        parts.extend(_count_parts(screen.counts) if of_jobs else _stuck_parts(screen.counts))
    if screen.session.sweep is not None:
        from unstick.tui.sweep_words import sweep_part

        swept = sweep_part(screen.session)
        parts.extend([swept] if swept is not None else [])
    return parts


def view_name(screen: LiveTable[K, R]) -> str:
    """Return the name of the view that is shown: of a saved one the name that somebody gave it."""
    saved = getattr(screen, "saved", None)
    return display_text(saved.name) if saved is not None and saved.name else screen.view


def _stuck_parts(counts: Counts) -> list[Part]:
    """Of variants only the stuck ones are counted: there may be very many."""
    style = "stuck" if counts.stuck_variants else "dim"
    return [
        Part(f"{counts.stuck_variants:,} stuck", style, 1, right=True),
        Part(f"{counts.stuck:,} stuck job{'' if counts.stuck == 1 else 's'}", "dim", 2, right=True),
    ]


def _count_parts(counts: Counts) -> list[Part]:
    about = "~" if counts.estimated else ""
    if counts.newest is not None:
        about = "newest "
    parts = [Part(f"{counts.stuck:,} stuck", "stuck" if counts.stuck else "dim", 1, right=True)]
    if counts.stuck_variants:
        parts.append(
            Part(
                f"({counts.stuck_variants:,} variant{'' if counts.stuck_variants == 1 else 's'})",
                "stuck",
                6,
                right=True,
            )
        )
    for drop, state in enumerate(_COUNTED, start=2):
        number = counts.by_state.get(state, 0)
        if number:
            sign = "~" if state in counts.about else ""
            parts.append(Part(f"{sign}{short_number(number)} {state.value}", "dim", drop, right=True))
    parts.append(Part(f"of {about}{short_number(counts.total)}", "dim", 9, right=True))
    return parts


def short_number(number: int) -> str:
    """Return a number in few cells: `8,123`, `41k`, `9M`."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (10_000, "k")):
        if number >= size:
            return f"{number // (1000 if unit == 'k' else size)}{unit}"
    return f"{number:,}"
