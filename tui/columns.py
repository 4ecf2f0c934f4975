"""The live tables' columns: what each shows, how wide it may be, and which leave a narrow terminal first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from unstick.recovery.display import CUT, cell_width, display_text, fit
from unstick.recovery.durations import short_duration
from unstick.recovery.model import Job, Variant
from unstick.tui.column_choice import AUTOMATIC, KEPT, ColumnChoice
from unstick.tui.paint import Line, Span
from unstick.tui.states import state_span, wants_person

GUTTER = 3
"""Cursor, mark, and a blank."""

WHY_MINIMUM = 22
WHY_COMFORT = 32
"""Cells that the reason keeps before ids get the rest."""

BAR = 3
"""Cells of a progress bar: with `100%` it fits into a column that is shrunk."""

SHRUNK = 8
"""Cells to which kind and step shrink before any of them leaves."""


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column. `drop` is the order in which columns leave (0: never), `wide` whether only `w` shows it."""

    id: str
    title: str
    cell: Callable[[R], Span]
    least: int
    most: int
    most_wide: int = 0
    drop: int = 0
    right: bool = False
    wide: bool = False
    optional: bool = False


def _text(value: object) -> Span:
    return Span(display_text(value, limit=120))


def _step(job: Job | Variant) -> Span:
    bar = ""
    if job.step_index is not None and job.step_count:
        bar = f"{job.step_index}/{job.step_count} "
    elif isinstance(job, Job) and job.progress is not None:
        part = min(max(job.progress, 0.0), 1.0)
        bar = "#" * int(part * BAR) + "." * (BAR - int(part * BAR)) + f" {int(part * 100)}% "
    return Span(bar + display_text(job.step, limit=120) if bar or job.step else "-")


def _variants(job: Job) -> Span:
    if not job.variants_total:
        return Span("-")
    return Span(f"{job.variants_done or 0}/{job.variants_total}")


def _tries(job: Job | Variant) -> Span:
    most = "" if job.max_retries is None else f"/{job.max_retries}"
    return Span(f"{job.retries}{most}", "warning" if job.needs_person else "text")


def why(item: Job | Variant) -> Span:
    """Return why a job or variant needs a look: its verdict, its error, or nothing."""
    person = "needs a person" if wants_person(item) else ""
    told = display_text(item.verdict.why if item.verdict is not None else item.error)
    style = "stuck" if item.verdict is not None else "warning" if person else "dim"
    return Span(f"{person}: {told}" if person and told else person or told, style)


def _time(value: object) -> Span:
    return Span(display_text(value, limit=19) if value else "-", "dim")


ID_MOST = 40
_IDS = ("id", "job")
"""Columns that are cut in the middle, and get the cells that are left."""
JOB_COLUMNS: tuple[Column[Job], ...] = (
    Column("state", "STATE", state_span, 9, 11),
    Column("id", "ID", lambda job: _text(job.id), 4, 14, ID_MOST),
    Column("kind", "KIND", lambda job: _text(job.kind), 4, 16, 32, drop=5, optional=True),
    Column("status", "STATUS", lambda job: _text(job.status), 6, 12, 16, drop=1, wide=True),
    Column("step", "STEP", _step, 4, 14, 26, drop=4, optional=True),
    Column("variants", "VAR", _variants, 3, 5, 7, drop=3, optional=True),
    Column("priority", "PRIO", lambda job: _text(job.priority), 4, 4, 6, drop=1, right=True, wide=True,
           optional=True),
    Column("tries", "TRY", _tries, 4, 5, drop=6),
    Column("created", "CREATED", lambda job: _time(job.created), 19, 19, drop=1, wide=True),
    Column("running", "RUN", lambda job: Span(short_duration(job.running_s)), 4, 4, drop=7, right=True),
    Column("idle", "IDLE", lambda job: Span(short_duration(job.idle_s)), 4, 4, drop=8, right=True),
)  # fmt: skip

VARIANT_COLUMNS: tuple[Column[Variant], ...] = (
    Column("state", "STATE", state_span, 9, 11),
    Column("id", "ID", lambda each: _text(each.id), 4, 9, ID_MOST),
    Column("job", "JOB", lambda each: _text(each.job), 4, 9, ID_MOST, drop=9),
    Column("kind", "NAME", lambda each: _text(each.name), 4, 14, 28, drop=5, optional=True),
    Column("status", "STATUS", lambda each: _text(each.status), 6, 12, 16, drop=1, wide=True),
    Column("step", "STEP", _step, 4, 14, 26, drop=4, optional=True),
    Column("tries", "TRY", _tries, 4, 5, drop=6),
    Column("created", "CREATED", lambda each: _time(each.created), 19, 19, drop=1, wide=True),
    Column("idle", "IDLE", lambda each: Span(short_duration(each.idle_s)), 4, 4, drop=8, right=True),
)  # fmt: skip


def fit_id(text: str, width: int) -> str:
    """Cut an id in its middle: ids of one system begin alike, their ends tell them apart."""
    if not text.isascii() or len(text) <= width or width < 8:
        return fit(text, width)
    tail = width // 2 - 1
    return f"{text[: width - tail - 1]}{CUT}{text[-tail:]}"


