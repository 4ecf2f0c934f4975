"""What a live table says when it has no rows, from what it was asked and what came of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unstick.tui.actions.model import JOBS
from unstick.tui.emptiness import Asked, is_clear, why_empty
from unstick.tui.keys import shown
from unstick.tui.window import K, R

if TYPE_CHECKING:
    from unstick.tui.screens.live_table import LiveTable


def say_why_empty(screen: LiveTable[K, R]) -> None:
    """Bring up to date why there are no rows; what is on the screen already is not painted again."""
    rows, counts, error = screen.rows, screen.counts, screen.session.error
    variants = screen.SCOPE != JOBS
    if error is not None or counts is None or not is_clear(counts, variants=variants):
        rows.clear_since = None
    elif rows.clear_since is None:
        rows.clear_since = counts.now
    keys, able = screen.console.keys, screen.session.capabilities
    answered = counts if rows.window.loaded or error is not None else None
    rows.why_empty = why_empty(
        Asked(
            screen.called,
            screen.view,
            screen.filter_text,
            answered,
            variants,
            rows.clear_since,
            error,
            able.not_migrated if able is not None else (),
            refresh=shown(keys["refresh.now"][0]),
            everything=shown(keys["view.all"][0]),
            back=shown(keys["app.back"][0]),
            newest=rows.window.newest,
            looks_in=screen.query_now.looks_in,
        )
    )
    screen.table.say_empty()
