"""Keys that come faster than anybody types: pasted text presses no keys, and old keys are known to be old.

A terminal that doesn't bracket a paste sends it as keys, and so does a connection that hung: the hands that
typed them saw another screen.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

from textual import events
from textual.timer import Timer
from textual.widgets import Input

from unstick.tui.flow import LOST_S, Flow
from unstick.tui.frame import Frame

if TYPE_CHECKING:
    from unstick.tui.console import ConsoleApp

GAP_S = 0.02
"""Seconds between two keys up to which they came together: hands are slower, and so is a key held down."""

FLOOD = 4
"""Keys that came together from which they are a text, not somebody in a hurry."""

CALM_S = 0.3
"""Seconds of silence that end a flood: a long paste comes in pieces."""

TOLD = "these keys came all at once, like a paste, and did nothing; press a key again if it was you"
PASTED = "nothing can be pasted here"


@dataclass(slots=True)
class Run:
    """The keys that came together last. Moving about never counts: a cursor key that is held down comes in
    bursts after a lag. Nor does a key that only repeats itself."""

    moves: Collection[str]
    count: int = 0
    key: str = ""
    at: float | None = None
    flood: bool = False

    def add(self, key: str, at: float) -> bool:
        """Take one key that arrived `at` these monotonic seconds; whether it begins another run."""
        calm = CALM_S if self.flood else GAP_S
        fresh = self.at is None or at - self.at > calm
        if fresh:
            self.count, self.key, self.flood = 0, "", False
        if key != self.key and key not in self.moves:
            self.count += 1
        self.key, self.at = key, at
        return fresh


@dataclass(slots=True)
class Held:
    """Keys that wait until it is known whether more come with them; `passing` while they are handed on."""

    keys: list[events.Key] = field(default_factory=list)
    passing: bool = False


@dataclass(slots=True)
class Moves:
    """Keys that move and wait for the terminal. `lost` is the timer that ends waiting for an answer that does
    not come."""

    flow: Flow
    keys: list[events.Key] = field(default_factory=list)
    lost: Timer | None = None


class Typing(Frame, inherit_bindings=False):
    """Every key passes here first. `hold_s` is how long one that acts waits for others that came with it;
    with 0 only those count that are there already."""

    hold_s: float = GAP_S
    pressed_at: float | None = None
    """When the key arrived that is being acted on, in monotonic seconds."""

    @cached_property
    def _run(self) -> Run:
        return Run(frozenset(self._named("move.")))

    @cached_property
    def _always(self) -> frozenset[str]:
        return frozenset(self._named("app.interrupt"))

    @cached_property
    def _held(self) -> Held:
        return Held()

    def _named(self, prefix: str) -> Iterable[str]:
        """Yield Textual's names of the keys of these actions."""
        from unstick.tui.keys import textual_name

        for action_id, keys in cast("ConsoleApp", self).keys.items():
            if action_id.startswith(prefix):
                yield from map(textual_name, keys)

    @cached_property
    def _moves(self) -> Moves:
        return Moves(Flow(time.monotonic))

    async def on_event(self, event: events.Event) -> None:
        """Let a key through, hold it for a moment, or drop it."""
        if isinstance(event, events.Key):
            if event.is_forwarded:
                self.pressed_at = event.time
            elif not await self._lets_through(event):
                return
        elif isinstance(event, events.Paste) and not event.is_forwarded and not self._takes_paste:
            self._tell(PASTED)
            return
        await super().on_event(event)

    @property
    def _asking(self) -> bool:
        """Whether keys are text that somebody was asked for."""
        return isinstance(self.focused, Input)

    @property
    def _takes_paste(self) -> bool:
        return self._asking or hasattr(self.screen, "on_paste")

    def _admits(self, event: events.Key) -> bool:
        if event.key in self._always:
            self.pressed_at = event.time
            return True
        run, held = self._run, self._held
        run.add(event.key, event.time)
        if run.flood:
            return False
        if self._asking and not held.keys:
            return True
        if run.count >= FLOOD:
            run.flood, held.keys = True, []
            self._tell(TOLD)
            return False
        if event.key in run.moves and not held.keys:
            return True
        held.keys.append(event)
        if not held.passing:
            self._later()
        return False

    async def _lets_through(self, event: events.Key) -> bool:
        """Whether a key acts now. Moving waits while the terminal is behind: however many keys come until
        then, they are painted as one. Any other key comes after them."""
        moves = event.key in self._run.moves and not self._asking
        if not moves:
            await self._move_on()
        if not self._admits(event):
            return False
        if moves and (self._moves.keys or self._moves.flow.behind):
            self._moves.keys.append(event)
            if self._moves.lost is None:
                self._moves.lost = self.set_timer(LOST_S, self._move_on)
            return False
        if moves:
            self._moves.flow.moved()
        return True

    async def on_terminal_supports_synchronized_output(self) -> None:
        """Textual's question was answered, or ours: the terminal has read what was written before it."""
        flow = self._moves.flow
        if not flow.answers:
            setattr(self._driver, "flow", flow)  # noqa: B010 - the driver is one that `measured` made
        flow.answered()
        if not flow.behind:
            await self._move_on()

    async def _move_on(self) -> None:
        """Hand on the moving keys that waited, all at once."""
        keys, self._moves.keys = self._moves.keys, []
        if self._moves.lost is not None:
            self._moves.lost.stop()
            self._moves.lost = None
        if keys:
            self._moves.flow.moved()
        for key in keys:
            await super().on_event(key)

    def _later(self) -> None:
        if self.hold_s:
            self.set_timer(self.hold_s, self._settle)
        else:
            self.call_later(self._settle)

    async def _settle(self) -> None:
        """Hand on what was held, unless more came meanwhile: then wait for the end of that."""
        held, last = self._held, self._run.at
        if held.passing or not held.keys:
            return
        if self.hold_s and last is not None and time.monotonic() - last < self.hold_s:
            self._later()
            return
        held.passing = True
        await self._pass_on()

    async def _pass_on(self) -> None:
        """Hand on one key, and the next when it was acted on: a key that opens a prompt comes before the
        text for it."""
        held = self._held
        if held.keys:
            await super().on_event(held.keys.pop(0))
        if held.keys:
            (self.focused or self.screen).call_later(self.call_later, self._pass_on)
        else:
            held.passing = False

    def _tell(self, text: str) -> None:
        say = getattr(self.screen, "say", None)
        if say is not None:
            say(text)