def _shrunk(chosen: Sequence[tuple[Column[R], int]], deficit: int) -> list[tuple[Column[R], int]]:
    """Take up to `deficit` cells from step and kind, as far as they can spare them."""
    widths = {column.id: width for column, width in chosen}
    for name in ("step", "kind"):
        taken = min(max(deficit, 0), max(widths.get(name, 0) - SHRUNK, 0))
        if taken:
            widths[name] -= taken
            deficit -= taken
    return [(column, widths[column.id]) for column, _ in chosen]


@dataclass(slots=True)
class Layout(Generic[R]):
    """Column widths for one terminal width. Widths only grow while rows come in, so nothing jumps about.

    `known` are the columns that there may be; `reason` is what the last one says of a row. `choice` is what
    a person chose; chosen columns are the last to leave a narrow terminal.
    """

    known: tuple[Column[R], ...]
    reason: Callable[[R], Span]
    width: int = 80
    wide: bool = False
    choice: ColumnChoice = AUTOMATIC
    seen: dict[str, int] = field(default_factory=dict)
    columns: tuple[tuple[Column[R], int], ...] = ()
    why: int = 0

    def resize(self, width: int, wide: bool) -> None:
        """Lay out again for another width."""
        self.width, self.wide = width, wide
        self._arrange()

    def measure(self, rows: Iterable[R]) -> bool:
        """Make room for new rows; whether any width changed."""
        items = list(rows)
        for column in self.known:
            # Beyond that no value makes it wider, and most columns are there after the first page.
            most = ID_MOST if column.id in _IDS else max(column.most, column.most_wide)
            for item in items:
                if self.seen.get(column.id, 0) >= most:
                    break
                self._see(column, column.cell(item).text)
        before = self.columns, self.why
        self._arrange()
        return before != (self.columns, self.why)

    def _see(self, column: Column[R], text: str) -> None:
        if column.optional and (not text or text == "-"):
            return
        if self.seen.get(column.id, 0) < (taken := cell_width(text)):
            self.seen[column.id] = taken

    def choose(self, choice: ColumnChoice) -> None:
        """Show other columns."""
        self.choice = choice
        self._arrange()

    @property
    def names(self) -> list[str]:
        """The ids of all columns that there may be, in the order in which they are built in."""
        return [column.id for column in self.known]

    def arranged(self) -> list[Column[R]]:
        """Return all columns that there may be, in the chosen order."""
        by_id = {column.id: column for column in self.known}
        return [by_id[name] for name in self.choice.arranged(self.names)]

    def is_wanted(self, column: Column[R]) -> bool:
        """Whether a column is to be shown where there is room for it."""
        if column.id in KEPT or column.id in self.choice.shown:
            return True
        if column.id in self.choice.hidden:
            return False
        return (self.wide or not column.wide) and (not column.optional or column.id in self.seen)

    def has_room(self, column: Column[R]) -> bool:
        """Whether a column is on the screen."""
        return any(column is each for each, _ in self.columns)

    def _arrange(self) -> None:
        chosen = [(column, self._wanted(column)) for column in self.arranged() if self.is_wanted(column)]
        for rank in sorted({self._rank(column) for column, _ in chosen if column.drop}):
            if self._left(_shrunk(chosen, self.width)) >= WHY_MINIMUM:
                break
            chosen = [pair for pair in chosen if not pair[0].drop or self._rank(pair[0]) != rank]
        chosen = _shrunk(chosen, WHY_MINIMUM - self._left(chosen))
        for name in _IDS:
            spare = max(self._left(chosen) - WHY_COMFORT, 0)
            longest = min(self.seen.get(name, 0), ID_MOST)
            chosen = [
                (column, max(width, min(width + spare, longest)) if column.id == name else width)
                for column, width in chosen
            ]
        self.columns, self.why = tuple(chosen), max(self._left(chosen), 0)

    def _rank(self, column: Column[R]) -> tuple[bool, int]:
        """The lowest leaves first; what somebody asked for stays longer than what came by itself."""
        return column.id in self.choice.shown, column.drop

    def _wanted(self, column: Column[R]) -> int:
        most = (column.most_wide or column.most) if self.wide or self.width >= 120 else column.most
        return min(max(column.least, len(column.title), self.seen.get(column.id, 0)), most)

    def _left(self, chosen: Sequence[tuple[Column[R], int]]) -> int:
        return self.width - GUTTER - sum(width + 1 for _, width in chosen)

    def header(self) -> Line:
        """Return the heading line."""
        titles = [fit(column.title, width, right=column.right) for column, width in self.columns]
        return (Span(" " * GUTTER + " ".join((*titles, "WHY")), "heading"),)

    def row(self, item: R, *, ghost: bool = False) -> Line:
        """Return a row's line without cursor and mark."""
        spans = []
        for column, width in self.columns:
            text, style = column.cell(item)
            if ghost:
                text, style = ("  left" if column.id == "state" else text), "dim"
            shown = fit_id(text, width) if column.id in _IDS else fit(text, width, right=column.right)
            spans.append(Span(shown + " ", style))
        reason = Span("left this view, or moved further down", "dim") if ghost else self.reason(item)
        return (*spans, reason)


def job_layout() -> Layout[Job]:
    """Return the columns of the live table."""
    return Layout(JOB_COLUMNS, why)


def variant_layout() -> Layout[Variant]:
    """Return the columns of the list of variants."""
    return Layout(VARIANT_COLUMNS, why)
