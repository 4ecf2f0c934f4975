"""Retry statistics: the way there, the window, jobs or variants."""

from __future__ import annotations

from unstick.tui.actions.model import RETRIES, TABLES, Action
from unstick.tui.availability import has_variants

RETRIES_ACTIONS: tuple[Action, ...] = (
    Action("view.retries", ("%",), "retries", "Retry statistics: rate, trend, what is retried most", TABLES,
           16),
    Action("retries.shorter", ("<",), "shorter", "Count a shorter time: 30 d, 7 d, 24 h, 1 h", (RETRIES,)),
    Action("retries.longer", (">",), "longer", "Count a longer time: 1 h, 24 h, 7 d, 30 d", (RETRIES,), 2),
    Action("retries.variants", ("V",), "variants", "Figures of variants, or of jobs again", (RETRIES,), 3,
           has_variants, quiet=True),
)  # fmt: skip
