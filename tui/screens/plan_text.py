"""A plan as lines: warnings first, then each row before -> after, what was left out and why, and the SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import overload

from unstick.recovery.difference import as_words, differences
from unstick.recovery.display import TEXT_LIMIT, cell_width, display_text, fit, wrap
from unstick.recovery.hooks_outcome import due, hook_times
from unstick.recovery.model import JobId, VariantId
from unstick.recovery.outcome import Outcome, RowOutcome
from unstick.recovery.plan import Plan, PlanRow
from unstick.tui.columns import fit_id
from unstick.tui.emptiness import nothing_to_do
from unstick.tui.key_words import key
from unstick.tui.paint import BLANK, Line, Span
from unstick.tui.states import outcome_span

DETAILED = 20
"""Rows up to which each one gets several lines; beyond, one line each, made when it is shown."""

WIDEST = 40
"""Cells that a row's name takes."""

WIDEST_WHY = 40
"""Cells that the reason takes where a row has one line, before what changes, which is alike for most."""

SQL_LINES, SQL_END = 16, 3
"""Lines of one statement that are shown at most, and how many of them are its last ones."""

SAMPLE = 200
"""Rows that are looked at for how wide the others are."""

Ref = tuple[JobId, VariantId | None]


class Lines(Sequence[Line]):
    """Blocks of lines, one after the other; a block may make its lines on demand, as for 50,000 rows."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, int, Callable[[int], Line]]] = []
        self._length = 0
        self.sections: list[int] = []

    def add(self, lines: Sequence[Line]) -> None:
        """Add finished lines."""
        self.lazy(len(lines), lines.__getitem__)

    def lazy(self, count: int, make: Callable[[int], Line]) -> None:
        """Add lines that are made when they are shown."""
        if count:
            self._blocks.append((self._length, self._length + count, make))
            self._length += count

    def heading(self, text: str, style: str = "heading") -> None:
        """Begin a section."""
        if self._length:
            self.add([BLANK])
        self.sections.append(self._length)
        self.add([(Span(text, style),)])

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._length))]
        for start, end, make in self._blocks:
            if start <= index < end:
                return make(index - start)
        raise IndexError(index)


def plan_lines(
    plan: Plan,
    outcomes: Mapping[Ref, RowOutcome],
    width: int,
    *,
    wrapped: bool = True,
    how: str = "",
    problem: str | None = None,
) -> Lines:
    """Return the whole plan; a row with an outcome shows it in front.

    `how` says how the rows were chosen, `problem` why applying it failed.
    """
    lines = Lines()
    if problem:
        lines.add(_wrapped(f"! {problem}", width, "failed"))
    for warning in plan.warnings:
        lines.add(_wrapped(f"! {warning}", width, "warning"))
    if plan.hook:
        lines.add(_wrapped(f"afterwards calls {plan.hook}, {hook_times(len(plan.rows))}", width, "text"))
    _add_problems(lines, plan, outcomes)
    _add_rows(lines, plan, outcomes, width, how)
    if plan.left_out:
        lines.heading(f"Leaves out {rows_text(len(plan.left_out))}")
        widest = _widest(plan.left_out)
        lines.lazy(len(plan.left_out), lambda index: _left_out(plan, index, widest))
    if plan.sql:
        lines.heading(f"SQL, as it will run ({key('copy.id')} copies it)")
        for statement in plan.sql:
            lines.add(_statement(statement, width, wrapped=wrapped))
    return lines


def _statement(statement: str, width: int, *, wrapped: bool) -> list[Line]:
    """A statement; one that lists hundreds of ids with its beginning and its end."""
    safe = display_text(statement, limit=TEXT_LIMIT, multiline=True)
    shown = wrap(safe, max(width - 2, 20)) if wrapped else safe.split("\n")
    if len(shown) <= SQL_LINES:
        return [(Span(f"  {piece}", "text"),) for piece in shown]
    end = wrap(display_text(statement[-width * SQL_END :], multiline=True), max(width - 2, 20))[-SQL_END:]
    begin = shown[: SQL_LINES - SQL_END - 1]
    left_out = Span(f"  ... {key('copy.id')} copies it whole ...", "dim")
    return [
        *[(Span(f"  {piece}", "text"),) for piece in begin],
        (left_out,),
        *[(Span(f"  {piece}", "text"),) for piece in end],
    ]


def _add_problems(lines: Lines, plan: Plan, outcomes: Mapping[Ref, RowOutcome]) -> None:
    """Name the rows that were not changed, or whose hook is missing, before the others: they are what is
    left to do."""
    if len(plan.rows) <= 1 or not outcomes:
        return
    known = [(row, outcomes[row.ref]) for row in plan.rows if row.ref in outcomes]
    unchanged = [row for row, outcome in known if outcome.outcome is not Outcome.APPLIED]
    untold = [row for row, outcome in known if due(outcome.hook)]
    for rows, what in ((unchanged, "Not changed"), (untold, "Changed, but the hook is missing")):
        if rows:
            _add_named(lines, rows, what, outcomes)


def _add_named(lines: Lines, rows: Sequence[PlanRow], what: str, outcomes: Mapping[Ref, RowOutcome]) -> None:
    widest = _widest(rows)
    lines.heading(f"{what}: {rows_text(len(rows))}", "warning")
    lines.lazy(len(rows), lambda index: _row_line(rows[index], outcomes, widest))


def _add_rows(lines: Lines, plan: Plan, outcomes: Mapping[Ref, RowOutcome], width: int, how: str) -> None:
    if not plan.rows:
        lines.heading(f"Nothing to change ({how})" if how else "Nothing to change", "title")
        for told in nothing_to_do(plan):
            lines.add(_wrapped(told, width - 2, "text", indent=2))
        return
    about = f" ({how})" if how else ""
    lines.heading(f"{'Outcome of' if outcomes else 'Will change'} {rows_text(len(plan.rows))}{about}")
    # The title has no room for a long one on a narrow terminal.
    lines.add(_wrapped(plan.verb, width - 2, "stuck", indent=2))
    widest = _widest(plan.rows)
    if len(plan.rows) > DETAILED:
        whys = [cell_width(display_text(row.why)) for row in plan.rows[:SAMPLE]]
        room = min(max(whys), WIDEST_WHY)
        lines.lazy(len(plan.rows), lambda index: _row_line(plan.rows[index], outcomes, widest, room))
        return
    for row in plan.rows:
        lines.add([_row_line(row, outcomes, widest), *_details(row, width)])


def rows_text(count: int) -> str:
    """Return `1 row` or `1,200 rows`."""
    return f"{count:,} row{'' if count == 1 else 's'}"


def _widest(rows: Sequence[object]) -> int:
    names = [_name(row) for row in rows[:SAMPLE]]
    return min(max((len(name) for name in names), default=4), WIDEST)


def _name(row: object) -> str:
    job, variant = getattr(row, "job", ""), getattr(row, "variant", None)
    if not variant:
        return display_text(job, limit=80)
    both = [display_text(each, limit=200) for each in (job, variant)]
    if sum(map(len, both)) > WIDEST - 3:
        # Long ids are cut in their middles, or nothing would be left of the variant's.
        both = [fit_id(each, (WIDEST - 3) // 2).strip() for each in both]
    return " / ".join(both)


def _row_line(row: PlanRow, outcomes: Mapping[Ref, RowOutcome], widest: int, room: int | None = None) -> Line:
    """A row's name, outcome and reason; with so many cells for the reason also what changes."""
    spans = [Span(f"  {fit(_name(row), widest)}  ", "title")]
    outcome = outcomes.get(row.ref)
    if outcome is not None:
        shown = outcome_span(outcome.outcome)
        spans.append(Span(f"{shown.text}  ", shown.style))
        told = "; ".join(part for part in (outcome.detail, outcome.hook and f"hook {outcome.hook}") if part)
        if told:
            spans.append(Span(f"{display_text(told)}  ", "text"))
    why = display_text(row.why)
    spans.append(Span(f"{fit(why, room)}  " if room else why, "dim"))
    if room is not None:
        spans.append(Span("; ".join(changes(row, limit=20)), "text"))
    return tuple(spans)


