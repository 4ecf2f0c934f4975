"""Stuck jobs of all sources as lines of one table, the longest silent first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from unstick.recovery.display import cell_width, display_text, fit
from unstick.recovery.durations import short_duration
from unstick.recovery.model import Job
from unstick.tui.columns import fit_id
from unstick.tui.header import label_style
from unstick.tui.paint import Line, Span
from unstick.tui.screens.sources_rows import tags
from unstick.tui.session import Session
from unstick.tui.states import state_span

GUTTER = 3
WHY_LEAST = 18
"""Cells that the reason wants before other columns stay."""


@dataclass(frozen=True, slots=True)
class Found:
    """A stuck job and its source. `old` marks one that the source could not confirm lately."""

    place: int
    source: str
    label: str
    label_style: str
    job: Job
    old: bool = False

    @property
    def key(self) -> str:
        """What the row is known by: the source's place and the job's id."""
        return f"{self.place}/{self.job.id}"


def found_in(session: Session, place: int, jobs: Sequence[Job]) -> list[Found]:
    """Return a source's stuck jobs."""
    name, label = display_text(session.source.name, limit=60), tags(session)
    return [Found(place, name, label, label_style(session), job, session.problem is not None) for job in jobs]


def in_order(found: Sequence[Found]) -> list[Found]:
    """The longest silent first; of whose silence nothing is known, at the end."""
    return sorted(found, key=lambda each: -1.0 if each.job.idle_s is None else -each.job.idle_s - 2.0)


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    cell: Callable[[Found], Span]
    most: int
    drop: int = 0
    right: bool = False


def _id(found: Found) -> Span:
    return Span(display_text(found.job.id, limit=60))


_COLUMNS = (
    _Column("SOURCE", lambda each: Span(each.source, "title"), 18),
    _Column("LABEL", lambda each: Span(each.label, each.label_style), 18, 2),
    _Column("STATE", lambda each: state_span(each.job), 9, 3),
    _Column("ID", _id, 14),
    _Column("KIND", lambda each: Span(display_text(each.job.kind) or "-"), 16, 1),
    _Column("IDLE", lambda each: Span(short_duration(each.job.idle_s)), 4, right=True),
)
_CUT_IN_THE_MIDDLE = ("SOURCE", "ID")
NARROW = 60
"""Columns below which source and id leave room for the reason."""
_NARROW = {"SOURCE": 8, "ID": 10}


@dataclass(slots=True)
class EverywhereRows:
    """The rows for the table widget; `why_empty` is what it says without any, `cut` names sources that have
    more."""

    why_empty: str = "asking all sources ..."
    cut: str = ""
    _rows: Mapping[str, Found] = field(default_factory=dict)
    _width: int = 80
    _columns: list[tuple[_Column, int]] = field(default_factory=list)

    def take(self, found: Sequence[Found]) -> tuple[frozenset[str], bool]:
        """Take these, in order; returns the changed keys, and whether the columns changed."""
        fresh = {each.key: each for each in found}
        changed = frozenset(key for key, each in fresh.items() if self._rows.get(key) != each)
        self._rows = fresh
        before = [width for _, width in self._columns]
        self._arrange()
        return changed, before != [width for _, width in self._columns]

    def item(self, key: str | None) -> Found | None:
        """Return what a row is about."""
        return None if key is None else self._rows.get(key)

    @property
    def keys(self) -> list[str]:
        """Every row, in order."""
        return list(self._rows)

    def resize(self, width: int) -> None:
        """Lay out for another width."""
        self._width = width
        self._arrange()

    def _arrange(self) -> None:
        columns = [(column, self._wanted(column)) for column in _COLUMNS]
        columns = [pair for pair in columns if pair[0].title != "LABEL" or pair[1] > len("LABEL")]
        for drop in sorted(column.drop for column in _COLUMNS if column.drop):
            if self._left(columns) >= WHY_LEAST:
                break
            columns = [pair for pair in columns if pair[0].drop != drop]
        self._columns = columns

    def _wanted(self, column: _Column) -> int:
        longest = max((cell_width(column.cell(each).text) for each in self._rows.values()), default=0)
        most = _NARROW.get(column.title, column.most) if self._width < NARROW else column.most
        return min(max(longest, len(column.title)), most)

    def _left(self, columns: Sequence[tuple[_Column, int]]) -> int:
        return self._width - GUTTER - sum(width + 1 for _, width in columns)

    def header(self) -> Line:
        """Return the heading line."""
        titles = [fit(column.title, width, right=column.right) for column, width in self._columns]
        return (Span(" " * GUTTER + " ".join([*titles, "WHY"]), "heading"),)

    def row(self, key: str) -> Line:
        """Return one job's line."""
        found, spans = self._rows[key], []
        for column, width in self._columns:
            text, style = column.cell(found)
            cut = fit_id if column.title in _CUT_IN_THE_MIDDLE else fit
            shown = fit(text, width, right=True) if column.right else cut(text, width)
            rest = shown.rstrip(" ") if column.title == "LABEL" else shown
            spans += [Span(rest, style), Span(" " * (len(shown) - len(rest) + 1))]
        verdict = found.job.verdict
        spans.append(Span(display_text(verdict.why) if verdict else "-", "stuck"))
        return tuple(_dimmed(spans)) if found.old else tuple(spans)

    def empty(self) -> str:
        """Say why there are no rows."""
        return self.why_empty

    def tail(self) -> str:
        """Say which sources have more."""
        return self.cut


def _dimmed(spans: Sequence[Span]) -> list[Span]:
    """Return the spans dim: what they tell was not confirmed lately."""
    return [span._replace(style="dim") for span in spans]
