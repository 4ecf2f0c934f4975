"""One line per source: how it is, what is stuck there, and what it runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from unstick.recovery.display import cell_width, display_text, fit
from unstick.recovery.model import State
from unstick.tui.columns import fit_id
from unstick.tui.costs import time_text
from unstick.tui.header import label_style
from unstick.tui.paint import Line, Span
from unstick.tui.pulse import pulse
from unstick.tui.session import Session

GUTTER = 3
NAME, NAME_LEAST = 24, 8
"""Most and fewest cells of a source's name."""


def key_of(place: int) -> str:
    """Return what the row of the source at a place (from 0) is known by: names may be alike."""
    return str(place)


def tags(session: Session) -> str:
    """Return `[PROD] [READ-ONLY]`, or what of it holds."""
    label = display_text(session.source.environment.upper(), limit=12)
    return " ".join(
        part for part in (f"[{label}]" if label else "", "[READ-ONLY]" * session.read_only) if part
    )


def number_text(number: int | None) -> str:
    """Return a number for a narrow column; `-` where it is not known."""
    if number is None:
        return "-"
    for size, unit in ((10_000_000, "M"), (100_000, "k")):
        if number >= size:
            return f"{number // (1_000_000 if unit == 'M' else 1000)}{unit}"
    return f"{number:,}"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """What the table shows of a source; an equal row writes nothing."""

    place: int
    name: str
    tags: str
    tag_style: str
    health: Span
    stuck: int | None
    running: int | None
    failed: int | None
    trip: str
    server: str
    profile: str
    sweep: Span


def row_of(session: Session, place: int) -> SourceRow:
    """Return a source's row as it is now."""
    able, counts, source = session.capabilities, session.counts, session.source
    by_state = counts.by_state if counts is not None else {}
    known = None if counts is None else 0
    return SourceRow(
        place,
        display_text(source.name),
        tags(session),
        "prod" if session.is_prod and not source.colour else label_style(session),
        pulse(session),
        None if counts is None else counts.stuck,
        by_state.get(State.RUNNING, known),
        by_state.get(State.FAILED, known),
        "-" if session.trip_s is None else time_text(session.trip_s),
        display_text(able.version) if able else "-",
        display_text(able.profile if able else source.profile or "-"),
        _sweep(session),
    )


def _sweep(session: Session) -> Span:
    if session.sweep is None or not session.sweep.on:
        return Span("off", "dim")
    from unstick.tui.sweep_words import short_words

    return Span(*short_words(session.sweep))


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    cell: Callable[[SourceRow], Span]
    most: int
    drop: int = 0
    right: bool = False


def _number(value: int | None, style: str) -> Span:
    return Span(number_text(value), style if value else "dim")


_COLUMNS = (
    _Column("#", lambda row: Span(str(row.place + 1), "dim"), 3, 7, right=True),
    _Column("NAME", lambda row: Span(row.name, "title"), NAME),
    _Column("LABEL", lambda row: Span(row.tags, row.tag_style if row.tags else "dim"), 26, 6),
    _Column("HEALTH", lambda row: row.health, 12),
    _Column("STUCK", lambda row: _number(row.stuck, "stuck"), 6, right=True),
    _Column("RUN", lambda row: _number(row.running, "text"), 6, 4, right=True),
    _Column("FAILED", lambda row: _number(row.failed, "failed"), 6, 5, right=True),
    _Column("SWEEP", lambda row: row.sweep, 14),
    _Column("TRIP", lambda row: Span(row.trip, "dim"), 7, 3, right=True),
    _Column("SERVER", lambda row: Span(row.server), 18, 2),
    _Column("PROFILE", lambda row: Span(row.profile, "dim"), 14, 1),
)
"""The one with the smallest `drop` leaves first; 0 stays."""


class SourceRows:
    """The rows for the table widget, in the order in which the sources were configured."""

    def __init__(self) -> None:
        self._rows: dict[str, SourceRow] = {}
        self._width = 80
        self._columns: list[tuple[_Column, int]] = []

    def take(self, sessions: Sequence[Session]) -> tuple[frozenset[str], bool]:
        """Take the sources as they are; returns the changed keys, and whether the columns changed."""
        fresh = {key_of(place): row_of(session, place) for place, session in enumerate(sessions)}
        changed = frozenset(key for key, row in fresh.items() if self._rows.get(key) != row)
        self._rows = fresh
        before = self._columns
        self._arrange()
        return changed, [width for _, width in before] != [width for _, width in self._columns]

    def resize(self, width: int) -> None:
        """Lay out for another width."""
        self._width = width
        self._arrange()

    def _arrange(self) -> None:
        rows = self._rows.values()
        columns = [(column, _wanted(column, rows)) for column in _COLUMNS]
        needless = {
            *(["LABEL"] if not any(row.tags for row in rows) else []),
            *(["SWEEP"] if all(row.sweep.text == "off" for row in rows) else []),
        }
        columns = [pair for pair in columns if pair[0].title not in needless]
        for drop in sorted(column.drop for column in _COLUMNS if column.drop):
            if self._left(_shrunk(columns, -self._left(columns))) >= 0:
                break
            columns = [pair for pair in columns if pair[0].drop != drop]
        self._columns = _shrunk(columns, -self._left(columns))

    def _left(self, columns: Sequence[tuple[_Column, int]]) -> int:
        return self._width - GUTTER - sum(width + 1 for _, width in columns) + 1

    def header(self) -> Line:
        """Return the heading line."""
        titles = [fit(column.title, width, right=column.right) for column, width in self._columns]
        return (Span(" " * GUTTER + " ".join(titles), "heading"),)

    def row(self, key: str) -> Line:
        """Return one source's line."""
        row, spans = self._rows[key], []
        for column, width in self._columns:
            text, style = column.cell(row)
            shown = fit_id(text, width) if column.title == "NAME" else fit(text, width, right=column.right)
            rest = shown.rstrip(" ") if column.title == "LABEL" else shown
            spans += [Span(rest, style), Span(" " * (len(shown) - len(rest) + 1))]
        return tuple(spans)

    def empty(self) -> str:
        """There is always the source that the console was opened on."""
        return ""

    def tail(self) -> str:
        """Nothing follows."""
        return ""


def _wanted(column: _Column, rows: Iterable[SourceRow]) -> int:
    longest = max((cell_width(column.cell(row).text) for row in rows), default=0)
    least = column.most if column.title == "HEALTH" else len(column.title)
    return min(max(longest, least), column.most)


def _shrunk(columns: Sequence[tuple[_Column, int]], excess: int) -> list[tuple[_Column, int]]:
    """Take what is too much from the names, as far as they can spare it."""
    return [
        (column, width - min(max(excess, 0), max(width - NAME_LEAST, 0)) if column.title == "NAME" else width)
        for column, width in columns
    ]