def changes(row: PlanRow, *, limit: int = 200) -> Iterator[str]:
    """Yield what changes in a row: `status: running -> failed`; a value takes at most `limit` characters."""
    if row.before and not row.after:
        yield "deleted"
        return
    if row.after and not row.before:
        yield "inserted again"
        return
    for name, before, after in map(as_words, differences(row.before, row.after)):
        yield f"{display_text(name)}: {_value(before, limit)} -> {_value(after, limit)}"


def _value(value: str | None, limit: int) -> str:
    if value is None:
        return "null"
    if value == "{now}":
        return "now"
    return display_text(value, limit=limit) or '""'


def _details(row: PlanRow, width: int) -> list[Line]:
    lines: list[Line] = []
    for change in changes(row):
        lines.extend(_wrapped(change, width - 6, "text", indent=6))
    for related in row.related:
        lines.extend(_wrapped(f"with {related}", width - 6, "text", indent=6))
    if row.evidence:
        told = ", ".join(f"{label} {value}" for label, value in row.evidence)
        lines.extend(_wrapped(f"because {told}", width - 6, "dim", indent=6))
    return lines


def _left_out(plan: Plan, index: int, widest: int) -> Line:
    row = plan.left_out[index]
    return (Span(f"  {fit(_name(row), widest)}  ", "title"), Span(display_text(row.reason), "text"))


def _wrapped(text: str, width: int, style: str, *, indent: int = 0) -> list[Line]:
    safe = display_text(text, limit=2_000)
    return [(Span(" " * indent + piece, style),) for piece in wrap(safe, max(width, 20))]
