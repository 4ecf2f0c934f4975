"""The tab bar: which sources are open, which one is shown, and how each was when it was last looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.strip import Strip

from unstick.recovery.display import cell_width, display_text
from unstick.tui.columns import fit_id
from unstick.tui.header import label_style
from unstick.tui.paint import BLANK, Line, Span, paint
from unstick.tui.pulse import pulse
from unstick.tui.screens.sources_rows import number_text
from unstick.tui.session import Session
from unstick.tui.widgets.base import Painted

LEAST = 8
"""Fewest cells of a name in a tab."""
CUT = "..."


@dataclass(frozen=True, slots=True)
class Tab:
    """One source in the bar. Nothing in it changes by itself: an age would write bytes all the time."""

    place: int
    name: str
    label: str
    label_style: str
    health: Span
    stuck: int | None
    shown: bool


def tab_of(session: Session, place: int, *, shown: bool) -> Tab:
    """Return a source's tab."""
    label = display_text(session.source.environment.upper(), limit=12)
    return Tab(
        place,
        display_text(session.source.name, limit=60),
        f"[{label}]" if label else "",
        label_style(session),
        pulse(session, asked=shown, aged=False),
        None if session.counts is None else session.counts.stuck,
        shown,
    )


def tabs_line(tabs: Sequence[Tab], width: int) -> Line:
    """Return the bar: as much of every tab as fits, at worst only those around the shown one."""
    for form in (_full, _short, _terse):
        spans = [form(tab) for tab in tabs]
        if _width(spans) <= width:
            return _joined(spans)
    longest = max(cell_width(tab.name) for tab in tabs)
    for most in range(longest, LEAST - 1, -1):
        spans = [_terse(tab, most) for tab in tabs]
        if _width(spans) <= width:
            return _joined(spans)
    return _around(tabs, width, lambda tab: _terse(tab, max(LEAST, min(width // 3, 16))))


def _around(tabs: Sequence[Tab], width: int, form: Callable[[Tab], Line]) -> Line:
    shown = next((index for index, tab in enumerate(tabs) if tab.shown), 0)
    first = last = shown
    while first > 0 or last < len(tabs) - 1:
        grown = (max(first - 1, 0), min(last + 1, len(tabs) - 1))
        for begin, end in ((first, grown[1]), (grown[0], last)):
            if (begin, end) != (first, last) and _width(_cut(tabs, begin, end, form)) <= width:
                first, last = begin, end
                break
        else:
            break
    return _joined(_cut(tabs, first, last, form))


def _cut(tabs: Sequence[Tab], first: int, last: int, form: Callable[[Tab], Line]) -> list[Line]:
    spans = [form(tab) for tab in tabs[first : last + 1]]
    before = [(Span(CUT, "dim"),)] if first > 0 else []
    return [*before, *spans, *([(Span(CUT, "dim"),)] if last < len(tabs) - 1 else [])]


def _head(tab: Tab, name: str) -> list[Span]:
    style = "title" if tab.shown else "dim"
    return [Span(f"{'>' if tab.shown else ' '}{tab.place + 1} ", style), Span(name, style)]


def _full(tab: Tab) -> Line:
    return _told(tab, tab.health.text)


def _short(tab: Tab) -> Line:
    return _told(tab, tab.health.text[:1])


def _told(tab: Tab, health: str) -> Line:
    spans = _head(tab, tab.name)
    if tab.label:
        spans += [Span(" "), Span(tab.label, tab.label_style)]
    spans += [Span(" "), Span(health, tab.health.style)]
    if tab.stuck is not None:
        spans += [Span(f" {number_text(tab.stuck)} stuck", "stuck" if tab.stuck else "dim")]
    return tuple(spans)


def _terse(tab: Tab, most: int | None = None) -> Line:
    name = tab.name if most is None or cell_width(tab.name) <= most else fit_id(tab.name, most)
    stuck = f"!{number_text(tab.stuck)}" if tab.stuck else ""
    # That a source is fresh goes without saying where something is stuck in it.
    glyph = tab.health.text[:1].replace("+", "" if stuck else "+")
    return (*_head(tab, name), Span(f" {glyph}", tab.health.style), Span(stuck, "stuck"))


def _width(spans: Sequence[Line]) -> int:
    return sum(cell_width(span.text) for line in spans for span in line) + max(len(spans) - 1, 0)


def _joined(spans: Sequence[Line]) -> Line:
    joined: list[Span] = []
    for index, line in enumerate(spans):
        joined += [*([Span(" ")] if index else []), *line]
    return tuple(joined)


class SourceTabs(Painted):
    """One line; showing the same tabs again writes nothing."""

    DEFAULT_CSS = "SourceTabs { height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._tabs: tuple[Tab, ...] = ()

    def show(self, tabs: Sequence[Tab]) -> None:
        """Show these."""
        if tuple(tabs) != self._tabs:
            self._tabs = tuple(tabs)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint the line."""
        width = self.size.width
        return paint(tabs_line(self._tabs, width) if self._tabs else BLANK, width, self.palette)
