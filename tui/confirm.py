"""The rules that stand between a plan and its apply. No widgets, so every rule is tested by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from unstick.recovery.display import display_text

IGNORED_S = 0.3
"""Seconds for which a dialog that just appeared takes no key: what was typed before it could be read."""

MANY = 20
"""Rows above which the number has to be typed."""


@dataclass(slots=True)
class Confirmation:
    """What is still missing before the confirming key works.

    `rows` and `source` are what the operator may type; `prod` wants that always, and a reason. `shown_at` is
    when the plan, or what was asked last, came on the screen; None while that has not been painted.
    """

    clock: Callable[[], float]
    source: str
    prod: bool
    rows: int = 0
    typed: str = ""
    reason: str = ""
    shown_at: float | None = None
    painted_at: float = 0.0
    """The same moment on the clock of the keys' arrival."""

    def appear(self) -> None:
        """The dialog is on the screen from now on."""
        self.shown_at, self.painted_at = self.clock(), time.monotonic()

    def vanish(self) -> None:
        """The dialog is about to show something else: until that appears nothing is an answer."""
        self.shown_at = None

    def too_early(self, pressed_at: float | None = None) -> bool:
        """Whether a key was meant for what was there before.

        `pressed_at` is when it arrived, in monotonic seconds: one that waited in a console that was busy is
        handled late, but was pressed early.
        """
        if self.shown_at is None or self.clock() - self.shown_at < IGNORED_S:
            return True
        return pressed_at is not None and pressed_at < self.painted_at

    @property
    def wants_typing(self) -> bool:
        """Whether the number of rows or the source's name has to be typed."""
        return self.prod or self.rows > MANY

    def check_typed(self, text: str) -> str | None:
        """Take what was typed; returns what is wrong with it."""
        if text.strip() in self.accepted:
            self.typed = text.strip()
            return None
        return f"that is neither {self.accepted[0]} nor {self.accepted[1]}"

    @property
    def accepted(self) -> tuple[str, str]:
        """What may be typed."""
        return str(self.rows), self.source

    @property
    def wanted(self) -> str:
        """What may be typed, as it is asked for."""
        return " or ".join(dict.fromkeys(map(display_text, self.accepted)))

    def missing(self) -> str | None:
        """Return `reason` or `typed`, whichever is asked for next, or None when the key may apply."""
        if self.prod and not self.reason.strip():
            return "reason"
        if self.wants_typing and self.typed not in self.accepted:
            return "typed"
        return None

    def changed(self, rows: int) -> None:
        """The plan is another one: what was typed for the old one doesn't count."""
        self.rows, self.typed = rows, ""


@dataclass(slots=True)
class ByName(Confirmation):
    """Takes nothing but the source's name, and wants it in prod and where `careful` says so."""

    careful: bool = False

    @property
    def wants_typing(self) -> bool:
        """Whether the source's name has to be typed."""
        return self.prod or self.careful

    @property
    def accepted(self) -> tuple[str, str]:
        """What may be typed."""
        return self.source, self.source

    def check_typed(self, text: str) -> str | None:
        """Take what was typed; returns what is wrong with it."""
        if text.strip() != self.source:
            return f"that is not {self.source}"
        self.typed = self.source
        return None
